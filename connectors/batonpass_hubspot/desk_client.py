"""The endpoints around tickets, one method each: https://developers.hubspot.com/docs/api-reference

The dated paths of conversations and webhooks are those of HubSpot's own descriptions
(github.com/HubSpot/HubSpot-public-api-spec-collection, `Conversations` and `Webhooks`, `/Rollouts/*/2026-09`). The
associations of a record are read in batches: 2026-09 has no other way to page through them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from batonpass.domain.errors import RefusedError
from batonpass.transport import Answer, Call, Params, Transport
from batonpass_hubspot.client import VERSION, ObjectType
from batonpass_hubspot.desk_wire import (
    TICKET_TYPE,
    AppSettings,
    LinkEnd,
    LinksAnswer,
    Message,
    MessageContent,
    NewMessage,
    NewProperty,
    NewRecord,
    NewSubscription,
    ObjectSchema,
    Search,
    Subscription,
    Subscriptions,
    Thread,
    ValidatedProperties,
    ValidatedProperty,
    WrittenOption,
    sent,
)
from batonpass_hubspot.wire import Page, Property, Record, Wire

MOST_PAGES = 50
MESSAGES_PER_PAGE = 100
_MESSAGES = Page[Message]
_RECORDS = Page[Record]
_THREADS = Page[Thread]
Item = TypeVar("Item", bound=Wire)


class HubSpotDeskClient:
    """Reads and writes tickets and what belongs to them."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    # Records --------------------------------------------------------------------------------------------------

    async def create(self, kind: ObjectType, record: NewRecord) -> Record:
        """With its associations, in one call."""
        call = Call(
            operation=f"{kind}.create", method="POST", path=_objects(kind), json=sent(record), effect=True
        )
        return (await self._transport.call(call)).read_as(Record)

    async def update(self, kind: ObjectType, record_id: str, properties: Mapping[str, str]) -> None:
        """Every value is absolute, so that doing it twice is doing it once."""
        call = Call(
            operation=f"{kind}.update",
            method="PATCH",
            path=f"{_objects(kind)}/{quote(record_id, safe='')}",
            json={"properties": dict(properties)},
            effect=True,
        )
        (await self._transport.call(call)).read_as(Record)

    async def read(
        self,
        kind: ObjectType,
        key: str,
        *,
        properties: Collection[str],
        id_property: str | None = None,
    ) -> Record | None:
        """The record whose id, or unique property, is `key`; None where there is none. It reads the store, not the
        search index."""
        params = [("properties", ",".join(sorted(properties)))]
        if id_property is not None:
            params.append(("idProperty", id_property))
        path = f"{_objects(kind)}/{quote(key, safe='')}"
        call = Call(operation=f"{kind}.get", method="GET", path=path, params=params)
        try:
            return (await self._transport.call(call)).read_as(Record)
        except RefusedError as refused:
            if refused.status == 404:
                return None
            raise

    async def search(self, kind: ObjectType, search: Search) -> Page[Record]:
        """The first page of what is found; by the search index, which lags. Archived records are no part of it."""
        call = Call(
            operation=f"{kind}.search", method="POST", path=f"{_objects(kind)}/search", json=sent(search)
        )
        return (await self._transport.call(call)).read_as(_RECORDS)

    async def linked_ids(self, kind: ObjectType, record_id: str, to: ObjectType) -> tuple[str, ...]:
        """The ids of all records of type `to` that belong to this one, the newest first (ids grow)."""
        ids: set[str] = set()
        after: str | None = None
        for _ in range(MOST_PAGES):
            asked = {"id": record_id} if after is None else {"id": record_id, "after": after}
            call = Call(
                operation=f"{kind}.links",
                method="POST",
                path=f"/crm/associations/{VERSION}/{kind}/{to}/batch/read",
                json={"inputs": [asked]},
            )
            page = (await self._transport.call(call)).read_as(LinksAnswer)
            ids.update(end.to_object_id for links in page.results for end in links.to)
            following = [links.paging.next for links in page.results if links.paging and links.paging.next]
            if not following or following[0].after == after:
                break
            after = following[0].after
        return tuple(sorted(ids, key=lambda each: (len(each), each), reverse=True))

    async def links(
        self, kind: ObjectType, ids: Sequence[str], to: ObjectType
    ) -> Mapping[str, tuple[LinkEnd, ...]]:
        """Of these records (at most a thousand) those that have links to records of type `to`, with all of them."""
        found: dict[str, tuple[LinkEnd, ...]] = {}
        asked = [{"id": each} for each in ids]
        for _ in range(MOST_PAGES):
            if not asked:
                break
            call = Call(
                operation=f"{kind}.links",
                method="POST",
                path=f"/crm/associations/{VERSION}/{kind}/{to}/batch/read",
                json={"inputs": asked},
            )
            page = (await self._transport.call(call)).read_as(LinksAnswer)
            asked = []
            for each in page.results:
                if each.from_ is None:
                    continue
                found[each.from_.id] = (*found.get(each.from_.id, ()), *each.to)
                if each.paging and each.paging.next:
                    asked.append({"id": each.from_.id, "after": each.paging.next.after})
        return found

    # Properties -----------------------------------------------------------------------------------------------

    async def create_group(self, name: str, label: str) -> None:
        call = Call(
            operation="tickets.create_group",
            method="POST",
            path=f"/crm/properties/{VERSION}/tickets/groups",
            json={"name": name, "label": label, "displayOrder": -1},
            effect=True,
            reads_body=False,
        )
        await self._transport.call(call)

    async def create_property(self, new: NewProperty) -> Property:
        call = Call(
            operation="tickets.create_property",
            method="POST",
            path=f"/crm/properties/{VERSION}/tickets",
            json=sent(new),
            effect=True,
        )
        return (await self._transport.call(call)).read_as(Property)

    async def replace_options(self, name: str, options: Sequence[WrittenOption]) -> Property:
        """`PATCH` takes the whole list: an option that is left out would be removed."""
        call = Call(
            operation="tickets.update_property",
            method="PATCH",
            path=f"/crm/properties/{VERSION}/tickets/{quote(name, safe='')}",
            json={"options": [sent(option) for option in options]},
            effect=True,
        )
        return (await self._transport.call(call)).read_as(Property)

    async def required_properties(self) -> tuple[str, ...]:
        """Of tickets, those without which none is made."""
        path = f"/crm-object-schemas/{VERSION}/schemas/tickets"
        call = Call(operation="tickets.schema", method="GET", path=path)
        return (await self._transport.call(call)).read_as(ObjectSchema).required_properties

    async def validated_properties(self) -> tuple[ValidatedProperty, ...]:
        """Of tickets, those whose values are held to rules."""
        path = f"/crm/property-validations/{VERSION}/{TICKET_TYPE}"
        call = Call(operation="tickets.validations", method="GET", path=path)
        return (await self._transport.call(call)).read_as(ValidatedProperties).results

    # Conversations --------------------------------------------------------------------------------------------

    async def threads_of(self, ticket_id: str) -> tuple[Thread, ...]:
        path = f"/conversations/conversations/{VERSION}/threads"
        params = [("associatedTicketId", ticket_id), ("limit", "100")]
        return await self._all("threads.list", path, params, _THREADS)

    async def messages(self, thread_id: str) -> tuple[Message, ...]:
        """All of a thread: messages, comments and changes."""
        path = f"{_thread(thread_id)}/messages"
        return await self._all("threads.messages", path, [("limit", str(MESSAGES_PER_PAGE))], _MESSAGES)

    async def whole_message(self, thread_id: str, message_id: str) -> MessageContent:
        path = f"{_thread(thread_id)}/messages/{quote(message_id, safe='')}/original-content"
        call = Call(operation="threads.original", method="GET", path=path)
        return (await self._transport.call(call)).read_as(MessageContent)

    async def send(self, thread_id: str, message: NewMessage) -> None:
        call = Call(
            operation="threads.send",
            method="POST",
            path=f"{_thread(thread_id)}/messages",
            json=sent(message),
            effect=True,
        )
        (await self._transport.call(call)).read_as(Message)

    async def any_thread(self) -> None:
        """One cheap read: refused where the token lacks the scope for conversations."""
        path = f"/conversations/conversations/{VERSION}/threads"
        await self._transport.call(
            Call(operation="threads.list", method="GET", path=path, params=[("limit", "1")])
        )

    async def _all(
        self, operation: str, path: str, params: Params, model: type[Page[Item]]
    ) -> tuple[Item, ...]:
        """Page by page; ends after `MOST_PAGES`, or where a cursor repeats."""
        found: list[Item] = []
        seen: set[str] = set()
        cursor: list[tuple[str, str]] = []
        for _ in range(MOST_PAGES):
            call = Call(operation=operation, method="GET", path=path, params=[*params, *cursor])
            page = (await self._transport.call(call)).read_as(model)
            found += page.results
            if page.after is None or page.after in seen:
                break
            seen.add(page.after)
            cursor = [("after", page.after)]
        return tuple(found)


class HubSpotAppClient:
    """The webhooks of one app; its transport has the developer's token, not the account's."""

    def __init__(self, transport: Transport, app_id: str) -> None:
        self._transport = transport
        self._path = f"/app-webhooks/{VERSION}/{app_id}"

    async def settings(self) -> AppSettings | None:
        """None where the app has no webhooks yet."""
        try:
            answer = await self._called("app.settings", "GET", "/settings")
        except RefusedError as refused:
            if refused.status == 404:
                return None
            raise
        return answer.read_as(AppSettings)

    async def point_to(self, url: str) -> None:
        told = {"targetUrl": url, "throttling": {"maxConcurrentRequests": 10}}
        (await self._called("app.set_settings", "PUT", "/settings", told)).read_as(AppSettings)

    async def subscriptions(self) -> tuple[Subscription, ...]:
        return (
            (await self._called("app.subscriptions", "GET", "/subscriptions")).read_as(Subscriptions).results
        )

    async def subscribe(self, new: NewSubscription) -> Subscription:
        answer = await self._called("app.subscribe", "POST", "/subscriptions", sent(new))
        return answer.read_as(Subscription)

    async def activate(self, subscription_id: str) -> None:
        path = f"/subscriptions/{quote(subscription_id, safe='')}"
        (await self._called("app.activate", "PATCH", path, {"active": True})).read_as(Subscription)

    async def _called(self, operation: str, method: str, path: str, body: Any = None) -> Answer:
        return await self._transport.call(
            Call(
                operation=operation,
                method=method,
                path=self._path + path,
                json=body,
                effect=method != "GET",
            )
        )


def _objects(kind: ObjectType) -> str:
    return f"/crm/objects/{VERSION}/{kind}"


def _thread(thread_id: str) -> str:
    return f"/conversations/conversations/{VERSION}/threads/{quote(thread_id, safe='')}"
