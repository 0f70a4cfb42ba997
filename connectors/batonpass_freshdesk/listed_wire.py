"""Freshdesk's JSON of what only whole lists are read for.

https://developers.freshdesk.com/api/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, RootModel

from batonpass.domain.conversation import Instant
from batonpass_freshdesk.wire import Listed

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage(Generic[Item]):
    """A page of a list of which only the `link` header says whether there is more."""

    items: tuple[Item, ...]
    has_next: bool


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Contact(_Wire):
    id: int
    name: str | None = None
    email: str | None = None
    other_emails: Listed[str] = ()
    phone: str | None = None
    mobile: str | None = None
    unique_external_id: str | None = None
    company_id: int | None = None
    language: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class Contacts(RootModel[tuple[Contact, ...]]):
    pass


class Company(_Wire):
    id: int
    name: str | None = None
    domains: Listed[str] = ()
    created_at: Instant | None = None
    updated_at: Instant | None = None


class Companies(RootModel[tuple[Company, ...]]):
    pass


class SurveyRating(_Wire):
    """Of all tickets; `wire.Rating` is one of a ticket that is known."""

    id: int
    ticket_id: int | None = None
    user_id: int | None = None
    agent_id: int | None = None
    ratings: Mapping[str, int] = {}
    created_at: Instant | None = None
    updated_at: Instant | None = None


class SurveyRatings(RootModel[tuple[SurveyRating, ...]]):
    pass
