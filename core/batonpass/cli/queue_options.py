"""Which handoffs `batonpass queue` means, as options."""

from __future__ import annotations

from typing import Annotated

import typer

from batonpass.cli.times import moment
from batonpass.domain.clock import SystemClock
from batonpass.domain.handoff import HandoffState, StepKind
from batonpass.store.selection import Selection

Ids = Annotated[
    list[str] | None, typer.Argument(help="Handoffs (ho_…).", metavar="[ID]...", show_default=False)
]
State = Annotated[HandoffState | None, typer.Option("--state", help="In this state.", show_default=False)]
Step = Annotated[
    StepKind | None, typer.Option("--step", help="A step of this kind is not done.", show_default=False)
]
OfConnection = Annotated[
    str | None, typer.Option("--connection", help="Its ticket is kept by this one.", show_default=False)
]
Agent = Annotated[
    str | None, typer.Option("--agent", help="Handed over by this AI agent.", show_default=False)
]
Reason = Annotated[
    str | None,
    typer.Option(
        "--reason", help="Text in why it is parked, or in the last attempt's code.", show_default=False
    ),
]
OlderThan = Annotated[
    str | None,
    typer.Option("--older-than", help="Asked for longer ago than 30m, 2h, 3d.", show_default=False),
]
Since = Annotated[
    str | None, typer.Option("--since", help="Asked for since: 2h ago, or a time.", show_default=False)
]
Everything = Annotated[bool, typer.Option("--all", help="All for which it can be done; without any filter.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.", show_default=False)]


def selected(  # noqa: PLR0917
    ids: tuple[str, ...],
    state: HandoffState | None,
    step: StepKind | None,
    connection: str | None,
    agent: str | None,
    reason: str | None,
    older_than: str | None,
    since: str | None,
) -> Selection:
    now = SystemClock().now()
    return Selection(
        ids=ids,
        state=state,
        step=step,
        connection=connection,
        ai_agent=agent,
        reason=reason,
        asked_before=moment(older_than, now, "--older-than"),
        asked_since=moment(since, now, "--since"),
    )
