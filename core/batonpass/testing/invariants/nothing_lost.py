"""I1: what was acknowledged is there, and comes to an end."""

from __future__ import annotations

from collections.abc import Iterator

from batonpass.domain.event import EventKind
from batonpass.domain.handoff import HandoffRecord, HandoffState
from batonpass.domain.life import LifeKind
from batonpass.testing.history import History, Violation
from batonpass.testing.invariants.tickets import NOTED, OVER, bare, handoff_in, may_be_gone

_CAUSES = frozenset({LifeKind.TICKET_GONE, LifeKind.WITHDRAWN, LifeKind.MERGED, LifeKind.CANCELLED})
"""Why a handoff may have been given up."""


def nothing_is_lost(history: History) -> Iterator[Violation]:
    """Each acknowledged handoff is in the store, and so is whatever the store knew before or a ticket tells of. Once
    faults have stopped, each has its ticket, is parked with a reason, or was returned or given up for a stated cause.
    A note that the store calls written stands at the helpdesk."""
    yield from _in_the_store(history)
    yield from _asking_tickets(history)
    for record in history.kept.values():
        yield from (_violation(record.id, what) for what in _unfinished(history, record))
    yield from _tickets_that_stand(history)
    yield from _notes_that_stand(history)


def _violation(about: str, what: str) -> Violation:
    return Violation(invariant="I1", what=what, about=about)


def _in_the_store(history: History) -> Iterator[Violation]:
    wanted = {
        each.handoff_id: "acknowledged, but not in the store" for each in reversed(history.acknowledged)
    }
    wanted |= {
        id_: "was in the store before and is no longer" for id_ in history.kept_before if id_ not in wanted
    }
    for ticket in history.tickets:
        handoff = handoff_in(ticket.key or "")
        if handoff is not None:
            wanted.setdefault(handoff, f"ticket {ticket.id} bears its key, but it is not in the store")
    for handoff, what in wanted.items():
        if handoff not in history.kept:
            yield _violation(handoff, what)


def _asking_tickets(history: History) -> Iterator[Violation]:
    """A handoff that got no further than being asked for may not say for which ticket: it counts for one of them."""
    known = {record.ticket_id for record in history.kept.values()} | set(history.asked_about.values())
    silent = sum(
        record.started_by is not None and record.ticket_id is None and record.id not in history.asked_about
        for record in history.kept.values()
    )
    asked = {each.ticket_id for each in history.delivered if each.kind is EventKind.HANDOFF_ASKED}
    lost = [ticket.id for ticket in history.tickets if ticket.asks and ticket.id in asked - known]
    if len(lost) > silent:
        yield from (
            _violation(ticket, "its webhook was answered 2xx, but it has no handoff") for ticket in lost
        )


def _unfinished(history: History, record: HandoffRecord) -> Iterator[str]:
    match record.state:
        case HandoffState.PARKED:
            if not record.parked_because:
                yield "parked without a reason"
        case HandoffState.RETURNED | HandoffState.ABANDONED:
            if not record.parked_because and not any(event.kind in _CAUSES for event in record.life):
                yield f"{record.state} without a cause"
        case HandoffState.REQUESTED | HandoffState.ENRICHED:
            if not history.still_broken:
                yield f"still {record.state}: it has no ticket and is not parked"
        case _:
            if record.ticket_id is None:
                yield f"{record.state}, but no ticket is on record"


def _tickets_that_stand(history: History) -> Iterator[Violation]:
    standing = {None, *(ticket.id for ticket in history.tickets)}  # None: that it has none is said above
    for record in history.kept.values():
        if record.ticket_id in standing or record.state in OVER or may_be_gone(record):
            continue
        yield _violation(record.id, f"its ticket {record.ticket_id} does not stand at the helpdesk")


def _notes_that_stand(history: History) -> Iterator[Violation]:
    """Not judged where the ledger has notes without a key: the missing one may be among them."""
    keys = [effect.key for effect in history.ledger if effect.kind == NOTED]
    if None in keys or not history.ledger:
        return
    standing = {bare(key) for key in keys if key is not None}
    for record in history.kept.values():
        for step in record.steps:
            key = (step.result or {}).get("note")
            if key is not None and key not in standing and not may_be_gone(record):
                yield _violation(record.id, f"{step.name} is done, but its note was never written")
