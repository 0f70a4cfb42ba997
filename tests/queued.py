"""Handoffs that have come so far, for the tests of what an operator does with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from batonpass.domain.handoff import (
    AttemptRecord,
    ClaimedStep,
    HandoffState,
    NewStep,
    Plan,
    StepKind,
)
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.domain.ticket import TicketRef
from batonpass.store import Accepted, Journal, NewHandoff

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ALL = tuple(StepKind)
FIRST = Plan(state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.GATHER_FACTS),))
OPEN = Plan(state=HandoffState.ENRICHED, steps=(NewStep(kind=StepKind.OPEN_TICKET),))
TICKETED = Plan(
    state=HandoffState.TICKETED,
    steps=(NewStep(kind=StepKind.ANNOUNCE), NewStep(kind=StepKind.LATE_FACTS, about="crm", delay=1.0)),
)


async def handed_over(
    journal: Journal, *, agent: str = "bot", conversation: str | None = None, about: str | None = None,
    at: datetime = NOW,
) -> HandoffId:  # fmt: skip
    new = NewHandoff(
        id=new_handoff_id(), ai_agent=agent, conversation_id=conversation, body=b"{}", request=b"{}", mended=False,
        idempotency_key=None, body_sha256=b"", received_at=at, helpdesk="zendesk", asked_about=about,
    )  # fmt: skip
    accepted = await journal.accept(new, FIRST)
    assert isinstance(accepted, Accepted)
    return accepted.handoff_id


async def claimed(journal: Journal, now: datetime = NOW) -> ClaimedStep:
    (step,) = await journal.claim(ALL, now=now, most=1)
    return step


async def opening(journal: Journal, **asked: object) -> tuple[HandoffId, ClaimedStep]:
    """A handoff whose ticket is being opened."""
    handoff_id = await handed_over(journal, **asked)  # type: ignore[arg-type]
    gather = await claimed(journal)
    (step,) = await journal.finish(gather, result={}, plan=OPEN, attempt=attempt(gather), now=NOW)
    return handoff_id, step


async def parked(journal: Journal, **asked: object) -> HandoffId:
    handoff_id, step = await opening(journal, **asked)
    await journal.park(step, because="refused: no such group", attempt=attempt(step, "refused"), now=NOW)
    tell = await claimed(journal)
    await journal.finish(tell, result={}, plan=Plan(), attempt=attempt(tell), now=NOW)
    return handoff_id


async def with_ticket(journal: Journal) -> tuple[HandoffId, list[ClaimedStep]]:
    """A handoff with its ticket; its announcement is under way, its late facts wait."""
    handoff_id, step = await opening(journal)
    following = await journal.finish(
        step, result={"ticket": {}}, plan=TICKETED, attempt=attempt(step), now=NOW,
        ticket=TicketRef(id=handoff_id[-6:], url="u"),
    )  # fmt: skip
    return handoff_id, following


def attempt(step: ClaimedStep, outcome: str = "done") -> AttemptRecord:
    return AttemptRecord(step=step.name, number=step.fence, started_at=NOW, seconds=0.1, outcome=outcome)
