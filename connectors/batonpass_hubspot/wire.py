"""HubSpot's JSON: only the fields that we use, tolerant of all others.

Shapes: https://developers.hubspot.com/docs/guides/crm/using-object-apis and the models of the
official SDK, `hubspot-api-client`.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

Item = TypeVar("Item", bound=BaseModel)


class Wire(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        populate_by_name=True,
        coerce_numbers_to_str=True,
    )


class NextPage(Wire):
    after: str


class Paging(Wire):
    next: NextPage | None = None


class Page(Wire, Generic[Item]):
    results: tuple[Item, ...] = ()
    paging: Paging | None = None
    total: int | None = None
    """Of a search: how many there are on all pages."""

    @property
    def after(self) -> str | None:
        """The cursor of the next page; None on the last."""
        return self.paging.next.after if self.paging and self.paging.next else None


class AssociatedId(Wire):
    """One labelled link; a record with two labels is listed twice."""

    id: str
    type: str = ""


class Associated(Wire):
    results: tuple[AssociatedId, ...] = ()


def _text(value: Any) -> str:
    """HubSpot promises strings. What is none is written as HubSpot would, so that one value cannot cost all."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _text_or_none(value: Any) -> str | None:
    if isinstance(value, dict | list):
        raise ValueError("a property has one value")  # noqa: TRY004 - pydantic wants a ValueError
    return None if value is None else _text(value)


class Record(Wire):
    """A contact, company, deal, ticket, note or survey answer. All property values are strings; one that is empty is
    null or ""."""

    id: str
    properties: dict[str, Any] = Field(default_factory=dict)
    """Read by `stored`: of the thousands on a page only those are looked at that are asked for."""
    associations: dict[str, Associated] = Field(default_factory=dict)
    archived: bool | None = None
    archived_at: str | None = None

    def stored(self, name: str) -> str:
        """The value as it is stored; "" where there is none."""
        value = self.properties.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else _text(value)

    def associated(self, kind: str) -> tuple[AssociatedId, ...]:
        found = self.associations.get(kind)
        return found.results if found else ()


class Owner(Wire):
    """A person or a queue that records belong to."""

    id: str
    user_id: str | None = None
    """None for one who is no active user any more."""
    type: str = "PERSON"
    archived: bool = False
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    updated_at: str | None = None

    @property
    def name(self) -> str:
        whole = " ".join(part.strip() for part in (self.first_name, self.last_name) if part and part.strip())
        return whole or (self.email or "")


class Stage(Wire):
    id: str
    label: str
    display_order: int = 0
    metadata: dict[str, Annotated[str, BeforeValidator(_text)]] = Field(default_factory=dict)
    archived: bool = False


class Pipeline(Wire):
    id: str
    label: str = ""
    display_order: int = 0
    stages: tuple[Stage, ...] = ()
    archived: bool = False


class Option(Wire):
    value: str
    label: str
    hidden: bool = False


class Modification(Wire):
    """What nobody may change."""

    read_only_value: bool = False
    read_only_options: bool | None = None


class Property(Wire):
    """What one property of an object type can hold."""

    name: str
    type: str = "string"
    field_type: str = ""
    label: str = ""
    options: tuple[Option, ...] = ()
    show_currency_symbol: bool | None = None
    hidden: bool | None = None
    archived: bool | None = None
    calculated: bool | None = None
    external_options: bool | None = None
    referenced_object_type: str | None = None
    has_unique_value: bool | None = None
    modification_metadata: Modification | None = None


class Account(Wire):
    portal_id: str
    account_type: str = ""
    ui_domain: str | None = None


class ErrorDetail(Wire):
    code: str | None = None
    context: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class ErrorBody(Wire):
    message: str = ""
    category: str | None = None
    policy_name: str | None = None
    context: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    errors: tuple[ErrorDetail, ...] = ()


def _no_truth_value(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")  # noqa: TRY004 - pydantic wants a ValueError
    return value


Whole = Annotated[int, BeforeValidator(_no_truth_value)]


class Notification(Wire):
    """One element of a webhook delivery."""

    event_id: Whole
    subscription_id: Whole | None = None
    portal_id: Whole | None = None
    object_id: Whole | None = None
    object_type_id: str | None = None
    occurred_at: Annotated[Whole, Field(ge=0, le=253_402_300_799_999)]
    """Milliseconds since 1970, up to the end of the year 9999."""
    subscription_type: str
    property_name: str | None = None
    property_value: Annotated[str | None, BeforeValidator(_text_or_none)] = None
    source_id: str | None = None
    """Of an app's own writes its id, of a person's `userId:` and theirs."""
    from_object_id: Whole | None = None
    from_object_type_id: str | None = None
    to_object_id: Whole | None = None
    to_object_type_id: str | None = None
    association_removed: bool = False
