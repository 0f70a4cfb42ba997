"""A handoff as people and AI agents may see it: every step, attempt and result, without the customer's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from batonpass.domain.handoff import (
    AttemptRecord,
    HandoffRecord,
    HandoffState,
    StepKind,
    StepRecord,
    StepStatus,
)
from batonpass.domain.life import LifeEvent, LifeKind


class TicketStatus(BaseModel):
    id: str
    url: str


class StepView(BaseModel):
    name: str
    kind: StepKind
    status: StepStatus
    attempts: int
    created_at: datetime
    due_at: datetime
    done_at: datetime | None
    result: dict[str, Any] | None
    """Names, counts and outcomes; no values."""


class AttemptView(BaseModel):
    step: str
    number: int
    started_at: datetime
    seconds: float
    outcome: str
    detail: str
    vendor_request_id: str | None


class LifeView(BaseModel):
    """What became of it once its ticket stood; `person` is the agent, `score` of a rating is from 0 to 1."""

    kind: LifeKind
    at: datetime
    person_id: str | None
    person: str | None
    score: float | None
    detail: str


class HandoffStatus(BaseModel):
    id: str
    state: HandoffState
    ai_agent: str
    conversation_id: str | None
    created_at: datetime
    updated_at: datetime
    ticket: TicketStatus | None
    say: str | None = None
    """What the customer can truthfully be told now: that a person has it, or that none has it yet; none while it is
    being done."""
    parked_because: str | None
    started_by: str | None
    """The connection whose webhook asked for it; none where an AI agent did."""
    text_was_mended: bool
    """Whether the request held text that cannot be stored (NUL, half an emoji) and was replaced by U+FFFD."""
    life: list[LifeView]
    steps: list[StepView]
    attempts: list[AttemptView]


def status_of(record: HandoffRecord) -> HandoffStatus:
    ticket = None
    if record.ticket_id is not None and record.ticket_url is not None:
        ticket = TicketStatus(id=record.ticket_id, url=record.ticket_url)
    return HandoffStatus(
        id=record.id,
        state=record.state,
        ai_agent=record.ai_agent,
        conversation_id=record.conversation_id,
        created_at=record.created_at,
        updated_at=record.updated_at,
        ticket=ticket,
        parked_because=record.parked_because,
        started_by=record.started_by,
        text_was_mended=record.mended,
        life=[_lived(event) for event in record.life],
        steps=[_step(step) for step in record.steps],
        attempts=[_attempt(attempt) for attempt in record.attempts],
    )


def _lived(event: LifeEvent) -> LifeView:
    return LifeView(
        kind=event.kind,
        at=event.at,
        person_id=event.person.id if event.person else None,
        person=event.person.name if event.person else None,
        score=event.score,
        detail=event.detail,
    )


def _step(step: StepRecord) -> StepView:
    return StepView(
        name=step.name,
        kind=step.kind,
        status=step.status,
        attempts=step.attempts,
        created_at=step.created_at,
        due_at=step.due_at,
        done_at=step.done_at,
        result=None if step.result is None else _REDACTED[step.kind](step.result),
    )


def _attempt(attempt: AttemptRecord) -> AttemptView:
    return AttemptView(
        step=attempt.step,
        number=attempt.number,
        started_at=attempt.started_at,
        seconds=attempt.seconds,
        outcome=attempt.outcome,
        detail=attempt.detail,
        vendor_request_id=attempt.request_id,
    )


def _facts(result: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sources": [
            {
                "source": report["source"],
                "standing": "copied" if report.get("copied") else report["standing"],
                "seconds": round(report["seconds"], 3),
                "facts": [fact["name"] for fact in report["facts"]],
            }
            for report in result["reports"]
        ]
    }


def _opened(result: Mapping[str, Any]) -> dict[str, Any]:
    if "ticket" not in result:
        return dict(result)
    return {
        "ticket": result["ticket"],
        "adopted": result["adopted"],
        "mapping": result["mapping"],
        "fields": [field["name"] for field in result["fields"]],
        "not_landed": _not_landed(result),
    }


def _not_landed(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{key: item[key] for key in ("field", "why", "where")} for item in result["not_landed"]]


_REDACTED: Mapping[StepKind, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    StepKind.GATHER_FACTS: _facts,
    StepKind.LATE_FACTS: _facts,
    StepKind.READ_CONVERSATION: dict,
    StepKind.OPEN_TICKET: _opened,
    StepKind.PASS_CONVERSATION: dict,
    StepKind.ENRICH_TICKET: _opened,
    StepKind.NOTE_CONTEXT: dict,
    StepKind.READ_BACK: lambda result: {"not_landed": _not_landed(result)},
    StepKind.NOTE_NOT_LANDED: dict,
    StepKind.NOTE_LATE_FACTS: dict,
    StepKind.TELL_CUSTOMER: dict,
    StepKind.TELL_DELAY: dict,
    StepKind.ANNOUNCE: dict,
    StepKind.FOLLOW_TICKET: dict,
}
