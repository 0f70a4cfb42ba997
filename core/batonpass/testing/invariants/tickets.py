"""Whose ticket is whose, and since when it stands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from batonpass.domain.handoff import HandoffRecord, HandoffState, StepKind
from batonpass.domain.life import LifeKind
from batonpass.testing.history import History, TicketSeen

OPENED = "ticket.opened"
NOTED = "note.appended"
REPLIED = "reply.appended"
"""The ledger's words."""

OVER = frozenset({HandoffState.RETURNED, HandoffState.ABANDONED})
"""States that are never left."""

_GONE = frozenset({LifeKind.TICKET_GONE, LifeKind.MERGED})
_OURS = re.compile(r"ho_[0-9a-z]+")


def bare(key: str) -> str:
    """A note's key as the store has it: connectors mark it where it stands in a note."""
    return key.removeprefix("batonpass-note-")


def handoff_in(key: str) -> str | None:
    """The handoff that a key of ours begins with; None where it is no key of ours."""
    found = _OURS.match(bare(key))
    return found[0] if found else None


def stood_at(history: History) -> Mapping[str, datetime]:
    """Ticket → when it came to be. What the ledger says goes before what the ticket says of itself: helpdesks round."""
    known = {ticket.id: ticket.opened_at for ticket in history.tickets}
    opened = [effect for effect in history.ledger if effect.kind == OPENED]
    known |= {effect.id: effect.at for effect in sorted(opened, key=lambda effect: effect.at, reverse=True)}
    return known


def may_be_gone(record: HandoffRecord | None) -> bool:
    """Whether people deleted its ticket or merged it into another."""
    return record is not None and any(event.kind in _GONE for event in record.life)


def owners(history: History) -> Mapping[str, set[str]]:
    """Ticket → the handoffs that belong on it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    keys = {ticket.id: ticket.key for ticket in history.tickets}
    for ticket, key in keys.items():
        if key is not None:
            found[ticket].add(key)
    for effect in history.ledger:
        if effect.kind == OPENED and effect.key is not None:
            found[effect.id].add(effect.key)
    for record in history.kept.values():
        if record.ticket_id is not None and not is_anothers(record, keys.get(record.ticket_id)):
            found[record.ticket_id].add(record.id)
    for record in history.kept.values():
        for event in record.life:
            if event.kind is LifeKind.MERGED:
                found[event.detail].add(record.id)
    return found


def is_anothers(record: HandoffRecord, key: str | None) -> bool:
    """Whether the handoff opened its ticket, and yet the ticket bears another's key."""
    opened = record.result_of(StepKind.OPEN_TICKET) is not None
    return opened and key is not None and key != record.id


def tickets_of(history: History) -> Mapping[str, set[str]]:
    """Handoff → its tickets."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for ticket, handoffs in owners(history).items():
        for handoff in handoffs:
            found[handoff].add(ticket)
    return found


def texts_of(ticket: TicketSeen) -> Iterator[str]:
    """All that can be read on it."""
    yield from ticket.internal_notes
    yield from (reply.text for reply in ticket.public_replies)
    yield from ticket.other_texts
