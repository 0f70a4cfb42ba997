"""Whether a run of the crash test went as it must: nothing lost, nothing doubled, no false promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from batonpass.domain.handoff import HandoffRecord, HandoffState
from batonpass.testing.crash_scene import AiAgent
from batonpass.testing.emulator import Emulator
from batonpass.testing.history import History, TicketSeen
from batonpass.testing.invariants import check

CONTEXT = "Conversation History"
"""Stands in every note with the context, and in no other note."""
LOST, DOUBLED, UNTRUE = "I1", "I2", "I6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    acknowledged: int
    tickets: int
    lost: int
    doubled: int
    untrue: int
    wrong: tuple[str, ...]
    """Everything that is not as it must be; empty: all is well."""
    steps: tuple[str, ...]
    """The kinds of the steps that were done."""


def judged(
    *,
    emulator: Emulator,
    agent: AiAgent,
    asking: Mapping[str, datetime],
    records: Mapping[str, HandoffRecord],
    replies: bool,
    log: str,
    secrets: Sequence[str],
    ticket_within: float,
) -> Verdict:
    """`asking`: the tickets that ask for a person, with when each was made; `replies`: whether their customers are to
    be told on the ticket."""
    history = History(
        acknowledged=tuple(agent.acknowledged),
        told=tuple(agent.told),
        tickets=tuple(_seen(emulator, asking)),
        ledger=tuple(emulator.ledger),
        kept=records,
        outputs={"the log": log},
        secrets=tuple(secrets),
        ended_at=datetime.now(UTC),
        ticket_within=timedelta(seconds=ticket_within),
        told_tolerance=timedelta(seconds=20),
    )
    found = check(history)
    counts = Counter(each.invariant for each in found)
    more = [
        *agent.wrong,
        *_context(emulator, asking, replies),
        *_states(records),
        *_numbers(agent, asking, records),
    ]
    tickets = {record.ticket_id for record in records.values() if record.ticket_id}
    return Verdict(
        acknowledged=len({each.handoff_id for each in agent.acknowledged}) + len(asking),
        tickets=len(tickets),
        lost=counts[LOST],
        doubled=counts[DOUBLED],
        untrue=counts[UNTRUE],
        wrong=(*(f"{each.invariant} {each.about}: {each.what}" for each in found), *more),
        steps=tuple(
            sorted({step.kind.value for record in records.values() for step in record.steps if step.done_at})
        ),
    )


def _seen(emulator: Emulator, asking: Mapping[str, datetime]) -> Iterator[TicketSeen]:
    opened = {effect.id: effect for effect in emulator.effects("ticket.opened")}
    for ticket in {**dict.fromkeys(asking), **dict.fromkeys(opened)}:
        yield TicketSeen(
            id=ticket,
            key=opened[ticket].key if ticket in opened else None,
            opened_at=asking[ticket] if ticket in asking else opened[ticket].at,
            internal_notes=tuple(emulator.internal_notes(ticket)),
            asks=ticket in asking,
        )


def _context(emulator: Emulator, asking: Mapping[str, datetime], replies: bool) -> Iterator[str]:
    """A ticket that asks has the context once, and its customer is told once."""
    for ticket in asking:
        notes = sum(CONTEXT in note for note in emulator.internal_notes(ticket))
        if notes != 1:
            yield f"ticket {ticket} asked for a person and has the context {notes} times"
    told = len(emulator.effects("reply.appended"))
    if replies and told != len(asking):
        yield f"{len(asking)} tickets ask for a person, {told} replies tell their customers"


def _states(records: Mapping[str, HandoffRecord]) -> Iterator[str]:
    for record in records.values():
        for step in record.steps:
            if step.because is not None:
                yield f"{record.id}: {step.name} is parked: {step.because}"
        if record.state is not HandoffState.RESOLVED:
            yield f"{record.id}: its ticket is solved, but it is {record.state}"


def _numbers(
    agent: AiAgent, asking: Mapping[str, datetime], records: Mapping[str, HandoffRecord]
) -> Iterator[str]:
    acknowledged = {each.handoff_id for each in agent.acknowledged}
    by_ticket = [record for record in records.values() if record.started_by is not None]
    if len(by_ticket) != len(asking):
        yield f"{len(asking)} tickets ask for a person and have {len(by_ticket)} handoffs"
    strange = [
        id_ for id_, record in records.items() if record.started_by is None and id_ not in acknowledged
    ]
    if strange:
        yield f"nobody was told of {', '.join(strange)}, though their requests were repeated with a key"
