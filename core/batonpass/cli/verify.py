"""`batonpass verify`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from batonpass.app.logs import keep_quiet
from batonpass.app.verifying import Verified, verified
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, usable_config
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.domain.clock import SystemClock
from batonpass.engine.comparing import Difference, DifferenceKind

Since = Annotated[
    str, typer.Option("--since", help="How far back: 45m, 24h, 7d.", metavar="AGE", show_default=True)
]

_UNITS = {"m": 60, "h": 3_600, "d": 86_400}
LONGEST = timedelta(days=90)
# What each kind means, and what to do next; {handoff} and {ticket} are filled in.
_SAYS: Mapping[DifferenceKind, tuple[str, str]] = MappingProxyType(
    {
        DifferenceKind.LOST: ("accepted, and no ticket stands", "batonpass trace {handoff}"),
        DifferenceKind.DOUBLED: ("several tickets for one handoff", "merge them; batonpass trace {handoff}"),
        DifferenceKind.ORPHANED: ("a ticket whose handoff the journal does not know", "look at the ticket"),
        DifferenceKind.UNADOPTED: ("its ticket stands, and it does not know", "batonpass trace {handoff}"),
        DifferenceKind.ASKING: ("a ticket asks for a person, without a handoff", "batonpass webhooks check"),
        DifferenceKind.UNHEARD: ("a ticket has changed, and nobody told us", "batonpass webhooks check"),
        DifferenceKind.GONE: ("its ticket is deleted", "batonpass trace {handoff}"),
    }
)


def verify(config: ConfigPath = DEFAULT_CONFIG, since: Since = "24h", as_json: AsJson = False) -> None:
    """Compare the journal with the helpdesk, changing nothing.

    Reads both and changes neither; a server may be running. Exit codes: 0 they agree, 1 differences found, 2 bad usage
    or configuration, 4 credentials refused, 5 the helpdesk does not answer.
    """
    age = _age(since)
    settings = usable_config(config)
    keep_quiet()
    clock = SystemClock()
    found = asyncio.run(verified(settings, clock, since=clock.now() - age))
    if as_json:
        _as_json(found)
    else:
        _show(found, settings.helpdesk.name)
    raise typer.Exit(ExitCode.PROBLEMS if found.differences else ExitCode.DONE)


def _age(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([mhd])", text)
    age = timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else timedelta()
    if not timedelta() < age <= LONGEST:
        raise CommandError(
            f"--since {text}: no length of time up to {LONGEST.days} days",
            then="batonpass verify --since 24h (or 45m, 7d)",
            exit_code=ExitCode.UNUSABLE,
            code="bad_since",
        )
    return age


def _then(difference: Difference) -> str:
    return _SAYS[difference.kind][1].format(handoff=difference.handoff_id)


def _as_json(found: Verified) -> None:
    print_json(
        "batonpass.verify/1",
        ok=not found.differences,
        since=found.since,
        tickets=found.tickets,
        handoffs=found.handoffs,
        unread=found.unread,
        differences=[
            {
                "kind": each.kind,
                "handoff": each.handoff_id,
                "tickets": list(each.tickets),
                "at": each.at,
                "says": _SAYS[each.kind][0],
                "next": _then(each),
            }
            for each in found.differences
        ],
    )


def _show(found: Verified, helpdesk: str) -> None:
    if found.differences:
        stdout().print(_table(found))
    hints = stderr()
    hints.print(
        f"{found.handoffs} handoffs and {found.tickets} tickets of {helpdesk} since "
        f"{found.since:%Y-%m-%d %H:%M} UTC: {len(found.differences) or 'no'} differences",
        soft_wrap=True,
    )
    if found.unread:
        hints.print(f"{found.unread} more tickets were not listed, and not read: try a shorter --since")
    for then in dict.fromkeys(_then(each) for each in found.differences[:1]):
        hints.print(f"next: {then}", soft_wrap=True)


def _table(found: Verified) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in ("what", "handoff", "tickets"):
        table.add_column(name, no_wrap=name != "tickets", overflow="fold")
    table.add_column("since", no_wrap=True)
    table.add_column("", overflow="fold")
    for each in found.differences:
        table.add_row(
            each.kind, each.handoff_id or "", Text(", ".join(each.tickets)), f"{each.at:%Y-%m-%d %H:%M}",
            _SAYS[each.kind][0],
        )  # fmt: skip
    return table
