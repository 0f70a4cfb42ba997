"""Intercom's JSON (API 2.16), as lists and searches give it: what the copy keeps beside what `wire` reads.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from batonpass_intercom import wire
from batonpass_intercom.wire import Id, Listed, MaybeId, Wire

Word = Annotated[str | None, BeforeValidator(lambda told: told if isinstance(told, str) else None)]
"""Where nothing is told the document allows an empty object, too."""


class Reference(Wire):
    id: MaybeId = None


# Tickets and conversations --------------------------------------------------------------------------------------


class Statistics(wire.Statistics):
    first_admin_reply_at: int | None = None
    count_reopens: int | None = None


class AiAgent(Wire):
    resolution_state: Word = None


class Score(wire.Score):
    contact: Reference | None = None
    teammate: Reference | None = None


class Conversation(wire.Conversation):
    statistics: Statistics | None = None
    conversation_rating: Score | None = None
    company: Reference | None = None
    ai_agent_participated: bool | None = None
    ai_agent: AiAgent | None = None


class ConversationPage(wire.Page):
    listed: Listed[Conversation] = Field((), validation_alias="conversations")


class TypeHint(wire.TypeHint):
    name: str | None = None


class Ticket(wire.Ticket):
    ticket_type: TypeHint | None = None


class TicketPage(wire.Page):
    listed: Listed[Ticket] = Field((), validation_alias="tickets")


# People ---------------------------------------------------------------------------------------------------------


class Linked(Wire):
    """Up to ten."""

    data: Listed[Reference] = ()
    total_count: int | None = None


class Merged(Wire):
    source_contact_id: MaybeId = None


class Contact(wire.Contact):
    external_id: MaybeId = None
    created_at: int | None = None
    updated_at: int | None = None
    companies: Linked | None = None
    merge_history: Listed[Merged] = ()


class ContactPage(wire.Page):
    listed: Listed[Contact] = Field((), validation_alias="data")


class Company(Wire):
    id: Id
    company_id: MaybeId = None
    name: str | None = None
    website: str | None = None
    created_at: int | None = None
    updated_at: int | None = None


class CompanyScroll(Wire):
    """The 2.16 document names the list `data`, its text `companies`."""

    listed: Listed[Company] = Field((), validation_alias=AliasChoices("data", "companies"))
    scroll_param: str | None = None


class Role(Wire):
    name: str | None = None


class Admin(wire.Admin):
    role: Role | None = None


class Admins(Wire):
    admins: Listed[Admin] = ()


# Fields ---------------------------------------------------------------------------------------------------------


class TicketAttribute(wire.TicketAttribute):
    updated_at: int | None = None


class TicketAttributeList(wire.TicketAttributeList):
    attributes: Listed[TicketAttribute] = Field(
        (), validation_alias=AliasChoices("data", "ticket_type_attributes")
    )


class TicketType(wire.TicketType):
    ticket_type_attributes: TicketAttributeList = TicketAttributeList()
    updated_at: int | None = None


class TicketTypes(Wire):
    data: Listed[TicketType] = ()


class ConversationAttribute(wire.ConversationAttribute):
    updated_at: int | None = None


class ConversationAttributes(Wire):
    data: Listed[ConversationAttribute] = ()


def _labels(told: Any) -> Any:
    """Plain texts, or objects with a `value`."""
    if not isinstance(told, list):
        return ()
    values = (each.get("value") if isinstance(each, dict) else each for each in told)
    return tuple(str(each) for each in values if each is not None)


class DataAttribute(Wire):
    """An id have only those that people made."""

    model: str = ""
    name: str = ""
    full_name: str | None = None
    label: str | None = None
    data_type: str = ""
    options: Annotated[tuple[str, ...], BeforeValidator(_labels)] = ()
    archived: bool = False
    updated_at: int | None = None


class DataAttributes(Wire):
    data: Listed[DataAttribute] = ()
