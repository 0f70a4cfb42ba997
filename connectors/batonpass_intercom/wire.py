"""Intercom's JSON (API 2.16), as far as we use it. Its words never leave this folder.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from batonpass.transport import Explanation
from batonpass_intercom.complaints import complaints_in

Item = TypeVar("Item")
Listed = Annotated[tuple[Item, ...], BeforeValidator(lambda value: value or ())]
"""A list that Intercom may leave out or give as null."""


def _as_id(value: Any) -> Any:
    """Ids come as text or as a number; of nobody as 0, null or empty."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value else value or None


Id = Annotated[str, BeforeValidator(_as_id)]
MaybeId = Annotated[str | None, BeforeValidator(_as_id)]
Written = str | bool | int | float
"""What an attribute is written with."""
Scalar = Written | None
_LATEST = 253_402_300_799  # the last second of the year 9999


def _scalars(told: Any) -> Any:
    """Of attributes that hold no text, number or truth (files, related objects) only the name."""
    if not isinstance(told, dict):
        return told or {}
    return {
        name: value if isinstance(value, str | bool | int | float) else None for name, value in told.items()
    }


Attributes = Annotated[dict[str, Scalar], BeforeValidator(_scalars)]
"""By name; files and related objects read as None."""


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True)


# People ---------------------------------------------------------------------------------------------------------


class App(Wire):
    id_code: str = ""
    name: str | None = None


class Admin(Wire):
    id: Id
    name: str | None = None
    email: str | None = None
    away_mode_enabled: bool | None = None
    away_status_reason_id: MaybeId = None
    has_inbox_seat: bool | None = None
    team_ids: Listed[Id] = ()
    app: App | None = None


class AwayReason(Wire):
    id: Id
    label: str | None = None


class AwayReasons(Wire):
    data: Listed[AwayReason] = ()


class Team(Wire):
    id: Id
    name: str = ""


class Teams(Wire):
    teams: Listed[Team] = ()


class Contact(Wire):
    id: Id
    external_id: str | None = None
    role: str | None = None
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    language_override: str | None = None


class Next(Wire):
    starting_after: str | None = None


class Pages(Wire):
    next: Next | None = None


class Page(Wire):
    pages: Pages | None = None
    total_count: int | None = None

    @property
    def after(self) -> str | None:
        """The cursor of the next page; None on the last."""
        return self.pages.next.starting_after if self.pages and self.pages.next else None


class ContactPage(Page):
    listed: Listed[Contact] = Field((), validation_alias="data")


class Tag(Wire):
    id: Id
    name: str = ""


class TagList(Wire):
    tags: Listed[Tag] = ()


# Fields ---------------------------------------------------------------------------------------------------------


class ListItem(Wire):
    id: MaybeId = None
    label: str = Field("", validation_alias=AliasChoices("label", "name", "value"))
    archived: bool = False


def _list_items(told: Any) -> Any:
    """Where a list's items stand is not documented: any of these names is taken, with objects or plain labels."""
    if not isinstance(told, dict):
        return ()
    listed = (told.get(name) for name in ("list_options", "list_items", "options"))
    items: list[Any] = next((each for each in listed if each and isinstance(each, list)), [])
    return tuple({"label": item} if isinstance(item, str) else item for item in items)


class InputOptions(Wire):
    multiline: bool | None = None
    items: tuple[ListItem, ...] = ()


class TicketAttribute(Wire):
    id: Id
    name: str
    data_type: str
    input_options: Annotated[
        InputOptions,
        BeforeValidator(
            lambda told: {
                "multiline": told.get("multiline") if isinstance(told, dict) else None,
                "items": _list_items(told),
            }
        ),
    ] = InputOptions()
    required_to_create: bool = False
    visible_to_contacts: bool = True
    archived: bool = False


class TicketAttributeList(Wire):
    """The document names the list `ticket_type_attributes`, its recorded answers `data`."""

    attributes: Listed[TicketAttribute] = Field(
        (), validation_alias=AliasChoices("data", "ticket_type_attributes")
    )


class TicketState(Wire):
    id: MaybeId = None
    category: str | None = None
    internal_label: str | None = None


class TicketStates(Wire):
    data: Listed[TicketState] = ()


class TicketType(Wire):
    id: Id
    name: str = ""
    archived: bool = False
    ticket_type_attributes: TicketAttributeList = TicketAttributeList()
    ticket_states: TicketStates = TicketStates()


class ConversationAttribute(Wire):
    id: Id
    name: str
    data_type: str
    required: bool = False
    archived: bool = False
    multiline: bool | None = None
    options: Listed[ListItem] = ()


# Tickets and conversations --------------------------------------------------------------------------------------


class Author(Wire):
    type: str | None = None
    id: MaybeId = None
    name: str | None = None
    email: str | None = None
    from_ai_agent: bool | None = None


class Part(Wire):
    id: MaybeId = None
    part_type: str = ""
    body: str | None = None
    created_at: int | None = None
    author: Author | None = None
    ticket_state: str | None = None
    previous_ticket_state: str | None = None


class TicketParts(Wire):
    parts: Listed[Part] = Field((), validation_alias="ticket_parts")
    total_count: int | None = None


class ConversationParts(Wire):
    parts: Listed[Part] = Field((), validation_alias="conversation_parts")
    total_count: int | None = None


class Contacts(Wire):
    contacts: Listed[Contact] = ()


class Score(Wire):
    rating: int | None = None
    remark: str | None = None
    created_at: int | None = None
    updated_at: int | None = None


class TypeHint(Wire):
    id: MaybeId = None


class Ticket(Wire):
    id: Id
    ticket_type: TypeHint | None = None
    ticket_id: str | None = None
    ticket_attributes: Attributes = {}
    ticket_state: TicketState | None = None
    contacts: Contacts | None = None
    admin_assignee_id: MaybeId = None
    team_assignee_id: MaybeId = None
    created_at: int | None = None
    updated_at: int | None = None
    open: bool | None = None
    snoozed_until: int | None = None
    ticket_parts: TicketParts | None = None
    tags: TagList | None = None
    """Not in the 2.16 document: None where it is not told."""


class TicketPage(Page):
    listed: Listed[Ticket] = Field((), validation_alias="tickets")


class Source(Wire):
    type: str | None = None
    subject: str | None = None
    body: str | None = None
    author: Author | None = None


class Statistics(Wire):
    last_close_at: int | None = None


class TicketHint(Wire):
    id: MaybeId = None


class Conversation(Wire):
    id: Id
    title: str | None = None
    created_at: int | None = None
    updated_at: int | None = None
    open: bool | None = None
    state: str | None = None
    priority: str | None = None
    admin_assignee_id: MaybeId = None
    team_assignee_id: MaybeId = None
    tags: TagList | None = None
    conversation_rating: Score | None = None
    source: Source | None = None
    contacts: Contacts | None = None
    custom_attributes: Attributes = {}
    statistics: Statistics | None = None
    conversation_parts: ConversationParts | None = None
    ticket: TicketHint | None = None
    """Set where this is a ticket's own conversation."""


class ConversationPage(Page):
    listed: Listed[Conversation] = Field((), validation_alias="conversations")


class Notification(Wire):
    """What a webhook delivers. Nothing is converted: what is of another kind is no notification."""

    model_config = ConfigDict(strict=True)

    type: str
    id: Annotated[str, Field(min_length=1, max_length=200)]
    topic: Annotated[str, Field(min_length=1, max_length=200)]
    created_at: Annotated[int, Field(ge=0, le=_LATEST)]
    data: dict[str, Any] | None = None


class Anything(Wire):
    """An answer of which only the 2xx counts."""


def explain(body: Any) -> Explanation:
    """The parts of a ticket that an `error.list` complains about, as `TicketDraft` names them, and its codes."""
    fields, reasons = complaints_in(body)
    return Explanation(fields=fields, reasons=reasons)
