"""`/handoffs/{id}`: the whole of one handoff, for the agent who has its link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from batonpass.app.status import HandoffStatus, status_of
from batonpass.context.document import Block, Heading, Link, Pairs, is_own_url
from batonpass.context.history import RECENT_TICKETS
from batonpass.context.note import Room
from batonpass.context.package import ContextPackage
from batonpass.context.render import before_turns
from batonpass.domain.facts import Fact, gathered_from_json
from batonpass.domain.handoff import HandoffRecord, HandoffState, StepKind, StepStatus
from batonpass.domain.ticket import NotLanded
from batonpass.engine.records import not_landed_from_json

WHOLE = Room(value=1_000_000, prose=8_000_000, items=100_000, facts=100_000)
"""Nothing that was handed over is left out here."""
_FACTS = "Relevant Account Notes"

STATES = {
    HandoffState.REQUESTED: "On its way: no ticket yet",
    HandoffState.ENRICHED: "On its way: no ticket yet",
    HandoffState.TICKETED: "Waits for an agent",
    HandoffState.ANNOUNCED: "Waits for an agent",
    HandoffState.ACCEPTED: "An agent has it",
    HandoffState.RESOLVED: "Solved",
    HandoffState.RETURNED: "Back with the AI agent",
    HandoffState.ABANDONED: "Ended without an agent",
    HandoffState.PARKED: "Stuck: an operator must look",
}
STEPS = {
    StepKind.READ_CONVERSATION: "Read the conversation",
    StepKind.GATHER_FACTS: "Asked for facts about the customer",
    StepKind.OPEN_TICKET: "Opened the ticket",
    StepKind.PASS_CONVERSATION: "Passed the conversation on",
    StepKind.ENRICH_TICKET: "Filled in the ticket",
    StepKind.NOTE_CONTEXT: "Wrote the note",
    StepKind.READ_BACK: "Read the ticket back",
    StepKind.NOTE_NOT_LANDED: "Noted what did not land",
    StepKind.LATE_FACTS: "Asked again for late facts",
    StepKind.NOTE_LATE_FACTS: "Noted late facts",
    StepKind.TELL_CUSTOMER: "Told the customer",
    StepKind.TELL_DELAY: "Told the customer of the delay",
    StepKind.ANNOUNCE: "Told the AI agent",
    StepKind.FOLLOW_TICKET: "Looked at the ticket",
}
STATUSES = {
    StepStatus.DONE: ("\N{CHECK MARK}", "done"),
    StepStatus.READY: ("\N{WHITE CIRCLE}", "to be done"),
    StepStatus.RUNNING: ("\N{BLACK RIGHT-POINTING TRIANGLE}", "under way"),
    StepStatus.PARKED: ("\N{WARNING SIGN}", "stuck"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    title: str
    blocks: tuple[Block, ...]
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffView:
    """What the page shows of a handoff; of one whose conversation is not kept, only what became of it."""

    status: HandoffStatus
    state: str
    ticket_url: str | None
    package: ContextPackage | None
    why_without: str
    """Why there is no conversation, where there is none."""
    opening: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    before_turns: tuple[Block, ...] = ()


def view_of(
    record: HandoffRecord,
    package: ContextPackage | None,
    titles: Mapping[str, str],
    *,
    why_without: str = "",
) -> HandoffView:
    opening, sections, before = _parts(package, titles, record) if package else ((), (), ())
    url = record.ticket_url
    return HandoffView(
        status=status_of(record),
        state=STATES[record.state],
        ticket_url=url if url is not None and is_own_url(url) else None,
        package=package,
        why_without=why_without,
        opening=opening,
        sections=sections,
        before_turns=before,
    )


def _parts(
    package: ContextPackage, titles: Mapping[str, str], record: HandoffRecord
) -> tuple[tuple[Block, ...], tuple[Section, ...], tuple[Block, ...]]:
    """(the brief, the sections, what stands before the turns): the note's own blocks, none of them shortened."""
    package = _with_late_facts(package, record)
    blocks = before_turns(package, titles, _not_landed(record), WHOLE)
    heads = [n for n, block in enumerate(blocks) if isinstance(block, Heading)]
    opening = tuple(block for block in blocks[: heads[0]] if not isinstance(block, Link))
    *sections, history = _sections(blocks, [*heads, len(blocks)], _facts(package))
    return opening, tuple(sections), history.blocks


def _sections(blocks: Sequence[Block], heads: Sequence[int], facts: tuple[Fact, ...]) -> Iterator[Section]:
    for start, end in pairwise(heads):
        head, inner = blocks[start], tuple(blocks[start + 1 : end])
        assert isinstance(head, Heading)
        if head.text != _FACTS or not facts:
            yield Section(title=head.text, blocks=inner)
            continue
        # Facts stand in a table of their own, where times can follow the reader's zone.
        told = next((n for n, block in enumerate(inner) if isinstance(block, Pairs)), None)
        kept = inner if told is None else (*inner[:told], *inner[told + 1 :])
        yield Section(title=head.text, blocks=kept, facts=facts)


def _not_landed(record: HandoffRecord) -> list[NotLanded]:
    """What did not reach its field; what was found out later of a field stands for what was before."""
    found: dict[str, NotLanded] = {}
    for step in record.steps:
        items = not_landed_from_json((step.result or {}).get("not_landed", ()))
        found.update((item.field, item) for item in items)
    return list(found.values())


def _with_late_facts(package: ContextPackage, record: HandoffRecord) -> ContextPackage:
    """With what sources told after the ticket was opened; the brief stays what it was."""
    reports = {report.source: report for report in package.gathered.reports}
    for step in record.steps:
        if step.kind is StepKind.LATE_FACTS and step.result:
            late_ones = gathered_from_json(step.result).reports
            # A copy stays, until its source itself has said something.
            reports |= {late.source: late for late in late_ones if not late.standing.may_come_later}
    return replace(package, gathered=replace(package.gathered, reports=tuple(reports.values())))


def _facts(package: ContextPackage) -> tuple[Fact, ...]:
    """But for those that stand among the earlier contacts."""
    return tuple(
        fact
        for report in package.gathered.reports
        for fact in report.facts
        if fact.name != RECENT_TICKETS or not report.contacts
    )
