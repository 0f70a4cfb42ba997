"""The endpoints of an emulated HubSpot: the dated paths, and for records those of the official SDK."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from batonpass.testing.emulator import Operation
from batonpass_hubspot.emulated_api import ObjectApi
from batonpass_hubspot.emulated_hooks import HookApi
from batonpass_hubspot.emulated_listing import ListingApi
from batonpass_hubspot.emulated_properties import PropertyApi
from batonpass_hubspot.emulated_schema import OBJECT_TYPES, TICKETS, TYPE_IDS
from batonpass_hubspot.emulated_threads import ThreadApi

DATED, LEGACY = "2026-09", "v3"
_WRITES = frozenset(
    {"create", "update", "batch_create", "batch_upsert", "create_group", "create_property", "update_property"}
)

Answering = Callable[[Request, Any], Response]


class Handled(Protocol):
    def __call__(self, scope: str | None, handler: Answering, /) -> Callable[[Request], Awaitable[Response]]:
        """With the scope checked and the body read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordApis:
    objects: ObjectApi
    listing: ListingApi
    own: PropertyApi


def record_routes(apis: RecordApis, handled: Handled) -> list[Operation]:
    return [
        route
        for kind in OBJECT_TYPES
        for under in (_dated, _legacy)
        for route in _routes_of(kind, under, apis, handled)
    ]


def _routes_of(kind: str, under: Callable[[str], str], apis: RecordApis, handled: Handled) -> list[Operation]:
    api, listing, own = apis.objects, apis.listing, apis.own
    records, properties = f"{under('objects')}/{kind}", f"{under('properties')}/{kind}"
    links = f"{under('associations').replace('v3', 'v4')}/{kind}/{{to}}/batch/read"
    one = f"{records}/{{key:path}}"
    schema, validations = _schema(under), f"{under('property-validations')}/{TYPE_IDS[kind]}"
    table: Sequence[tuple[str, str, str, Callable[[Request, str, Any], Response]]] = (
        ("create_group", "POST", f"{properties}/groups", own.create_group),
        ("properties", "GET", properties, api.list_properties),
        ("create_property", "POST", properties, own.create),
        ("update_property", "PATCH", f"{properties}/{{key}}", own.update),
        ("schema", "GET", f"{schema}/{kind}", own.schema),
        ("validations", "GET", validations, own.validations),
        ("pipelines", "GET", f"{under('pipelines')}/{kind}", api.list_pipelines),
        ("links", "POST", links, listing.links),
        ("list", "GET", records, listing.list),
        ("create", "POST", records, api.create),
        ("batch_read", "POST", f"{records}/batch/read", api.batch_read),
        ("batch_create", "POST", f"{records}/batch/create", api.batch_create),
        ("batch_upsert", "POST", f"{records}/batch/upsert", api.batch_upsert),
        ("search", "POST", f"{records}/search", api.search),
        ("get", "GET", one, api.get),
        ("update", "PATCH", one, api.update),
    )
    return [
        Operation(
            f"{kind}.{what}", method, path, handled(_scope(kind, writes=what in _WRITES), _of(kind, handler))
        )
        for what, method, path, handler in table
    ]


def _of(kind: str, handler: Callable[[Request, str, Any], Response]) -> Answering:
    return lambda request, body: handler(request, kind, body)


def conversation_routes(api: ThreadApi, handled: Handled) -> list[Operation]:
    threads = f"/conversations/conversations/{DATED}/threads"
    messages = f"{threads}/{{id}}/messages"
    original = f"{messages}/{{message}}/original-content"
    reads, writes = "conversations.read", "conversations.write"
    return [
        Operation("threads.list", "GET", threads, handled(reads, api.list_threads)),
        Operation("threads.messages", "GET", messages, handled(reads, api.list_messages)),
        Operation("threads.original", "GET", original, handled(reads, api.original)),
        Operation("threads.send", "POST", messages, handled(writes, api.send)),
    ]


def webhook_routes(api: HookApi, app_id: str, handled: Handled) -> list[Operation]:
    app = f"/app-webhooks/{DATED}/{app_id}"
    one = f"{app}/subscriptions/{{id}}"
    return [
        Operation("app.settings", "GET", f"{app}/settings", handled(None, api.get_settings)),
        Operation("app.set_settings", "PUT", f"{app}/settings", handled(None, api.put_settings)),
        Operation("app.subscriptions", "GET", f"{app}/subscriptions", handled(None, api.list_subscriptions)),
        Operation("app.subscribe", "POST", f"{app}/subscriptions", handled(None, api.subscribe)),
        Operation("app.activate", "PATCH", one, handled(None, api.change_subscription)),
    ]


def _dated(area: str) -> str:
    return f"/crm/{area}/{DATED}"


def _legacy(area: str) -> str:
    return f"/crm/{LEGACY}/{area}"


def _schema(under: Callable[[str], str]) -> str:
    return f"/crm-object-schemas/{DATED}/schemas" if under is _dated else f"/crm/{LEGACY}/schemas"


def _scope(kind: str, *, writes: bool) -> str:
    if kind == TICKETS:
        return "tickets"
    owner = "contacts" if kind == "notes" else kind  # notes have no scope of their own
    return f"crm.objects.{owner}.{'write' if writes else 'read'}"
