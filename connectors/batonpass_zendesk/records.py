"""Zendesk's users, organizations, groups, fields and ratings as records of the copy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from batonpass.domain.synced import Column, KeyKind, Record, RecordKind
from batonpass_zendesk import wire_bulk
from batonpass_zendesk.account import STAFF
from batonpass_zendesk.keys import domain_of, email_of, key, phone_of

SCORES = {"bad": 0, "good": 100}
AI_AGENT = "ai agent"
"""The role of the user under which the AI agent writes; Zendesk's own are `agent` and `admin`."""


def told(**columns: Column) -> dict[str, Column]:
    """The columns that are known."""
    return {name: value for name, value in columns.items() if value is not None}


def at(time: datetime | None) -> str | None:
    return None if time is None else f"{utc(time).isoformat(timespec='seconds')[:19]}Z"


def utc(time: datetime) -> datetime:
    """One that comes without a zone is in UTC."""
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError:  # at the ends of the calendar
        return time.replace(tzinfo=UTC)


def text(value: str | int | None) -> str | None:
    """What is empty is not told."""
    return None if value is None or value == "" else str(value)


class Dated(Protocol):
    @property
    def created_at(self) -> datetime | None: ...
    @property
    def updated_at(self) -> datetime | None: ...


def changed(dated: Dated, now: datetime) -> datetime:
    """The time of the reading, where Zendesk tells none."""
    time = dated.updated_at or dated.created_at
    return now if time is None else utc(time)


def gone(kind: RecordKind, id_: int, changed_at: datetime) -> Record:
    return Record(kind=kind, id=str(id_), changed_at=changed_at, deleted=True)


def of_user(user: wire_bulk.User, *, now: datetime) -> Record:
    """A customer; one of the team is none, where they were one. Zendesk keeps users whom it has deleted, as not active:
    https://developer.zendesk.com/api-reference/ticketing/users/users/#json-format"""
    changed_at = changed(user, now)
    if not user.active or user.permanently_deleted or user.role in STAFF:
        return gone(RecordKind.CUSTOMER, user.id, changed_at)
    return _customer(user, changed_at)


def of_agent(user: wire_bulk.User, *, now: datetime, ai_agent_id: str | None) -> Record:
    changed_at = changed(user, now)
    if not user.active or user.permanently_deleted:
        return gone(RecordKind.AGENT, user.id, changed_at)
    return Record(
        kind=RecordKind.AGENT,
        id=str(user.id),
        changed_at=changed_at,
        columns=told(
            name=text(user.name),
            email=text(user.email),
            role=AI_AGENT if str(user.id) == ai_agent_id else text(user.role),
            is_active=not user.suspended,
        ),
        keys=(*email_of(user.email), *key(KeyKind.EXTERNAL_ID, user.external_id)),
    )


def _customer(user: wire_bulk.User, changed_at: datetime) -> Record:
    return Record(
        kind=RecordKind.CUSTOMER,
        id=str(user.id),
        changed_at=changed_at,
        columns=told(
            name=text(user.name),
            email=text(user.email),
            phone=text(user.phone),
            external_id=text(user.external_id),
            company_id=text(user.organization_id),
            language=text(user.locale),
            created_at=at(user.created_at),
        ),
        keys=(
            *email_of(user.email),
            *phone_of(user.phone),
            *key(KeyKind.EXTERNAL_ID, user.external_id),
            *key(KeyKind.COMPANY, user.organization_id),
        ),
    )


def of_organization(organization: wire_bulk.Organization, *, now: datetime) -> Record:
    changed_at = changed(organization, now)
    if organization.deleted_at is not None:
        return gone(RecordKind.COMPANY, organization.id, max(changed_at, utc(organization.deleted_at)))
    domains = tuple(each for name in organization.domain_names or () for each in domain_of(name))
    return Record(
        kind=RecordKind.COMPANY,
        id=str(organization.id),
        changed_at=changed_at,
        columns=told(
            name=text(organization.name),
            domain=domains[0].value if domains else None,
            external_id=text(organization.external_id),
            created_at=at(organization.created_at),
        ),
        keys=(*domains, *key(KeyKind.EXTERNAL_ID, organization.external_id)),
    )


def of_group(group: wire_bulk.Group, *, now: datetime) -> Record:
    changed_at = now if group.updated_at is None else utc(group.updated_at)
    if group.deleted:
        return gone(RecordKind.GROUP, group.id, changed_at)
    return Record(
        kind=RecordKind.GROUP,
        id=str(group.id),
        changed_at=changed_at,
        columns=told(name=text(group.name), is_active=True),
    )


def of_field(field: wire_bulk.TicketField, *, now: datetime) -> Record:
    options = tuple(each.name for each in field.custom_field_options or field.system_field_options or ())
    return Record(
        kind=RecordKind.FIELD,
        id=str(field.id),
        changed_at=now if field.updated_at is None else utc(field.updated_at),
        columns=told(
            name=text(field.title), type=text(field.type), is_active=field.active, options=options or None
        ),
    )


def of_rating(rating: wire_bulk.Rating, *, now: datetime) -> Record:
    return Record(
        kind=RecordKind.RATING,
        id=str(rating.id),
        changed_at=changed(rating, now),
        columns=told(
            ticket_id=text(rating.ticket_id),
            customer_id=text(rating.requester_id),
            agent_id=text(rating.assignee_id),
            score=SCORES.get(rating.score or ""),
            at=at(rating.updated_at or rating.created_at),
        ),
        keys=(*key(KeyKind.TICKET, rating.ticket_id), *key(KeyKind.CUSTOMER, rating.requester_id)),
    )
