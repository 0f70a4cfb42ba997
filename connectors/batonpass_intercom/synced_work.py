"""Tickets, conversations and ratings as records of the copy. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from batonpass.domain.conversation import Role
from batonpass.domain.history import titled
from batonpass.domain.plain_text import plain_text
from batonpass.domain.synced import Column, Key, KeyKind, Record, RecordKind
from batonpass_intercom import listed_wire, talk, wire
from batonpass_intercom.refs import Kind, Place

BEGINS = "begins"
"""Of a document: what was said first, where there is no subject."""
MOST_LOOKED_AT = 2_000
"""Characters of a first message's HTML that its beginning is taken from."""

HANDED_OVER: Mapping[str, bool] = MappingProxyType(
    {
        "escalated": True,
        "procedure_handoff": True,
        "assumed_resolution": False,
        "confirmed_resolution": False,
    }
)
"""The AI agent's resolution state → whether the conversation then went to a person. After `negative_feedback` it may
have, or not."""


def of_ticket(told: listed_wire.Ticket, *, own: str, ai_agent_id: str | None) -> Record:
    seen = talk.of_ticket(told)
    place = Place(Kind.TICKET, told.id)
    columns = _columns(seen, told, number=told.ticket_id or told.id, ai_agent_id=ai_agent_id)
    if told.ticket_type and told.ticket_type.name:
        columns["category"] = told.ticket_type.name
    if told.ticket_parts is not None and seen.total_parts <= len(seen.parts):
        columns |= _said(seen, own=own, ai_agent_id=ai_agent_id)
    return _record(place, seen, columns, _customers(told.contacts))


def of_conversation(told: listed_wire.Conversation, *, ai_agent_id: str | None) -> Record:
    seen = talk.of_conversation(told)
    place = Place(Kind.CONVERSATION, told.id)
    columns = _columns(seen, told, number=told.id, ai_agent_id=ai_agent_id)
    keys = _customers(told.contacts)
    if told.company and told.company.id:
        columns["company_id"] = told.company.id
        keys = (*keys, Key(kind=KeyKind.COMPANY, value=told.company.id))
    if told.statistics:
        if told.statistics.first_admin_reply_at:
            columns["first_reply_at"] = time_text(told.statistics.first_admin_reply_at)
        if told.statistics.count_reopens is not None:
            columns["reopens"] = told.statistics.count_reopens
    if told.ai_agent_participated is not None:
        columns["ai_took_part"] = told.ai_agent_participated
        if told.ai_agent_participated and (over := _handed_over(told)) is not None:
            columns["handed_over"] = over
    score = _score(seen)
    if score is not None:
        columns["score"] = score
    return _record(place, seen, columns, keys)


def rating_of(told: listed_wire.Conversation) -> Record | None:
    """None: there is none yet, it has only been asked for."""
    seen = talk.of_conversation(told)
    score, rating = _score(seen), told.conversation_rating
    if score is None or rating is None or seen.rating is None:
        return None
    place = str(Place(Kind.CONVERSATION, told.id))
    customer = rating.contact.id if rating.contact else seen.contact_id
    columns: dict[str, Column] = {"ticket_id": place, "score": score}
    if seen.rating.at is not None:
        columns["at"] = iso(seen.rating.at)
    if customer:
        columns["customer_id"] = customer
    if rating.teammate and rating.teammate.id:
        columns["agent_id"] = rating.teammate.id
    keys = [Key(kind=KeyKind.TICKET, value=place)]
    if customer:
        keys.append(Key(kind=KeyKind.CUSTOMER, value=customer))
    return Record(
        kind=RecordKind.RATING,
        id=place,
        changed_at=seen.rating.at or seen.as_of,
        columns=columns,
        keys=tuple(keys),
    )


def _record(place: Place, seen: talk.Talk, columns: dict[str, Column], keys: tuple[Key, ...]) -> Record:
    document: Mapping[str, Any] | None = None
    if not seen.subject and (begins := begins_with(seen)):
        document = {BEGINS: begins}
    return Record(
        kind=RecordKind.TICKET,
        id=str(place),
        changed_at=seen.as_of,
        columns=columns,
        keys=keys,
        document=document,
    )


def _columns(
    seen: talk.Talk, told: wire.Ticket | wire.Conversation, *, number: str, ai_agent_id: str | None
) -> dict[str, Column]:
    """What both kinds tell. The AI agent is nobody whom it is assigned to."""
    columns: dict[str, Column] = {"number": number, "status": seen.status.value}
    if seen.subject:
        columns["subject"] = seen.subject
    if seen.priority is not None:
        columns["priority"] = seen.priority.value
    if seen.channel:
        columns["channel"] = seen.channel
    if seen.tags is not None:
        columns["tags"] = tuple(sorted(seen.tags))
    if seen.contact_id:
        columns["customer_id"] = seen.contact_id
    if seen.admin_id and seen.admin_id != ai_agent_id:
        columns["agent_id"] = seen.admin_id
    if seen.team_id:
        columns["group_id"] = seen.team_id
    if told.created_at:
        columns["created_at"] = time_text(told.created_at)
    if seen.solved_at is not None:
        columns["solved_at"] = iso(seen.solved_at)
    return columns


def _customers(told: wire.Contacts | None) -> tuple[Key, ...]:
    return tuple(Key(kind=KeyKind.CUSTOMER, value=each.id) for each in told.contacts) if told else ()


def _handed_over(told: listed_wire.Conversation) -> bool | None:
    """None: Intercom does not tell."""
    known = HANDED_OVER.get((told.ai_agent.resolution_state if told.ai_agent else None) or "")
    if known is not True and told.statistics and told.statistics.first_admin_reply_at:
        return True  # a person has answered
    return known


def _said(seen: talk.Talk, *, own: str, ai_agent_id: str | None) -> dict[str, Column]:
    """Of a ticket, from its parts where all of them are told."""
    spoken = [
        (talk.role_of(part, ai_agent_id=ai_agent_id), part)
        for part in seen.parts
        if talk.is_public(part) and not (part.author and part.author.id == own)
    ]
    replies = [part.created_at for role, part in spoken if role is Role.AGENT and part.created_at]
    columns: dict[str, Column] = {
        "agent_replies": sum(role is Role.AGENT for role, _ in spoken),
        "customer_messages": sum(role is Role.CUSTOMER for role, _ in spoken),
    }
    if replies:
        columns["first_reply_at"] = time_text(min(replies))
    return columns


def _score(seen: talk.Talk) -> int | None:
    return None if seen.rating is None else round(seen.rating.score * 100)


def begins_with(seen: talk.Talk) -> str:
    """Most conversations have no title: then what was said first says what it is about."""
    body = seen.parts[0].body if seen.parts else None
    return titled(plain_text(body[:MOST_LOOKED_AT])) if body else ""


def time_text(seconds: int) -> str:
    return iso(talk.instant(seconds))


def iso(at: datetime) -> str:
    """Of a time in UTC."""
    return f"{at.isoformat()[:19]}Z"
