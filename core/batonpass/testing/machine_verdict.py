"""What must be so at the end of a machine of rules: the invariants, and that we know what the helpdesk knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from batonpass.app.wiring import connected
from batonpass.domain.errors import BatonpassError, OutcomeUnknownError, RetryLaterError
from batonpass.domain.handoff import HandoffRecord, HandoffState, StepKind, StepRecord
from batonpass.engine.records import ticket_from_json
from batonpass.ports import FollowsTickets
from batonpass.store.queue import SET_ASIDE
from batonpass.store.selection import CANCELLED
from batonpass.testing.history import Expired, History, TicketSeen
from batonpass.testing.invariants import check, describe
from batonpass.testing.invariants.tickets import OVER
from batonpass.testing.machine_world import World

_BY_HAND = frozenset({SET_ASIDE, CANCELLED})
_LOOKED_AT = ("the answer was", "its process died")
_JUMPED = 4_000.0
"""Seconds by which the service's clock and the true one may differ where somebody has set a clock by an hour."""


def history(world: World, kept: Mapping[str, HandoffRecord], before: Mapping[str, HandoffRecord]) -> History:
    asked_at = {each.handoff_id: each.sent_at for each in reversed(world.agent.acknowledged)}
    asked = {each.handoff_id: each.key for each in world.agent.acknowledged}
    about = {each.key: each.ticket for each in world.agent.asked if each.ticket is not None}
    now = world.led.now()
    overdue = [each for each in kept.values() if each.deadline_at is not None and each.deadline_at < now]
    return History(
        acknowledged=tuple(world.agent.acknowledged),
        delivered=tuple(world.people.delivered),
        told=tuple(world.agent.told),
        tickets=tuple(_seen(world)),
        ledger=tuple(world.emulator.ledger),
        kept={
            id_: replace(record, created_at=asked_at.get(id_, record.created_at))  # by the true clock
            for id_, record in kept.items()
        },
        kept_before=before,
        asked_about={id_: about[key] for id_, key in asked.items() if key in about},
        expired=tuple(
            Expired(handoff_id=each.id, state=each.state, deadline_at=each.deadline_at, alerted_at=None)
            for each in overdue
            if each.deadline_at is not None
        ),
        failed_by_reload={"all changes of the mapping": len(world.agent.refused)},
        config_versions=tuple(world.versions),
        secrets=world.secrets,
        ended_at=world.clock.now(),
        told_tolerance=timedelta(seconds=60.0 + world.late + (_JUMPED if world.jumped else 0.0)),
    )


def waits_for_a_person(step: StepRecord) -> bool:
    """Whether it is parked as it should be: because of an answer that made no sense, or because one process after the
    other has died of it."""
    return step.because is not None and any(each in step.because for each in _LOOKED_AT)


def _seen(world: World) -> Iterator[TicketSeen]:
    """Also the deleted ones: nobody tells us of that, and they have stood."""
    opened = {effect.id: effect for effect in world.emulator.effects("ticket.opened")}
    for ticket in dict.fromkeys([*world.people.tickets, *opened]):
        people = world.people.tickets.get(ticket)
        gone = people is not None and people.deleted
        effect = opened.get(ticket)
        yield TicketSeen(
            id=ticket,
            key=effect.key if effect is not None else None,
            opened_at=effect.at if effect is not None else people.opened_at if people else world.clock.now(),
            internal_notes=() if gone else tuple(world.emulator.internal_notes(ticket)),
            asks=people is not None and people.asks and not gone,
        )


async def wrong(
    world: World, kept: Mapping[str, HandoffRecord], before: Mapping[str, HandoffRecord]
) -> list[str]:
    """Everything that is not as it must be, and what is known of the handoffs that it is about; empty: all is well."""
    violations = check(history(world, kept, before))
    found = [describe(violations)] if violations else []
    found += [*world.agent.refused, *_parked(world, kept), *await _unlike(world, kept)]
    about = [record for id_, record in kept.items() if any(id_ in each for each in found)]
    return found + [line for record in about for line in _known_of(record)]


def _known_of(record: HandoffRecord) -> Iterator[str]:
    about = f"ticket {record.ticket_id}, talk {record.conversation_id}, asked for by {record.started_by or 'an AI agent'}"
    yield f"{record.id} {record.state}: {about}"
    yield f"  life: {', '.join(f'{event.kind} {event.at:%d %H:%M:%S}' for event in record.life)}"
    for step in record.steps:
        tries = [each for each in record.attempts if each.step == step.name]
        said = ", ".join(f"{each.started_at:%d %H:%M:%S} {each.outcome}" for each in tries)
        yield f"  {step.name} {step.status} {step.because or ''} due {step.due_at:%d %H:%M:%S}: {said}"


def _parked(world: World, kept: Mapping[str, HandoffRecord]) -> Iterator[str]:
    """Faults that pass park nothing; only operators do, and people who delete tickets."""
    gone = {each.id for each in world.people.tickets.values() if each.deleted}
    for record in (each for each in kept.values() if each.id not in world.superseded):
        for step in record.steps:
            if step.because is not None and step.because not in _BY_HAND and record.ticket_id not in gone:
                yield f"{record.id}: {step.name} is parked: {step.because}"


async def _unlike(world: World, kept: Mapping[str, HandoffRecord]) -> list[str]:
    """Solved there is resolved here, where every webhook has come: of each ticket the newest handoff."""
    newest = {record.ticket_id: record for record in kept.values() if record.ticket_id is not None}
    config, found = world.process.service.config, list[str]()
    async with connected(config.helpdesk, world.led) as port:
        assert isinstance(port, FollowsTickets)
        for ticket, record in newest.items():
            opened = record.result_of(StepKind.OPEN_TICKET) or record.result_of(StepKind.ENRICH_TICKET)
            known = world.people.tickets.get(ticket or "")
            if opened is None or ticket in world.people.lost or record.state in OVER | {HandoffState.PARKED}:
                continue
            if known is not None and known.deleted:
                continue
            try:
                life = await port.follow_ticket(ticket_from_json(opened["ticket"]), since=record.created_at)
            except (RetryLaterError, OutcomeUnknownError):
                continue  # this machine is too busy to tell
            except BatonpassError as error:
                found.append(f"{record.id}: its ticket {ticket} cannot be read: {error}")
                continue
            if life.status.is_done is not (record.state is HandoffState.RESOLVED):
                found.append(f"{record.id}: its ticket {ticket} is {life.status}, but it is {record.state}")
    return found
