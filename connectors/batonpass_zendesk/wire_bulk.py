"""Zendesk's JSON where it is read in bulk: only what is kept, for there is much of it.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from batonpass_zendesk.wire import FieldOption, Meta, TicketRating, Via

Item = TypeVar("Item")
Listed = tuple[Item, ...] | None
"""A list that Zendesk may leave out or give as null. Like the times, which may lack their zone, it is read as it comes:
a validator in Python would take longer than all the rest of a ticket."""
Second = Annotated[int, Field(ge=0, lt=2**37)]
"""Of Unix time, before the year 6300."""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Duration(_Wire):
    calendar: int | None = None


class MetricSet(_Wire):
    """https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/"""

    ticket_id: int | None = None
    reopens: int | None = None
    replies: int | None = None
    assignee_stations: int | None = None
    group_stations: int | None = None
    solved_at: datetime | None = None
    reply_time_in_minutes: Duration | None = None
    reply_time_in_seconds: Duration | None = None


class Ticket(_Wire):
    id: int
    external_id: str | None = None
    subject: str | None = None
    status: str | None = None
    priority: str | None = None
    type: str | None = None
    support_type: str | None = None
    group_id: int | None = None
    assignee_id: int | None = None
    requester_id: int | None = None
    submitter_id: int | None = None
    organization_id: int | None = None
    tags: Listed[str] = None
    satisfaction_rating: TicketRating | None = None
    via: Via | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    generated_timestamp: Second | None = None
    metric_set: MetricSet | None = None


class User(_Wire):
    id: int
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    organization_id: int | None = None
    locale: str | None = None
    role: str | None = None
    active: bool = True
    suspended: bool = False
    permanently_deleted: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Organization(_Wire):
    id: int
    name: str | None = None
    external_id: str | None = None
    domain_names: Listed[str] = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


class Group(_Wire):
    id: int
    name: str | None = None
    deleted: bool = False
    updated_at: datetime | None = None


class TicketField(_Wire):
    id: int
    type: str | None = None
    title: str | None = None
    active: bool = True
    custom_field_options: Listed[FieldOption] = None
    system_field_options: Listed[FieldOption] = None
    updated_at: datetime | None = None


class Rating(_Wire):
    """https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/"""

    id: int
    score: str | None = None
    ticket_id: int | None = None
    requester_id: int | None = None
    assignee_id: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


# Exports ------------------------------------------------------------------------------------------------------


class Export(_Wire):
    """A page of an export by cursor."""

    after_cursor: str | None = None
    end_of_stream: bool = False


class TicketExport(Export):
    tickets: Listed[Ticket] = None
    metric_sets: Listed[MetricSet] = None
    """Where they stand beside the tickets and not in them: both have been seen."""


class UserExport(Export):
    users: Listed[User] = None


class OrganizationExport(_Wire):
    """A page of the export by time."""

    organizations: Listed[Organization] = None
    end_time: Second | None = None
    end_of_stream: bool | None = None


# Lists --------------------------------------------------------------------------------------------------------


class ListPage(_Wire):
    meta: Meta = Meta()


class OrganizationList(ListPage):
    organizations: Listed[Organization] = None


class UserList(ListPage):
    users: Listed[User] = None


class GroupList(ListPage):
    groups: Listed[Group] = None


class FieldList(ListPage):
    ticket_fields: Listed[TicketField] = None


class RatingList(ListPage):
    satisfaction_ratings: Listed[Rating] = None
