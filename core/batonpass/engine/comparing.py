"""The journal beside the helpdesk: where the two do not agree. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from batonpass.domain.handoff import HandoffState, StepStatus
from batonpass.domain.ids import HandoffId
from batonpass.engine import decide
from batonpass.store.comparing import KnownHandoff

TOGETHER = timedelta(seconds=2)
"""Two times that are no further apart are of one change: most helpdesks tell whole seconds."""
_OURS = re.compile(r"ho_[0-9a-hjkmnp-tv-z]{26}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_FOR_ITS_TIME = 10
"""Of an id's letters, those that hold its time."""


class DifferenceKind(StrEnum):
    LOST = "lost"
    """A handoff was accepted long ago, has no ticket, and nobody has been told to look at it."""
    DOUBLED = "doubled"
    """Several tickets have the key of one handoff."""
    ORPHANED = "orphaned"
    """A ticket has a key of ours that the journal does not know."""
    UNADOPTED = "unadopted"
    """A ticket has the key of a handoff that still waits for one."""
    ASKING = "asking"
    """A ticket asks for a person by the start rule, and has no handoff."""
    UNHEARD = "unheard"
    """A handoff's ticket has changed, and nothing has told us."""
    GONE = "gone"
    """The helpdesk has a handoff's ticket no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTicket:
    """A ticket as the helpdesk lists it, as far as it can be compared."""

    id: str
    changed_at: datetime
    key: str | None = None
    asks: bool = False
    """Whether it asks for a person by the start rule."""
    is_done: bool | None = None
    """Whether it is solved or closed; None where the helpdesk does not tell."""
    is_assigned: bool = False
    """Whether a person has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    kind: DifferenceKind
    tickets: tuple[str, ...] = ()
    handoff_id: HandoffId | None = None
    """Of an orphaned ticket: the one that its key names."""
    at: datetime
    """Since when: by the helpdesk's clock where a ticket shows it, else by ours."""
    is_plain: bool = True
    """Whether a webhook should have told it. Of what is unheard: whether the ticket's status, or who has it, is not what
    the journal has; a change that shows neither may be one that no webhook tells of."""


def of_tickets(
    seen: Sequence[SeenTicket], known: Iterable[KnownHandoff], *, since: datetime
) -> tuple[Difference, ...]:
    """What the tickets show. `known`: every handoff of these tickets, and those that their keys name; `since`: an orphan's
    handoff was asked for after that, for older ones may have been forgotten."""
    handoffs = tuple(known)
    by_id = {each.id: each for each in handoffs}
    by_ticket = _by_ticket(handoffs)
    found = [*_doubled(seen, by_id), *_orphaned(seen, by_id, since)]
    for ticket in seen:
        handoff = by_ticket.get(ticket.id)
        named = by_id.get(HandoffId(ticket.key)) if ticket.key else None
        difference = (
            _unadopted(ticket, named) or _asking(ticket, handoff) or (handoff and _unheard(ticket, handoff))
        )
        if difference:
            found.append(difference)
    return tuple(found)


def of_handoffs(known: Iterable[KnownHandoff], *, now: datetime, grace: timedelta) -> tuple[Difference, ...]:
    """What the handoffs show by themselves: those that are lost."""
    waits = {HandoffState.REQUESTED, HandoffState.ENRICHED}
    return tuple(
        Difference(kind=DifferenceKind.LOST, handoff_id=each.id, at=each.created_at)
        for each in known
        if each.ticket_id is None and each.state in waits and each.created_at <= now - grace
    )


def perhaps_gone(
    known: Iterable[KnownHandoff], seen: Collection[str], *, since: datetime
) -> list[KnownHandoff]:
    """Those whose ticket was made or changed since then and is not listed: to be read one by one."""
    return [
        each
        for each in known
        if each.ticket_id is not None
        and each.ticket_id not in seen
        and each.state not in decide.ENDED
        and any(begun >= since for begun, _ in each.wrote)
    ]


def gone(handoff: KnownHandoff) -> Difference:
    """Its ticket has been read, and there is none."""
    return Difference(
        kind=DifferenceKind.GONE,
        handoff_id=handoff.id,
        tickets=(handoff.ticket_id or "",),
        at=handoff.updated_at,
    )


def _by_ticket(handoffs: Iterable[KnownHandoff]) -> Mapping[str, KnownHandoff]:
    """Of each ticket the handoff that an event of it would belong to: the newest, one that is over only where there is
    no other."""
    found: dict[str, KnownHandoff] = {}
    for each in sorted(handoffs, key=lambda one: (one.state not in decide.ENDED, one.id)):
        for ticket_id in (each.asked_about, each.ticket_id):
            if ticket_id is not None:
                found[ticket_id] = each
    return found


def _doubled(seen: Sequence[SeenTicket], by_id: Mapping[HandoffId, KnownHandoff]) -> Iterable[Difference]:
    tickets: dict[str, dict[str, datetime]] = defaultdict(dict)
    for each in seen:
        if each.key is not None and _OURS.fullmatch(each.key):
            tickets[each.key][each.id] = each.changed_at
    for key, found in tickets.items():
        handoff = by_id.get(HandoffId(key))
        # one that stood already when it was asked for has no key of its handoff: a ticket that has it is a second one
        of_journal = {} if handoff is None or handoff.ticket_id is None else {handoff.ticket_id: None}
        if len(both := {**of_journal, **found}) > 1:
            yield Difference(
                kind=DifferenceKind.DOUBLED,
                handoff_id=HandoffId(key),
                tickets=tuple(both),
                at=max(found.values()),
            )


def _orphaned(
    seen: Sequence[SeenTicket], by_id: Mapping[HandoffId, KnownHandoff], since: datetime
) -> Iterable[Difference]:
    for each in seen:
        if each.key is None or not _OURS.fullmatch(each.key) or HandoffId(each.key) in by_id:
            continue
        if _asked_at(each.key) >= since:
            yield Difference(
                kind=DifferenceKind.ORPHANED,
                handoff_id=HandoffId(each.key),
                tickets=(each.id,),
                at=each.changed_at,
            )


def _asked_at(key: str) -> datetime:
    """The time in a handoff's id."""
    bits = 0
    for letter in key.removeprefix("ho_")[:_FOR_ITS_TIME]:
        bits = bits << 5 | _ALPHABET.index(letter)
    try:
        return datetime.fromtimestamp(bits / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.min.replace(tzinfo=UTC)


def _unadopted(ticket: SeenTicket, named: KnownHandoff | None) -> Difference | None:
    waits = {StepStatus.READY, StepStatus.PARKED}
    if named is None or named.ticket_id is not None or named.state in decide.ENDED:
        return None
    if named.opening not in waits:
        return None
    return Difference(
        kind=DifferenceKind.UNADOPTED, handoff_id=named.id, tickets=(ticket.id,), at=ticket.changed_at
    )


def _asking(ticket: SeenTicket, handoff: KnownHandoff | None) -> Difference | None:
    """What batonpass has opened itself asks for nobody, though it may meet the rule."""
    if not ticket.asks or (ticket.key is not None and _OURS.fullmatch(ticket.key)):
        return None
    if handoff is not None and (
        handoff.state not in decide.ENDED
        or ticket.changed_at <= handoff.updated_at + TOGETHER
        or _heard(ticket, handoff)
    ):
        return None
    return Difference(kind=DifferenceKind.ASKING, tickets=(ticket.id,), at=ticket.changed_at)


def _unheard(ticket: SeenTicket, handoff: KnownHandoff) -> Difference | None:
    if handoff.ticket_id is None or handoff.state in decide.ENDED or handoff.is_writing:
        return None
    is_plain = _is_plain(ticket, handoff.state)
    # what we wrote after somebody else's change hides its time, but not what it shows
    if _heard(ticket, handoff) or (not is_plain and _made_by_us(ticket, handoff)):
        return None
    return Difference(
        kind=DifferenceKind.UNHEARD,
        handoff_id=handoff.id,
        tickets=(ticket.id,),
        at=ticket.changed_at,
        is_plain=is_plain,
    )


def _heard(ticket: SeenTicket, handoff: KnownHandoff) -> bool:
    """Whether we have read it since its last change, or were told of one that is no older."""
    at = ticket.changed_at
    if handoff.read_as_of is not None and at <= handoff.read_as_of:
        return True
    return handoff.heard_at is not None and at <= handoff.heard_at + TOGETHER


def _made_by_us(ticket: SeenTicket, handoff: KnownHandoff) -> bool:
    return any(begun - TOGETHER <= ticket.changed_at <= ended + TOGETHER for begun, ended in handoff.wrote)


def _is_plain(ticket: SeenTicket, state: HandoffState) -> bool:
    solved = state is HandoffState.RESOLVED
    if ticket.is_done is not None and ticket.is_done is not solved:
        return True
    return ticket.is_assigned and state in {HandoffState.TICKETED, HandoffState.ANNOUNCED}
