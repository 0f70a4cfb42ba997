"""Zendesk's endpoints: one method each, wire in, wire out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.transport import Answer, Call, Params, Transport
from batonpass_zendesk import sent, wire

PAGE_SIZE = 100
MOST_PAGES = 50
"""5,000 items: as many comments as a ticket can have, and more fields than an account should."""
TRIES_ON_COLLISION = 3

SomePage = TypeVar("SomePage", bound=wire.Page)


class ZendeskClient:
    """The Support API of one account (https://developer.zendesk.com/api-reference/)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    # Tickets --------------------------------------------------------------------------------------------------

    async def create_ticket(self, ticket: sent.NewTicket) -> wire.Ticket:
        """`POST /tickets`. Zendesk keeps the key for two hours; a refused request stores none.

        https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency
        """
        body = {"ticket": _told(ticket)}
        headers = {"Idempotency-Key": ticket.external_id}
        answer = await self._change("tickets.create", "POST", "/api/v2/tickets", body, headers=headers)
        return answer.read_as(wire.TicketAnswer).ticket

    async def tickets_with_external_id(self, external_id: str) -> tuple[wire.Ticket, ...]:
        """`GET /tickets?external_id=`: reads the store, not the search index, which lags."""
        answer = await self._get("tickets.find", "/api/v2/tickets", [("external_id", external_id)])
        return answer.read_as(wire.TicketsPage).tickets

    async def last_changed_tickets(self, cursor: str | None) -> wire.TicketsPage:
        """A page of all tickets, the last changed first: neither archived nor deleted ones. `sort` is of cursor
        pagination, where `sort_by` counts for nothing."""
        asked = [("sort", "-updated_at"), ("page[size]", str(PAGE_SIZE))]
        after = [] if cursor is None else [("page[after]", cursor)]
        answer = await self._get("tickets.changed", "/api/v2/tickets", [*asked, *after])
        return answer.read_as(wire.TicketsPage)

    async def exported_tickets(self, start_time: int, cursor: str | None) -> wire.ExportedTickets:
        """A page of the incremental export. Not the 1,000 that it gives unasked: those are too many bytes."""
        place = ("start_time", str(start_time)) if cursor is None else ("cursor", cursor)
        asked = [place, ("per_page", str(PAGE_SIZE))]
        answer = await self._get("tickets.export", "/api/v2/incremental/tickets/cursor", asked)
        return answer.read_as(wire.ExportedTickets)

    async def ticket(self, ticket_id: int) -> wire.Ticket:
        return (
            (await self._get("tickets.read", f"/api/v2/tickets/{ticket_id}"))
            .read_as(wire.TicketAnswer)
            .ticket
        )

    async def ticket_with_people(self, ticket_id: int) -> wire.TicketAnswer:
        answer = await self._get("tickets.read", f"/api/v2/tickets/{ticket_id}", [("include", "users")])
        return answer.read_as(wire.TicketAnswer)

    async def update_ticket(self, ticket_id: int, changed: sent.ChangedTicket) -> None:
        """`PUT /tickets/{id}`. Comments have no endpoint of their own, and updates take no idempotency key.

        A 409 means that somebody changed the ticket at the same moment and that nothing of ours was kept. Only what
        is named is changed, whatever stands there by then, so it is tried again; after three times later.
        https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/
        """
        body = {"ticket": _told(changed)}
        for _ in range(TRIES_ON_COLLISION):
            try:
                answer = await self._change(
                    "tickets.update", "PUT", f"/api/v2/tickets/{ticket_id}", body, about=str(ticket_id)
                )
            except RefusedError as refused:
                if refused.status != 409:
                    raise
            else:
                answer.read_as(wire.TicketAnswer)
                return
        raise RetryLaterError("tickets.update: others are changing this ticket", code="conflict")

    async def comments(self, ticket_id: int) -> AsyncIterator[wire.Comment]:
        async for page in self.comments_with_authors(ticket_id, people=False):
            for comment in page.comments:
                yield comment

    async def comments_with_authors(
        self, ticket_id: int, *, people: bool = True
    ) -> AsyncIterator[wire.CommentsPage]:
        """The oldest first, which is Zendesk's own order. `sort_order` is not asked for: it is of offset pagination,
        and cursor pagination has been seen to pass over it
        (https://support.zendesk.com/hc/en-us/community/posts/8403358233882)."""
        asked = [("include", "users")] if people else []
        path = f"/api/v2/tickets/{ticket_id}/comments"
        async for page in self._pages("comments.list", path, wire.CommentsPage, params=asked):
            yield page

    async def audits(self, ticket_id: int) -> AsyncIterator[wire.Audit]:
        """What was changed when, the oldest first, as comments are.
        https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/"""
        path = f"/api/v2/tickets/{ticket_id}/audits"
        async for page in self._pages("audits.list", path, wire.AuditsPage):
            for audit in page.audits:
                yield audit

    async def survey_responses(self, ticket_id: int) -> tuple[wire.SurveyResponse, ...]:
        path = "/api/v2/guide/survey_responses"
        asked = [("filter[subject_zrns]", f"zen:ticket:{ticket_id}")]
        pages = self._pages("surveys.list", path, wire.SurveyResponsesPage, params=asked)
        return tuple([response async for page in pages for response in page.survey_responses])

    async def ticket_of_conversation(self, conversation_id: str) -> wire.Ticket:
        """404 while the conversation has no open ticket."""
        path = f"/api/v2/tickets/messaging/conversations/{conversation_id}/ticket"
        return (await self._get("conversations.ticket", path)).read_as(wire.TicketAnswer).ticket

    # Fields, forms, groups ------------------------------------------------------------------------------------

    async def ticket_fields(self) -> tuple[wire.TicketField, ...]:
        pages = self._pages("fields.list", "/api/v2/ticket_fields", wire.FieldsPage)
        return tuple([field async for page in pages for field in page.ticket_fields])

    async def create_field(self, field: sent.NewTicketField) -> wire.TicketField:
        body = {"ticket_field": _told(field)}
        answer = await self._change("fields.create", "POST", "/api/v2/ticket_fields", body)
        return answer.read_as(wire.FieldAnswer).ticket_field

    async def add_option(self, field_id: int, option: sent.NewOption) -> None:
        """One option; a `PUT` of the field would replace all, and take the missing ones' values from tickets."""
        path = f"/api/v2/ticket_fields/{field_id}/options"
        await self._change("options.create", "POST", path, {"custom_field_option": _told(option)})

    async def ticket_forms(self) -> tuple[wire.Form, ...]:
        pages = self._pages(
            "forms.list", "/api/v2/ticket_forms", wire.FormsPage, params=(("active", "true"),)
        )
        return tuple([form async for page in pages for form in page.ticket_forms])

    async def groups(self) -> tuple[wire.Group, ...]:
        pages = self._pages("groups.list", "/api/v2/groups", wire.GroupsPage)
        return tuple([group async for page in pages for group in page.groups])

    # People ---------------------------------------------------------------------------------------------------

    async def team(self) -> tuple[wire.User, ...]:
        """Agents and admins, also suspended ones."""
        roles = (("role[]", "agent"), ("role[]", "admin"))
        pages = self._pages("users.list", "/api/v2/users", wire.UsersPage, params=roles)
        return tuple([user async for page in pages for user in page.users])

    async def availabilities(self) -> AsyncIterator[wire.AvailabilitiesPage]:
        """https://developer.zendesk.com/api-reference/agent-availability/agent-availability-api/"""
        path = "/api/v2/agent_availabilities"
        async for page in self._pages("availabilities.list", path, wire.AvailabilitiesPage):
            yield page

    async def search_users(self, *, query: str) -> tuple[wire.User, ...]:
        """Everybody with `query` somewhere in name, e-mail address, phone number or notes: compare afterwards."""
        return await self._found_users([("query", query)])

    async def users_with_external_id(self, external_id: str) -> tuple[wire.User, ...]:
        return await self._found_users([("external_id", external_id)])

    async def _found_users(self, params: Params) -> tuple[wire.User, ...]:
        return (await self._get("users.search", "/api/v2/users/search", params)).read_as(wire.UsersPage).users

    async def newest_tickets_of(self, user_id: int) -> tuple[wire.Ticket, ...]:
        """The newest tickets that this user asked for, at most 100."""
        asked = [("sort_by", "created_at"), ("sort_order", "desc"), ("per_page", str(PAGE_SIZE))]
        answer = await self._get("users.tickets", f"/api/v2/users/{user_id}/tickets/requested", asked)
        return answer.read_as(wire.TicketsPage).tickets

    async def me(self) -> wire.User:
        return (await self._get("users.me", "/api/v2/users/me")).read_as(wire.UserAnswer).user

    # Webhooks and triggers ------------------------------------------------------------------------------------

    async def webhooks(self) -> tuple[wire.Webhook, ...]:
        pages = self._pages("webhooks.list", "/api/v2/webhooks", wire.WebhooksPage)
        return tuple([webhook async for page in pages for webhook in page.webhooks])

    async def create_webhook(self, webhook: sent.NewWebhook) -> wire.Webhook:
        body = {"webhook": _told(webhook)}
        answer = await self._change("webhooks.create", "POST", "/api/v2/webhooks", body)
        return answer.read_as(wire.WebhookAnswer).webhook

    async def change_webhook(self, webhook_id: str, changed: sent.ChangedWebhook) -> None:
        body = {"webhook": _told(changed)}
        path = f"/api/v2/webhooks/{webhook_id}"
        await self._change("webhooks.update", "PATCH", path, body, reads_body=False)

    async def signing_secret(self, webhook_id: str) -> str:
        answer = await self._get("webhooks.secret", f"/api/v2/webhooks/{webhook_id}/signing_secret")
        return answer.read_as(wire.SigningSecretAnswer).signing_secret.secret

    async def newest_invocations(self, webhook_id: str) -> tuple[wire.Invocation, ...]:
        asked = [("page[size]", "20"), ("sort", "-latest_completed_at")]
        answer = await self._get("webhooks.invocations", f"/api/v2/webhooks/{webhook_id}/invocations", asked)
        return answer.read_as(wire.Invocations).invocations

    async def triggers(self) -> tuple[wire.Trigger, ...]:
        pages = self._pages("triggers.list", "/api/v2/triggers", wire.TriggersPage)
        return tuple([trigger async for page in pages for trigger in page.triggers])

    async def create_trigger(self, trigger: sent.NewTrigger) -> None:
        await self._change("triggers.create", "POST", "/api/v2/triggers", {"trigger": _told(trigger)})

    async def change_trigger(self, trigger_id: int, trigger: sent.NewTrigger) -> None:
        path = f"/api/v2/triggers/{trigger_id}"
        await self._change("triggers.update", "PUT", path, {"trigger": _told(trigger)})

    # How calls go ---------------------------------------------------------------------------------------------

    async def _get(self, operation: str, path: str, params: Params = ()) -> Answer:
        return await self._transport.call(Call(operation=operation, method="GET", path=path, params=params))

    async def _change(
        self,
        operation: str,
        method: str,
        path: str,
        body: Any,
        *,
        headers: Mapping[str, str] | None = None,
        reads_body: bool = True,
        about: str | None = None,
    ) -> Answer:
        call = Call(
            operation=operation,
            method=method,
            path=path,
            json=body,
            headers=headers or {},
            effect=True,
            reads_body=reads_body,
            about=about,
        )
        return await self._transport.call(call)

    async def _pages(
        self, operation: str, path: str, model: type[SomePage], *, params: Params = ()
    ) -> AsyncIterator[SomePage]:
        """Page by page by cursor; ends after `MOST_PAGES`, or where a cursor repeats."""
        seen: set[str] = set()
        cursor: list[tuple[str, str]] = []
        for _ in range(MOST_PAGES):
            answer = await self._get(operation, path, [*params, ("page[size]", str(PAGE_SIZE)), *cursor])
            page = answer.read_as(model)
            yield page
            after = page.meta.after_cursor
            if not page.meta.has_more or after is None or after in seen:
                return
            seen.add(after)
            cursor = [("page[after]", after)]


def _told(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(exclude_none=True)
