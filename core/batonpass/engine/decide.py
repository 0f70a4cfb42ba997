"""What follows from what: pure functions that return plans."""

from __future__ import annotations

from collections.abc import Sequence

from batonpass.domain.facts import Gathered, SourceReport, Standing
from batonpass.domain.handoff import HandoffState, NewStep, Plan, StepKind
from batonpass.domain.ticket import NotLanded

LATE_FACTS_DELAY = 1.0
"""Seconds after which a source that was late or down is asked again."""


def on_request() -> Plan:
    """A handoff was asked for: ask who knows the customer."""
    return Plan(state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.GATHER_FACTS),))


def on_gathered() -> Plan:
    """The facts are there as far as they came in time: open the ticket with them."""
    return Plan(state=HandoffState.ENRICHED, steps=(NewStep(kind=StepKind.OPEN_TICKET),))


def on_ticket(gathered: Gathered, *, reads_back: bool, announces: bool) -> Plan:
    """The ticket stands: tell the AI agent, see what was stored, go after the late facts."""
    steps = []
    if announces:
        steps.append(NewStep(kind=StepKind.ANNOUNCE))
    if reads_back:
        steps.append(NewStep(kind=StepKind.READ_BACK))
    steps += [
        NewStep(kind=StepKind.LATE_FACTS, about=report.source, delay=LATE_FACTS_DELAY)
        for report in gathered.reports
        if report.standing.may_come_later
    ]
    return Plan(state=HandoffState.TICKETED, steps=tuple(steps))


def on_read_back(not_landed: Sequence[NotLanded]) -> Plan:
    """What the helpdesk did not keep is said in a note."""
    return Plan(steps=(NewStep(kind=StepKind.NOTE_NOT_LANDED),) if not_landed else ())


def on_late_answer(report: SourceReport) -> Plan:
    """Facts that came late are appended once; an answer without facts changes nothing for the agent."""
    if report.standing is Standing.FOUND and report.facts:
        return Plan(steps=(NewStep(kind=StepKind.NOTE_LATE_FACTS, about=report.source),))
    return Plan()


def on_announced() -> Plan:
    """The AI agent knows the ticket."""
    return Plan(state=HandoffState.ANNOUNCED)


def on_noted() -> Plan:
    return Plan()
