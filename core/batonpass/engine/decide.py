"""What follows from what: pure functions that return plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batonpass.domain.event import Event, EventKind
from batonpass.domain.facts import Fact, Gathered, SourceReport, Standing
from batonpass.domain.handoff import HandoffState, NewStep, Plan, Reaction, StepKind
from batonpass.domain.ticket import NotLanded

LATE_FACTS_DELAY = 1.0
"""Seconds after which a source that was late or down is asked again."""


FOLLOWED = frozenset(
    {
        EventKind.HANDOFF_ASKED,
        EventKind.TICKET_OPENED,
        EventKind.TICKET_ASSIGNED,
        EventKind.AGENT_REPLIED,
        EventKind.CUSTOMER_REPLIED,
        EventKind.STATUS_CHANGED,
        EventKind.TICKET_SOLVED,
        EventKind.TICKET_REOPENED,
        EventKind.TICKET_RATED,
    }
)
"""Events that can change how far a handoff has come. Its end state is whatever the helpdesk then says: an event is a
reason to look, and its order among others means nothing."""


ENDED = frozenset({HandoffState.RETURNED, HandoffState.ABANDONED})
"""The states in which a ticket is not followed any more, and may ask for a person anew. A resolved one is reopened
instead: its tag may still say so at every change of the ticket, and its context is on it already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the handoff gets its ticket, and who has to hear of it."""

    stands: bool = False
    """Whether its ticket stands already: it is enriched in place."""
    passes: bool = False
    """Whether the AI agent's messaging conversation is to be passed, which makes the ticket."""
    note_apart: bool = False
    """Whether the note is a step of its own."""
    reads_back: bool = False
    announces: bool = False
    tells_customer: bool = False


def on_request() -> Plan:
    """A handoff was asked for: ask who knows the customer."""
    return Plan(state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.GATHER_FACTS),))


def on_event(event: Event, *, starts: bool, known: HandoffState | None) -> Reaction:
    """What an event leads to. `starts`: whether webhooks may start handoffs here; `known`: the state of the newest
    handoff of its ticket, None where it has none."""
    if event.test or event.subject_id is None or event.kind not in FOLLOWED:
        return Reaction.NONE
    if known is not None and known not in ENDED:
        return Reaction.FOLLOW
    return Reaction.START if starts and event.kind is EventKind.HANDOFF_ASKED else Reaction.NONE


def on_asked_by_ticket() -> Plan:
    """A ticket asks for a person: read what was said on it."""
    return Plan(state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.READ_CONVERSATION),))


def on_conversation_read() -> Plan:
    return Plan(steps=(NewStep(kind=StepKind.GATHER_FACTS),))


def on_gathered(way: Way) -> Plan:
    """The facts are there as far as they came in time: bring them to the ticket."""
    kind = StepKind.OPEN_TICKET
    if way.stands:
        kind = StepKind.ENRICH_TICKET
    elif way.passes:
        kind = StepKind.PASS_CONVERSATION
    return Plan(state=HandoffState.ENRICHED, steps=(NewStep(kind=kind),))


def on_passed() -> Plan:
    """The conversation is with the agents, as a ticket that has little of the context yet."""
    return Plan(steps=(NewStep(kind=StepKind.ENRICH_TICKET),))


def on_ticket_wanted() -> Plan:
    """What the AI agent named cannot be enriched or passed; its customer needs a person all the same."""
    return Plan(steps=(NewStep(kind=StepKind.OPEN_TICKET),))


def on_ticket(gathered: Gathered, way: Way) -> Plan:
    """The ticket stands: tell the AI agent, see what was stored, go after the late facts. Where the note is still to
    come, whoever is told hears of it after the note: only then can people read the conversation."""
    steps = [NewStep(kind=StepKind.NOTE_CONTEXT)] if way.note_apart else list(_told(way))
    if way.reads_back:
        steps.append(NewStep(kind=StepKind.READ_BACK))
    steps += [
        NewStep(kind=StepKind.LATE_FACTS, about=report.source, delay=LATE_FACTS_DELAY)
        for report in gathered.reports
        if report.standing.may_come_later
    ]
    return Plan(state=HandoffState.TICKETED, steps=tuple(steps))


def on_context_noted(way: Way) -> Plan:
    """The ticket is complete."""
    return Plan(steps=_told(way))


def _told(way: Way) -> tuple[NewStep, ...]:
    told = ((StepKind.ANNOUNCE, way.announces), (StepKind.TELL_CUSTOMER, way.tells_customer))
    return tuple(NewStep(kind=kind) for kind, wanted in told if wanted)


def on_read_back(not_landed: Sequence[NotLanded]) -> Plan:
    """What the helpdesk did not keep is said in a note."""
    return Plan(steps=(NewStep(kind=StepKind.NOTE_NOT_LANDED),) if not_landed else ())


def on_late_answer(report: SourceReport, gone: Sequence[Fact] = ()) -> Plan:
    """Facts that came late are appended once, and so is what was shown and holds no more (`gone`); an answer that says
    nothing new changes nothing for the agent."""
    if gone or (report.standing is Standing.FOUND and (report.facts or report.contacts)):
        return Plan(steps=(NewStep(kind=StepKind.NOTE_LATE_FACTS, about=report.source),))
    return Plan()


def on_announced() -> Plan:
    """The AI agent knows the ticket."""
    return Plan(state=HandoffState.ANNOUNCED)


def on_noted() -> Plan:
    return Plan()
