"""Freshdesk's rows as records to be kept, and back to what facts are told from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from batonpass.domain.synced import Column, KeptRecord, Key, KeyKind, Record, RecordKind
from batonpass.domain.ticket import FieldKind, TicketStatus
from batonpass.ports import HelpdeskSettings, StartRule, address_key, domain_key, phone_key
from batonpass_freshdesk import listed_wire, wire
from batonpass_freshdesk.tables import KINDS, OUR_PRIORITIES, OUR_STATUSES, SCORES, SOURCES

_DEFAULT_FIELD = "default_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a page's rows were come by."""

    kept_in: str
    """Which list: "" for what stands, else "deleted", "spam", "blocked"."""
    now: datetime
    settings: HelpdeskSettings


def ticket(row: wire.Ticket, told: Reading) -> Record:
    """What is in the bin or marked as spam is deleted: both take no change any more."""
    id_, changed_at = str(row.id), row.updated_at or row.created_at or told.now
    if told.kept_in or row.gone:
        return Record(kind=RecordKind.TICKET, id=id_, changed_at=changed_at, deleted=True)
    status = OUR_STATUSES.get(row.status, TicketStatus.OPEN)
    stats, priority = row.stats or wire.Stats(), OUR_PRIORITIES.get(row.priority or 0)
    customer, company = _id(row.requester_id), _id(row.company_id)
    return Record(
        kind=RecordKind.TICKET,
        id=id_,
        changed_at=changed_at,
        columns=_told(
            number=id_,
            subject=row.subject,
            status=status.value,
            priority=None if priority is None else priority.value,
            channel=SOURCES.get(row.source or 0),
            category=row.type or None,
            tags=row.tags,
            customer_id=customer,
            company_id=company,
            agent_id=_id(row.responder_id),
            group_id=_id(row.group_id),
            created_at=_time(row.created_at),
            first_reply_at=_time(stats.first_responded_at),
            solved_at=_time(stats.resolved_at or stats.closed_at) if status.is_done else None,
            **_by_ai(row, told.settings),
        ),
        keys=_keys((KeyKind.CUSTOMER, customer), (KeyKind.COMPANY, company)),
        document={"status": row.status, "source": row.source},
    )


def _by_ai(row: wire.Ticket, settings: HelpdeskSettings) -> Mapping[str, Column]:
    """As far as it is certain: who wrote what is not in the list."""
    asked = settings.start is not None and _asks(row, settings.start)
    if settings.ai_agent_id is not None and settings.ai_agent_id == _id(row.responder_id):
        return {"ai_took_part": True, "handed_over": asked}
    return {"handed_over": True} if asked else {}


def _asks(row: wire.Ticket, start: StartRule) -> bool:
    """By its tag, or by a group or field that is named by its id: no list tells their names."""
    if start.tag is not None:
        return start.tag.casefold() in {tag.casefold() for tag in row.tags or ()}
    if start.group is not None:
        return start.group == _id(row.group_id)
    value = row.custom_fields.get(start.field or "")
    return value is not None and start.value == (
        str(value).lower() if isinstance(value, bool) else str(value)
    )


def ticket_of(kept: KeptRecord) -> wire.Ticket:
    """As far as facts are told from it."""
    document = kept.document or {}
    return wire.Ticket.model_validate(
        {
            "id": kept.id,
            "subject": kept.columns.get("subject"),
            "status": document.get("status", 0),
            "source": document.get("source"),
            "created_at": kept.columns.get("created_at"),
        }
    )


def contact(row: listed_wire.Contact, told: Reading) -> Record:
    """One who is blocked is a customer all the same."""
    id_, changed_at = str(row.id), row.updated_at or row.created_at or told.now
    if told.kept_in == "deleted":
        return Record(kind=RecordKind.CUSTOMER, id=id_, changed_at=changed_at, deleted=True)
    company = _id(row.company_id)
    addresses = dict.fromkeys(filter(None, map(address_key, (row.email, *row.other_emails))))
    numbers = dict.fromkeys(filter(None, map(phone_key, (row.phone, row.mobile))))
    has_both = row.phone and row.mobile and row.phone != row.mobile
    return Record(
        kind=RecordKind.CUSTOMER,
        id=id_,
        changed_at=changed_at,
        columns=_told(
            name=row.name,
            email=row.email or None,
            phone=row.phone or row.mobile or None,
            external_id=row.unique_external_id or None,
            company_id=company,
            language=row.language,
            created_at=_time(row.created_at),
        ),
        keys=_keys(
            *((KeyKind.EMAIL, each) for each in addresses),
            *((KeyKind.PHONE, each) for each in numbers),
            (KeyKind.EXTERNAL_ID, row.unique_external_id),
            (KeyKind.COMPANY, company),
        ),
        document={"mobile": row.mobile} if has_both else None,
    )


def contact_of(kept: KeptRecord) -> wire.Person:
    """As far as it is compared with whom is meant."""
    return wire.Person(
        id=int(kept.id),
        name=kept.columns.get("name"),
        email=kept.columns.get("email"),
        phone=kept.columns.get("phone"),
        mobile=(kept.document or {}).get("mobile"),
    )


def company(row: listed_wire.Company, told: Reading) -> Record:
    domains = dict.fromkeys(filter(None, map(domain_key, row.domains)))
    return Record(
        kind=RecordKind.COMPANY,
        id=str(row.id),
        changed_at=row.updated_at or row.created_at or told.now,
        columns=_told(name=row.name, domain=next(iter(domains), None), created_at=_time(row.created_at)),
        keys=_keys(*((KeyKind.DOMAIN, each) for each in domains)),
    )


def agent(row: wire.Agent, told: Reading) -> Record:
    """`role` is left out: the list tells the roles' numbers only."""
    person = row.contact or wire.Person()
    return Record(
        kind=RecordKind.AGENT,
        id=str(row.id),
        changed_at=row.updated_at or told.now,
        columns=_told(
            name=person.name,
            email=person.email,
            is_active=None if row.deactivated is None else not row.deactivated,
        ),
        keys=_keys((KeyKind.EMAIL, address_key(person.email))),
    )


def group(row: wire.Group, told: Reading) -> Record:
    return Record(
        kind=RecordKind.GROUP,
        id=str(row.id),
        changed_at=row.updated_at or told.now,
        columns=_told(name=row.name),
    )


def field(row: wire.TicketField, told: Reading) -> Record:
    """By the name that a mapping file has for it."""
    kind = KINDS.get(row.type, FieldKind.OTHER)
    is_own = not row.type.startswith(_DEFAULT_FIELD)
    return Record(
        kind=RecordKind.FIELD,
        id=row.name,
        changed_at=row.updated_at or told.now,
        columns=_told(
            name=row.label,
            type=kind.value if is_own else None,
            is_active=not row.archived,
            options=row.labels or None,
        ),
    )


def rating(row: listed_wire.SurveyRating, told: Reading) -> Record:
    ticket_id, customer = _id(row.ticket_id), _id(row.user_id)
    score = SCORES.get(row.ratings.get("default_question", 0))
    return Record(
        kind=RecordKind.RATING,
        id=str(row.id),
        changed_at=row.updated_at or row.created_at or told.now,
        columns=_told(
            ticket_id=ticket_id,
            customer_id=customer,
            agent_id=_id(row.agent_id),
            score=None if score is None else round(score[0] * 100),
            at=_time(row.created_at),
        ),
        keys=_keys((KeyKind.TICKET, ticket_id), (KeyKind.CUSTOMER, customer)),
    )


# Keys ---------------------------------------------------------------------------------------------------------


def _keys(*told: tuple[KeyKind, str | None]) -> tuple[Key, ...]:
    return tuple([Key(kind=kind, value=value) for kind, value in told if value])


# Columns ------------------------------------------------------------------------------------------------------


def _told(**columns: Column) -> Mapping[str, Column]:
    return {name: value for name, value in columns.items() if value is not None}


def _id(told: int | None) -> str | None:
    return None if told is None else str(told)


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC).isoformat(timespec='seconds')[:-6]}Z"


def newest_first(tickets: Iterable[wire.Ticket]) -> list[wire.Ticket]:
    """As the list of a requester's tickets gives them."""
    return sorted(tickets, key=_opened, reverse=True)


def _opened(row: wire.Ticket) -> tuple[float, int]:
    return (row.created_at.timestamp() if row.created_at else 0.0, row.id)
