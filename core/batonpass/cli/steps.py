"""The steps of a handoff as a table: what was tried when, how long it took, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from batonpass.app.status import AttemptView, HandoffStatus, LifeView, StepView
from batonpass.domain.handoff import StepKind, StepStatus
from batonpass.domain.text import reveal


def steps_table(status: HandoffStatus, *, since: datetime) -> Table:
    """One row per attempt; times count from `since`."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("step", no_wrap=True)
    table.add_column("after", justify="right", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("what came of it", overflow="fold")
    for step in status.steps:
        tries = [attempt for attempt in status.attempts if attempt.step == step.name]
        for attempt in tries:
            outcome = _outcome(step, attempt, last=attempt is tries[-1])
            table.add_row(
                step.name, milliseconds((attempt.started_at - since).total_seconds()), milliseconds(attempt.seconds),
                Text(outcome),
            )  # fmt: skip
        if step.status is not StepStatus.DONE:
            table.add_row(
                step.name, milliseconds((step.due_at - since).total_seconds()), "", Text(_waiting(step))
            )
    return table


def life_line(event: LifeView) -> str:
    """When it happened, what, and by whom."""
    by = f" by {reveal(event.person or event.person_id or '')}" if event.person_id else ""
    detail = f" ({reveal(event.detail)})" if event.detail else ""
    return f"{event.at:%Y-%m-%d %H:%M:%S} UTC  {event.kind.replace('_', ' ')}{by}{detail}"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if abs(seconds) < 10 else f"{seconds:,.0f} s"


def _outcome(step: StepView, attempt: AttemptView, *, last: bool) -> str:
    if attempt.outcome == "done":
        return _SAYS[step.kind](step.result or {}) if last else "done"
    told = f"{attempt.outcome}: {attempt.detail}" if attempt.detail else attempt.outcome
    return f"{told} (request {attempt.vendor_request_id})" if attempt.vendor_request_id else told


def _waiting(step: StepView) -> str:
    match step.status:
        case StepStatus.PARKED:
            return "parked: a person must look"
        case StepStatus.RUNNING:
            return "under way"
        case _:
            return f"waits until {step.due_at:%H:%M:%S} UTC"


def _gathered(result: Mapping[str, Any]) -> str:
    return ", ".join(_source(each) for each in result.get("sources", ())) or "no source to ask"


def _source(report: Mapping[str, Any]) -> str:
    standing = str(report["standing"]).replace("_", " ")
    if not report["facts"] and not report["seconds"]:
        return f"{report['source']}: {standing}"
    found = f"{len(report['facts'])} facts" if report["facts"] else standing
    return f"{report['source']}: {found} in {milliseconds(report['seconds'])}"


def _read(result: Mapping[str, Any]) -> str:
    if not result.get("asks"):
        return "the ticket asks for nobody any more: left alone"
    cut = f", {result['cut']} older ones not given by the helpdesk" if result.get("cut") else ""
    turns = result["turns"]
    return f"{turns} turn{'' if turns == 1 else 's'}{cut}"


def _opened(result: Mapping[str, Any]) -> str:
    if "ticket" not in result:
        return "the ticket is not there any more"
    ticket = result["ticket"]["id"]
    opened = f"ticket {ticket} was there already: taken over" if result["adopted"] else f"ticket {ticket}"
    fields = f"{len(result['fields'])} fields"
    return f"{opened}, {fields}{_lost(result, ', not landed: ')}"


def _enriched(result: Mapping[str, Any]) -> str:
    if "ticket" not in result:
        return "the ticket is not there any more" if "gone" in result else "the ticket takes no change"
    fields = f"{len(result['fields'])} fields"
    return f"ticket {result['ticket']['id']} enriched, {fields}{_lost(result, ', not landed: ')}"


def _followed(result: Mapping[str, Any]) -> str:
    if not result.get("read"):
        return "our own writes: nothing to read" if "own_writes" in result else "nothing to read"
    return f"the ticket is {result['status']}" if "status" in result else "the ticket is gone"


def _read_back(result: Mapping[str, Any]) -> str:
    return _lost(result, "not kept by the helpdesk: ") or "all stored as sent"


def _lost(result: Mapping[str, Any], lead: str) -> str:
    names = ", ".join(str(each["field"]) for each in result.get("not_landed", ()))
    return f"{lead}{names}" if names else ""


_SAYS: Mapping[StepKind, Callable[[Mapping[str, Any]], str]] = {
    StepKind.GATHER_FACTS: _gathered,
    StepKind.LATE_FACTS: _gathered,
    StepKind.READ_CONVERSATION: _read,
    StepKind.OPEN_TICKET: _opened,
    StepKind.PASS_CONVERSATION: lambda result: (
        f"passed; it is ticket {result['ticket']['id']}"
        if "ticket" in result
        else "refused: a ticket is opened"
    ),
    StepKind.ENRICH_TICKET: _enriched,
    StepKind.NOTE_CONTEXT: lambda result: (
        "the helpdesk refused the note" if "refused" in result else "note with the context appended"
    ),
    StepKind.READ_BACK: _read_back,
    StepKind.NOTE_NOT_LANDED: lambda _: "note appended",
    StepKind.NOTE_LATE_FACTS: lambda _: "note appended",
    StepKind.TELL_CUSTOMER: lambda result: (
        "the customer knows" if result.get("told") else f"not told: {result.get('why', 'no way to reply')}"
    ),
    StepKind.TELL_DELAY: lambda result: (
        "the AI agent knows of the delay" if result.get("told") else f"not told: {result.get('why')}"
    ),
    StepKind.ANNOUNCE: lambda result: "the AI agent knows" if result.get("told", True) else "nobody to tell",
    StepKind.FOLLOW_TICKET: _followed,
}


def lost_fields(status: HandoffStatus) -> list[str]:
    """The names of the fields whose values stand in the ticket's note instead."""
    results = [step.result or {} for step in status.steps]
    return list(
        dict.fromkeys(str(each["field"]) for result in results for each in result.get("not_landed", ()))
    )
