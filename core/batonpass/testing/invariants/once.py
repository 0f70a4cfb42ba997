"""I2: nothing happens twice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from batonpass.domain.handoff import HandoffState
from batonpass.testing.history import History, Violation
from batonpass.testing.invariants.tickets import NOTED, OPENED, OVER, REPLIED, bare, handoff_in

_REFERENCE = re.compile(r"ref: (batonpass-note-[A-Za-z0-9_-]+)(?:<[^<>]*>|&nbsp;|\s)*\Z")
"""Ends a note of ours; further up it may be quoted."""
_ASKS_NO_MORE = OVER | {HandoffState.PARKED}
_TOLD_ONCE = frozenset({"ticketed", "delayed"})

K = TypeVar("K", bound=Hashable)


def nothing_is_twice(history: History) -> Iterator[Violation]:
    """A handoff has at most one ticket, by what stands and by the ledger; a key makes one handoff, however often it
    was sent; a ticket that asks has one handoff that is at work. Each note and each reply stands once. An AI agent
    hears of the ticket, and of the delay, in one event, however often that is repeated."""
    yield from _tickets(history)
    yield from _handoffs(history)
    yield from _written(history)
    yield from _announced(history)


def _violation(about: str, what: str) -> Violation:
    return Violation(invariant="I2", what=what, about=about)


def _several(pairs: Iterable[tuple[K, str]]) -> Mapping[K, list[str]]:
    """The keys that have more than one value, with their values."""
    found: defaultdict[K, list[str]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return {key: values for key, values in found.items() if len(values) > 1}


def _tickets(history: History) -> Iterator[Violation]:
    opened = _several((each.key, each.id) for each in history.ledger if each.kind == OPENED and each.key)
    standing = _several((each.key, each.id) for each in history.tickets if each.key)
    for ids in opened.values():
        yield _violation(ids[0], f"one key has opened {len(ids)} tickets: {', '.join(ids)}")
    for ids in (ids for key, ids in standing.items() if key not in opened):
        yield _violation(ids[0], f"{len(ids)} tickets bear one key: {', '.join(ids)}")


def _handoffs(history: History) -> Iterator[Violation]:
    made = {((each.ai_agent, each.key), each.handoff_id): None for each in history.acknowledged if each.key}
    for ids in _several(made).values():
        yield _violation(ids[0], f"one Idempotency-Key has made {len(ids)} handoffs: {', '.join(ids)}")
    asking = _several(
        (ticket, record.id)
        for record in history.kept.values()
        if record.started_by is not None and record.state not in _ASKS_NO_MORE
        if (ticket := record.ticket_id or history.asked_about.get(record.id)) is not None
    )
    for ticket, ids in asking.items():
        yield _violation(ticket, f"the ticket has {len(ids)} handoffs at work: {', '.join(ids)}")


def _written(history: History) -> Iterator[Violation]:
    for kind, word in ((NOTED, "note"), (REPLIED, "reply")):
        written = _several(
            (bare(each.key), each.id) for each in history.ledger if each.kind == kind and each.key
        )
        for key, ids in written.items():
            what = f"one {word} was written {len(ids)} times: {', '.join(ids)}"
            yield _violation(handoff_in(key) or ids[0], what)
    known = {bare(each.key) for each in history.ledger if each.kind == NOTED and each.key}
    standing = _several(
        (bare(found[1]), ticket.id)
        for ticket in history.tickets
        for note in ticket.internal_notes
        if (found := _REFERENCE.search(note)) is not None
    )
    for key, ids in standing.items():
        if key not in known:  # else the ledger has said it, or people have copied a note
            what = f"one note stands {len(ids)} times: on {', '.join(ids)}"
            yield _violation(handoff_in(key) or ids[0], what)


def _announced(history: History) -> Iterator[Violation]:
    events = {
        ((each.handoff_id, each.what), each.event_id): None
        for each in history.told
        if each.what in _TOLD_ONCE
    }
    for (handoff, what), ids in _several(events).items():
        yield _violation(handoff, f"told in {len(ids)} different events that it is {what}")
