"""Zendesk's tickets as records of the copy, with what its metrics tell of how they went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from batonpass.domain.synced import Column, KeptRecord, KeyKind, Record, RecordKind
from batonpass.ports import StartRule
from batonpass_zendesk import wire, wire_bulk
from batonpass_zendesk.account import STATUSES
from batonpass_zendesk.keys import key
from batonpass_zendesk.records import SCORES, at, changed, gone, text, told, utc
from batonpass_zendesk.tickets import DELETED

BY_AI = "ai_agent"
"""`support_type` of a ticket that no person has had."""


def of_ticket(
    ticket: wire_bulk.Ticket,
    metrics: wire_bulk.MetricSet | None,
    *,
    now: datetime,
    ai_agent_id: str | None,
    start: StartRule | None,
) -> Record:
    """Where Zendesk itself has touched a ticket, the time of its last update stays as it was: the export goes by
    `generated_timestamp`, and so do we, or the ticket would be taken for older than what we have."""
    changed_at = _changed_at(ticket, now)
    if ticket.status == DELETED:
        return gone(RecordKind.TICKET, ticket.id, changed_at)
    status = STATUSES.get(ticket.status or "")
    older_rating = ticket.satisfaction_rating
    channel = ticket.via.channel if ticket.via is not None else None
    columns = told(
        number=str(ticket.id),
        subject=text(ticket.subject),
        status=None if status is None else status.value,
        priority=text(ticket.priority),
        channel=channel if isinstance(channel, str) else None,
        category=text(ticket.type),
        tags=ticket.tags or (),
        customer_id=text(ticket.requester_id),
        company_id=text(ticket.organization_id),
        agent_id=text(ticket.assignee_id),
        group_id=text(ticket.group_id),
        created_at=at(ticket.created_at),
        score=None if older_rating is None else SCORES.get(older_rating.score or ""),
    )
    if metrics is not None:
        columns |= _went(ticket, metrics, is_done=status is not None and status.is_done)
    columns |= _by_ai(ticket, ai_agent_id, start)
    return Record(
        kind=RecordKind.TICKET,
        id=str(ticket.id),
        changed_at=changed_at,
        columns=columns,
        keys=(
            *key(KeyKind.CUSTOMER, ticket.requester_id),
            *key(KeyKind.COMPANY, ticket.organization_id),
            *key(KeyKind.EXTERNAL_ID, ticket.external_id),
        ),
        document=_document(ticket),
    )


def _changed_at(ticket: wire_bulk.Ticket, now: datetime) -> datetime:
    if ticket.generated_timestamp is None:
        return changed(ticket, now)
    generated = datetime.fromtimestamp(ticket.generated_timestamp, UTC)
    return generated if ticket.updated_at is None else max(generated, utc(ticket.updated_at))


def _went(ticket: wire_bulk.Ticket, metrics: wire_bulk.MetricSet, *, is_done: bool) -> dict[str, Column]:
    """`solved_at` stays on tickets that have been opened again, where it is no end."""
    return told(
        first_reply_at=at(_first_reply_at(ticket, metrics)),
        solved_at=at(metrics.solved_at) if is_done else None,
        reopens=metrics.reopens,
        agent_replies=metrics.replies,
        agents=metrics.assignee_stations,
        groups=metrics.group_stations,
    )


def _first_reply_at(ticket: wire_bulk.Ticket, metrics: wire_bulk.MetricSet) -> datetime | None:
    """To the second where Zendesk tells seconds, else to the minute."""
    in_seconds, in_minutes = metrics.reply_time_in_seconds, metrics.reply_time_in_minutes
    if ticket.created_at is None:
        return None
    if in_seconds is not None and in_seconds.calendar is not None:
        return _later(ticket.created_at, in_seconds.calendar)
    if in_minutes is not None and in_minutes.calendar is not None:
        return _later(ticket.created_at, 60 * in_minutes.calendar)
    return None


def _later(time: datetime, seconds: int) -> datetime | None:
    try:
        return time + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _by_ai(ticket: wire_bulk.Ticket, ai_agent_id: str | None, start: StartRule | None) -> dict[str, Column]:
    """As far as it is certain: comments, of which the AI agent may have written some, are not in the export."""
    if ticket.support_type == BY_AI:
        return {"ai_took_part": True, "handed_over": False}
    asked = start is not None and start.tag is not None and start.tag.lower() in (ticket.tags or ())
    if ai_agent_id is None or ai_agent_id not in {str(ticket.assignee_id), str(ticket.submitter_id)}:
        return {"handed_over": True} if asked else {}
    has_another = ticket.assignee_id is not None and str(ticket.assignee_id) != ai_agent_id
    return {"ai_took_part": True, "handed_over": asked or has_another}


def _document(ticket: wire_bulk.Ticket) -> dict[str, str] | None:
    """Zendesk's own word for the status, where ours is another: agents read it in the list of earlier tickets."""
    status = STATUSES.get(ticket.status or "")
    return {"status": ticket.status} if ticket.status and ticket.status != status else None


def as_wire(kept: KeptRecord) -> wire.Ticket:
    """What facts are made of, as the API would have told it."""
    columns = kept.columns
    status = (kept.document or {}).get("status") or columns.get("status")
    return wire.Ticket.model_validate(
        {
            "id": int(kept.id),
            "subject": columns.get("subject"),
            "status": status,
            "via": {"channel": columns.get("channel")},
            "created_at": columns.get("created_at"),
        }
    )
