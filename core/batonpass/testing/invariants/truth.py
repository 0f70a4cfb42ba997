"""I6: what an AI agent, and with it the customer, is told is true and comes in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from batonpass.domain.handoff import StepKind
from batonpass.testing.history import History, Told, Violation
from batonpass.testing.invariants.tickets import OVER, may_be_gone, stood_at, tickets_of


def told_is_true(history: History) -> Iterator[Violation]:
    """That a person has it is told only once the ticket stands, and of the right ticket. Whoever has no ticket in time
    is told so in time. What the store calls told was heard."""
    stood = stood_at(history)
    for told in history.told:
        what = _untrue(history, told, stood) if told.what == "ticketed" else None
        if what:
            yield _violation(told.handoff_id, what)
    if history.hears:
        yield from _not_told_of_delay(history, stood)
        yield from _not_heard(history)


def _violation(about: str, what: str) -> Violation:
    return Violation(invariant="I6", what=what, about=about)


def _untrue(history: History, told: Told, stood: Mapping[str, datetime]) -> str | None:
    if told.ticket_id is None:
        return "told of a ticket that has no id"
    record = history.kept.get(told.handoff_id)
    since = stood.get(told.ticket_id)
    if since is None:
        return None if may_be_gone(record) else f"told of ticket {told.ticket_id}, which does not exist"
    if told.at < since:
        early = (since - told.at).total_seconds()
        return f"told of ticket {told.ticket_id} {early:.3f} s before it was opened"
    if record is not None and record.ticket_id != told.ticket_id:  # what is not in the store is I1's
        return f"told of ticket {told.ticket_id}, which is not its own"
    return None


def _not_told_of_delay(history: History, stood: Mapping[str, datetime]) -> Iterator[Violation]:
    latest_first = sorted(history.told, key=lambda each: each.at, reverse=True)
    told = {each.handoff_id: each.at for each in latest_first if each.what == "delayed"}
    tickets = tickets_of(history)
    for handoff, asked_at in _asked_at(history).items():
        due = asked_at + history.ticket_within
        latest = due + history.told_tolerance
        if latest > history.ended_at or _over_by(history, handoff, due):
            continue
        if any(ticket in stood and stood[ticket] <= due for ticket in tickets.get(handoff, ())):
            continue
        if handoff in told and told[handoff] > latest:
            late = (told[handoff] - due).total_seconds()
            yield _violation(handoff, f"no ticket in time, and told so {late:.0f} s too late")
        elif handoff not in told and not history.still_broken:
            yield _violation(handoff, "no ticket in time, and never told so")


def _asked_at(history: History) -> Mapping[str, datetime]:
    """Handoff of an AI agent → when it was asked for: by the store, else by the first answer."""
    answered = sorted(history.acknowledged, key=lambda each: each.at, reverse=True)
    kept = history.kept
    return {
        each.handoff_id: kept[each.handoff_id].created_at if each.handoff_id in kept else each.at
        for each in answered
    }


def _over_by(history: History, handoff: str, due: datetime) -> bool:
    """Whether nobody waited any more."""
    record = history.kept.get(handoff)
    return record is not None and record.state in OVER and record.updated_at <= due


def _not_heard(history: History) -> Iterator[Violation]:
    heard = {each.handoff_id for each in history.told if each.what == "ticketed"}
    for record in history.kept.values():
        result = record.result_of(StepKind.ANNOUNCE) or {}
        if result.get("told") and record.id not in heard:
            yield _violation(record.id, "announced, says the store, but its AI agent has not heard of it")
