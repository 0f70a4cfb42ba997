"""A ticket or a conversation as one thing: who wrote what, how far it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from batonpass.domain.conversation import Role, Turn
from batonpass.domain.plain_text import plain_text
from batonpass.domain.reading import ReadConversation, ReadCustomer
from batonpass.domain.ticket import Priority, Rating, TicketStatus
from batonpass_intercom import wire

PUBLIC = frozenset({"comment", "quick_reply", "open", "close"})
"""Part types whose body the customer sees; a reply that reopens is an `open`, one that closes a `close`. A `note`'s is
for teammates. An assignment's body is left out: Intercom's reference calls it a response in the conversation, and does
not say whether what teammates write while assigning is one too."""

STATES: Mapping[str, TicketStatus] = MappingProxyType(
    {
        "submitted": TicketStatus.OPEN,
        "in_progress": TicketStatus.OPEN,
        "waiting_on_customer": TicketStatus.PENDING,
        "resolved": TicketStatus.SOLVED,
        "open": TicketStatus.OPEN,
        "snoozed": TicketStatus.PENDING,
        "closed": TicketStatus.SOLVED,
    }
)
"""A ticket state's category, or a conversation's state → ours. A closed conversation opens again when the customer
writes, so it is solved and not closed."""

PRIORITIES: Mapping[str, Priority] = MappingProxyType(
    {
        "low": Priority.LOW,
        "medium": Priority.NORMAL,
        "high": Priority.HIGH,
        "urgent": Priority.URGENT,
        "priority": Priority.HIGH,
    }
)
"""A conversation's priority → ours; the last is the word of versions before 2.16."""

_CUSTOMERS = frozenset({"user", "lead", "contact"})
_BEST, _WORST = 5, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What both kinds have."""

    subject: str
    status: TicketStatus
    admin_id: str | None
    team_id: str | None
    tags: frozenset[str] | None
    """None: not told."""
    attributes: Mapping[str, wire.Scalar]
    as_of: datetime
    parts: tuple[wire.Part, ...]
    """Oldest first; of a conversation the first message too."""
    total_parts: int
    priority: Priority | None = None
    number: str | None = None
    rating: Rating | None = None
    solved_at: datetime | None = None
    contact_id: str | None = None
    type_id: str | None = None
    """Of a ticket its type's."""
    channel: str | None = None


def of_ticket(told: wire.Ticket) -> Talk:
    parts = told.ticket_parts.parts if told.ticket_parts else ()
    category = (told.ticket_state.category if told.ticket_state else None) or "submitted"
    status = STATES.get(category, TicketStatus.OPEN)
    if told.open is False and not status.is_done:
        status = TicketStatus.SOLVED
    total = (told.ticket_parts.total_count if told.ticket_parts else None) or len(parts)
    return Talk(
        subject=str(told.ticket_attributes.get("_default_title_") or ""),
        status=status,
        admin_id=told.admin_assignee_id,
        team_id=told.team_assignee_id,
        tags=None if told.tags is None else frozenset(tag.name for tag in told.tags.tags),
        attributes=told.ticket_attributes,
        as_of=instant(told.updated_at or told.created_at),
        parts=parts,
        total_parts=total,
        number=told.ticket_id,
        solved_at=_solved_at(parts) if status.is_done else None,
        contact_id=_first_contact(told.contacts),
        type_id=told.ticket_type.id if told.ticket_type else None,
    )


def of_conversation(told: wire.Conversation) -> Talk:
    parts = told.conversation_parts.parts if told.conversation_parts else ()
    status = STATES.get(told.state or "open", TicketStatus.OPEN)
    closed = told.statistics.last_close_at if told.statistics else None
    total = (told.conversation_parts.total_count if told.conversation_parts else None) or len(parts)
    return Talk(
        subject=told.title or _subject(told.source),
        status=status,
        admin_id=told.admin_assignee_id,
        team_id=told.team_assignee_id,
        tags=frozenset(tag.name for tag in told.tags.tags) if told.tags else frozenset(),
        attributes=told.custom_attributes,
        as_of=instant(told.updated_at or told.created_at),
        parts=(*_first_message(told), *parts),
        total_parts=total,
        priority=PRIORITIES.get(told.priority or ""),
        rating=_rating(told.conversation_rating),
        solved_at=(instant(closed) if closed else _solved_at(parts)) if status.is_done else None,
        contact_id=_first_contact(told.contacts),
        channel=told.source.type if told.source else None,
    )


def _subject(told: wire.Source | None) -> str:
    return plain_text(told.subject) if told is not None and told.subject else ""


def _first_message(told: wire.Conversation) -> tuple[wire.Part, ...]:
    source = told.source
    if source is None or not source.body:
        return ()
    return (
        wire.Part(part_type="comment", body=source.body, author=source.author, created_at=told.created_at),
    )


def _first_contact(told: wire.Contacts | None) -> str | None:
    return told.contacts[0].id if told and told.contacts else None


def _solved_at(parts: Sequence[wire.Part]) -> datetime | None:
    """When it was resolved or closed last, as far as its parts tell."""
    ends = [
        part.created_at
        for part in parts
        if part.created_at
        and (
            part.part_type == "close"
            or (part.ticket_state == "resolved" and part.previous_ticket_state != "resolved")
        )
    ]
    return instant(max(ends)) if ends else None


def _rating(told: wire.Score | None) -> Rating | None:
    """1 to 5 → 0 to 1."""
    if told is None or told.rating is None or not _WORST <= told.rating <= _BEST:
        return None
    at = told.updated_at or told.created_at
    return Rating(
        score=(told.rating - _WORST) / (_BEST - _WORST),
        said=f"{told.rating} of {_BEST}",
        comment=told.remark or None,
        at=instant(at) if at else None,
    )


def instant(seconds: int | None) -> datetime:
    """Intercom's times are seconds since 1970; one outside the calendar counts as its beginning."""
    try:
        return datetime.fromtimestamp(seconds or 0, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)


# Who wrote it -------------------------------------------------------------------------------------------------------


def is_public(part: wire.Part) -> bool:
    return part.part_type in PUBLIC and bool((part.body or "").strip())


def role_of(part: wire.Part, *, ai_agent_id: str | None) -> Role:
    """Bots are the AI agent: Fin, and what workflows say. An author of no known kind is the customer."""
    author = part.author or wire.Author()
    if author.from_ai_agent or author.type == "bot" or (ai_agent_id and author.id == ai_agent_id):
        return Role.AI
    return Role.AGENT if author.type in {"admin", "team"} else Role.CUSTOMER


def first_reply_in(
    talk: Talk, *, since: datetime, own: str, ai_agent_id: str | None
) -> tuple[wire.Author, datetime] | None:
    """The first public message since then by a person of the team."""
    for part in sorted(talk.parts, key=lambda each: each.created_at or 0):
        author = part.author
        if author is None or author.id in {None, own} or not is_public(part):
            continue
        # Intercom's times are whole seconds, ours are not.
        written = instant(part.created_at)
        if role_of(part, ai_agent_id=ai_agent_id) is Role.AGENT and written >= since.replace(microsecond=0):
            return author, written
    return None


def conversation_in(
    talk: Talk, contact: wire.Contact | None, *, own: str, ai_agent_id: str | None
) -> ReadConversation:
    """Public turns but our own, oldest first."""
    spoken = [
        part
        for part in sorted(talk.parts, key=lambda each: each.created_at or 0)
        if is_public(part) and not _ours(part, own)
    ]
    turns = tuple(
        Turn(
            role=role_of(part, ai_agent_id=ai_agent_id),
            text=text,
            at=instant(part.created_at) if part.created_at else None,
        )
        for part in spoken
        if (text := plain_text(part.body))
    )
    given = sum(part.id is not None for part in talk.parts)
    return ReadConversation(
        turns=turns,
        customer=_customer(talk, contact),
        subject=talk.subject or None,
        channel=talk.channel,
        language=(contact.language_override if contact else None) or None,
        cut=max(0, talk.total_parts - given),
    )


def _ours(part: wire.Part, own: str) -> bool:
    return part.author is not None and part.author.type in {"admin", "team"} and part.author.id == own


def _customer(talk: Talk, contact: wire.Contact | None) -> ReadCustomer:
    if contact is None:
        return ReadCustomer(id=talk.contact_id)
    return ReadCustomer(id=contact.id, name=contact.name, email=contact.email or None, phone=contact.phone)
