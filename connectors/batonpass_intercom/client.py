"""Intercom's endpoints, one method each: wire in, wire out.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from batonpass.transport import Call, Params, Transport
from batonpass_intercom import listed_wire, sent_wire, wire
from batonpass_intercom.sent_wire import Sent

VERSION = "2.16"
PER_PAGE = 150
"""The most that a search gives at once."""
MOST_PAGES = 5

Some = TypeVar("Some", bound=BaseModel)
SomePage = TypeVar("SomePage", bound=wire.Page)


class IntercomClient:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    # Tickets --------------------------------------------------------------------------------------------------

    async def create_ticket(self, new: sent_wire.NewTicket) -> wire.Ticket:
        return await self._write("tickets.create", "POST", "/tickets", new, wire.Ticket)

    async def ticket(self, ticket_id: str) -> wire.Ticket:
        return await self._read("tickets.read", f"/tickets/{ticket_id}", wire.Ticket)

    async def update_ticket(self, ticket_id: str, sent: sent_wire.TicketUpdate) -> None:
        await self._write("tickets.update", "PUT", f"/tickets/{ticket_id}", sent, wire.Anything)

    async def reply_to_ticket(self, ticket_id: str, sent: sent_wire.NewPart) -> None:
        await self._write("tickets.reply", "POST", f"/tickets/{ticket_id}/reply", sent, wire.Anything)

    async def tag_ticket(self, ticket_id: str, sent: sent_wire.Tagging) -> None:
        await self._write("tickets.tag", "POST", f"/tickets/{ticket_id}/tags", sent, wire.Anything)

    async def search_tickets(self, field: str, value: str) -> tuple[wire.Ticket, ...]:
        """By the search index, which lags."""
        pages = self._found("tickets.search", "/tickets/search", field, value, wire.TicketPage)
        return tuple([ticket async for page in pages for ticket in page.listed])

    async def changed_tickets(self, second: int, after: str | None) -> listed_wire.TicketPage:
        """One page of those that changed in this second or later, the oldest change first; by the search index."""
        search = _oldest_first(sent_wire.changed_since(second), after)
        return await self._searched("tickets.search", "/tickets/search", search, listed_wire.TicketPage)

    async def ticket_types(self) -> tuple[listed_wire.TicketType, ...]:
        return (await self._read("ticket_types.list", "/ticket_types", listed_wire.TicketTypes)).data

    async def create_ticket_attribute(
        self, type_id: str, sent: sent_wire.NewTicketAttribute
    ) -> wire.TicketAttribute:
        path = f"/ticket_types/{type_id}/attributes"
        return await self._write("ticket_attributes.create", "POST", path, sent, wire.TicketAttribute)

    async def replace_list_items(self, type_id: str, attribute_id: str, sent: sent_wire.ListItems) -> None:
        path = f"/ticket_types/{type_id}/attributes/{attribute_id}"
        await self._write("ticket_attributes.update", "PUT", path, sent, wire.Anything)

    # Conversations --------------------------------------------------------------------------------------------

    async def conversation(self, conversation_id: str) -> wire.Conversation:
        """With its newest 500 parts."""
        return await self._read("conversations.read", f"/conversations/{conversation_id}", wire.Conversation)

    async def update_conversation(self, conversation_id: str, sent: sent_wire.ConversationUpdate) -> None:
        path = f"/conversations/{conversation_id}"
        await self._write("conversations.update", "PUT", path, sent, wire.Anything)

    async def reply_to_conversation(self, conversation_id: str, sent: sent_wire.NewPart) -> None:
        path = f"/conversations/{conversation_id}/reply"
        await self._write("conversations.reply", "POST", path, sent, wire.Anything)

    async def manage_conversation(self, conversation_id: str, sent: sent_wire.Move) -> None:
        """Assign, open or close it."""
        path = f"/conversations/{conversation_id}/parts"
        await self._write("conversations.manage", "POST", path, sent, wire.Anything)

    async def tag_conversation(self, conversation_id: str, sent: sent_wire.Tagging) -> None:
        path = f"/conversations/{conversation_id}/tags"
        await self._write("conversations.tag", "POST", path, sent, wire.Anything)

    async def search_conversations(self, field: str, value: str) -> tuple[wire.Conversation, ...]:
        """By the search index, which lags; without parts."""
        path = "/conversations/search"
        pages = self._found("conversations.search", path, field, value, wire.ConversationPage)
        return tuple([each async for page in pages for each in page.listed])

    async def changed_conversations(self, second: int, after: str | None) -> listed_wire.ConversationPage:
        """As `changed_tickets`; without parts."""
        return await self._conversations(sent_wire.changed_since(second), after)

    async def rated_conversations(self, second: int, after: str | None) -> listed_wire.ConversationPage:
        """As `changed_conversations`, of those that have a rating."""
        return await self._conversations(sent_wire.rated_since(second), after)

    async def _conversations(
        self, query: sent_wire.Filter | sent_wire.All, after: str | None
    ) -> listed_wire.ConversationPage:
        search, model = _oldest_first(query, after), listed_wire.ConversationPage
        return await self._searched("conversations.search", "/conversations/search", search, model)

    async def conversation_attributes(self) -> tuple[listed_wire.ConversationAttribute, ...]:
        """Those in use."""
        path, model = "/conversations/attributes", listed_wire.ConversationAttributes
        return (await self._read("conversation_attributes.list", path, model)).data

    async def create_conversation_attribute(
        self, sent: sent_wire.NewConversationAttribute
    ) -> wire.ConversationAttribute:
        path = "/conversations/attributes"
        return await self._write(
            "conversation_attributes.create", "POST", path, sent, wire.ConversationAttribute
        )

    async def add_conversation_option(self, attribute_id: str, sent: sent_wire.NewOption) -> None:
        path = f"/conversations/attributes/{attribute_id}/options"
        await self._write("conversation_attributes.options", "POST", path, sent, wire.Anything)

    # People and tags ------------------------------------------------------------------------------------------

    async def me(self) -> wire.Admin:
        return await self._read("me", "/me", wire.Admin)

    async def admins(self) -> tuple[listed_wire.Admin, ...]:
        return (await self._read("admins.list", "/admins", listed_wire.Admins)).admins

    async def away_reasons(self) -> tuple[wire.AwayReason, ...]:
        return (await self._read("away_reasons.list", "/away_status_reasons", wire.AwayReasons)).data

    async def teams(self) -> tuple[wire.Team, ...]:
        return (await self._read("teams.list", "/teams", wire.Teams)).teams

    async def contact(self, contact_id: str) -> wire.Contact:
        return await self._read("contacts.read", f"/contacts/{quote(contact_id, safe='')}", wire.Contact)

    async def contact_with_external_id(self, external_id: str) -> wire.Contact:
        path = f"/contacts/find_by_external_id/{quote(external_id, safe='')}"
        return await self._read("contacts.find_by_external_id", path, wire.Contact)

    async def contacts_with_email(self, email: str) -> tuple[wire.Contact, ...]:
        """By the search index: a new contact may be missing for minutes."""
        pages = self._found("contacts.search", "/contacts/search", "email", email, wire.ContactPage)
        return tuple([contact async for page in pages for contact in page.listed])

    async def contacts_with_phone(self, phone: str) -> tuple[wire.Contact, ...]:
        """As `contacts_with_email`; numbers are kept in E.164 there."""
        pages = self._found("contacts.search", "/contacts/search", "phone", phone, wire.ContactPage)
        return tuple([contact async for page in pages for contact in page.listed])

    async def changed_contacts(self, second: int, after: str | None) -> listed_wire.ContactPage:
        """As `changed_tickets`, and those of up to two days before."""
        search = _oldest_first(sent_wire.contact_changed_since(second), after)
        path, params = "/contacts/search", (("include_merge_history", "true"),)
        return await self._searched("contacts.search", path, search, listed_wire.ContactPage, params=params)

    async def companies(self, scroll: str | None) -> listed_wire.CompanyScroll:
        """The next hundred of a scroll; None: of a new one, of which an app has one at a time."""
        params = () if scroll is None else (("scroll_param", scroll),)
        return await self._read(
            "companies.scroll", "/companies/scroll", listed_wire.CompanyScroll, params=params
        )

    async def data_attributes(self) -> tuple[listed_wire.DataAttribute, ...]:
        """Of contacts and companies, those in use."""
        path, model = "/data_attributes", listed_wire.DataAttributes
        return (await self._read("data_attributes.list", path, model)).data

    async def create_contact(self, sent: sent_wire.NewContact) -> wire.Contact:
        return await self._write("contacts.create", "POST", "/contacts", sent, wire.Contact)

    async def create_tag(self, sent: sent_wire.NewTag) -> wire.Tag:
        """Gives the one of this name where there is one."""
        return await self._write("tags.create", "POST", "/tags", sent, wire.Tag)

    # How -------------------------------------------------------------------------------------------------------

    async def _read(self, operation: str, path: str, model: type[Some], *, params: Params = ()) -> Some:
        call = Call(operation=operation, method="GET", path=path, params=params)
        return (await self._transport.call(call)).read_as(model)

    async def _write(self, operation: str, method: str, path: str, sent: Sent, model: type[Some]) -> Some:
        call = Call(operation=operation, method=method, path=path, json=sent.as_json(), effect=True)
        return (await self._transport.call(call)).read_as(model)

    async def _found(
        self, operation: str, path: str, field: str, value: str, model: type[SomePage]
    ) -> AsyncIterator[SomePage]:
        """Page by page; ends after `MOST_PAGES`, or where a cursor repeats."""
        query = sent_wire.Filter(field=field, operator="=", value=value)
        seen: set[str] = set()
        after: str | None = None
        for _ in range(MOST_PAGES):
            paging = sent_wire.Paging(per_page=PER_PAGE, starting_after=after)
            search = sent_wire.Search(query=query, pagination=paging)
            page = await self._searched(operation, path, search, model)
            yield page
            after = page.after
            if after is None or after in seen:
                return
            seen.add(after)

    async def _searched(
        self,
        operation: str,
        path: str,
        search: sent_wire.Search,
        model: type[SomePage],
        *,
        params: Params = (),
    ) -> SomePage:
        call = Call(operation=operation, method="POST", path=path, params=params, json=search.as_json())
        return (await self._transport.call(call)).read_as(model)


def _oldest_first(query: sent_wire.Filter | sent_wire.All, after: str | None) -> sent_wire.Search:
    return sent_wire.Search(
        query=query,
        sort=sent_wire.Sort(field="updated_at"),
        pagination=sent_wire.Paging(per_page=PER_PAGE, starting_after=after),
    )
