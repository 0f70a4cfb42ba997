"""The emulated account's webhooks and triggers: kept, set off, signed, posted, and paused where they fail.

https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.testing.outbox import Outgoing, Sent
from batonpass_zendesk.emulated_conditions import body_of, is_met
from batonpass_zendesk.emulated_desk import EmulatedDesk
from batonpass_zendesk.emulated_events import PREFIX, Change, detail, webhook_events
from batonpass_zendesk.emulated_http import Refusal, json_body, not_found, page
from batonpass_zendesk.emulated_json import at
from batonpass_zendesk.event_bodies import EVENTS

BY_TRIGGERS = "conditional_ticket_events"
ACCOUNT_ID = 12514403
RETRIED = frozenset({409, 429, 503})
BREAKER_WINDOW = 300.0
BREAKER_CALLS = 20
BREAKER_SHARE = 0.7
BREAKER_ERRORS = 1000
MOST_WEBHOOKS = 100


@dataclass(kw_only=True)
class EmulatedWebhook:
    id: str
    name: str
    endpoint: str
    subscriptions: list[str]
    secret: str
    created_at: datetime
    status: str = "active"
    paused: bool = False
    """Whether the circuit breaker is open."""
    calls: deque[tuple[float, bool]] = field(default_factory=deque)
    """When each of the last five minutes was made, and whether it was answered well."""
    invocations: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class EmulatedTrigger:
    id: int
    told: dict[str, Any]


class Sending(EmulatedDesk):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.webhooks: dict[str, EmulatedWebhook] = {}
        self.triggers: dict[int, EmulatedTrigger] = {}
        self.outbox.retried = lambda status: status is None or status in RETRIED
        self.outbox.on_sent = self._note_call

    # What is sent ---------------------------------------------------------------------------------------------

    def tell(self, change: Change) -> None:
        """Post what this change sets off."""
        if not self.webhooks:
            return
        for type_, event in webhook_events(self.account, change):
            about = detail(change.ticket, change.author)
            self.tell_event(type_, subject=f"zen:ticket:{change.ticket.id}", event=event, about=about)
        for trigger in self.triggers.values():
            if trigger.told.get("active", True) and is_met(trigger.told.get("conditions") or {}, change):
                self._run(trigger, change)

    def tell_event(
        self, type_: str, *, subject: str, event: Mapping[str, Any], about: Mapping[str, Any]
    ) -> None:
        sequence = {"id": uuid.uuid4().hex.upper(), "position": 1, "total": 1}
        body = {
            "type": type_,
            "account_id": ACCOUNT_ID,
            "id": str(uuid.uuid4()),
            "time": at(self.clock.now()),
            "zendesk_event_version": "2022-11-06",
            "subject": subject,
            "detail": about,
            "event": {**event, "meta": {"sequence": sequence}},
        }
        for webhook in self.webhooks.values():
            if type_ in webhook.subscriptions:
                self._post(webhook, type_, json.dumps(body).encode())

    def _run(self, trigger: EmulatedTrigger, change: Change) -> None:
        for action in trigger.told["actions"]:
            webhook = self.webhooks.get(action["value"][0])
            if webhook is not None and BY_TRIGGERS in webhook.subscriptions:
                self._post(webhook, trigger.told["title"], body_of(action["value"][1], change).encode())

    def _post(self, webhook: EmulatedWebhook, what: str, body: bytes) -> None:
        if webhook.status != "active":
            return
        if webhook.paused:
            webhook.invocations.append("circuit broken")
            return
        self.outbox.post(what, webhook.endpoint, partial(_signed, webhook, body, uuid.uuid4().hex))

    def _note_call(self, sent: Sent) -> None:
        """Open the breaker at 70 % of at least 20 calls in five minutes, or at 1,000 errors. The numbers are a third
        party's (alboz.eu, 2025-10-29); how long it stays open no page says: here until it is switched on again."""
        well = sent.status is not None and 200 <= sent.status < 300
        now = self.clock.monotonic()
        for webhook in self.webhooks.values():
            if webhook.endpoint != sent.url:
                continue
            webhook.invocations.append("success" if well else "failed")
            webhook.calls.append((now, well))
            while webhook.calls[0][0] <= now - BREAKER_WINDOW:
                webhook.calls.popleft()
            errors = sum(not good for _, good in webhook.calls)
            many = len(webhook.calls) >= BREAKER_CALLS and errors >= BREAKER_SHARE * len(webhook.calls)
            webhook.paused = webhook.paused or many or errors > BREAKER_ERRORS

    # By hand --------------------------------------------------------------------------------------------------

    def deliver_to(self, url: str, *, secret: str) -> None:
        self._add_webhook("batonpass", url, list(EVENTS), secret=secret)

    def _add_webhook(
        self, name: str, endpoint: str, subscriptions: list[str], *, secret: str | None = None
    ) -> EmulatedWebhook:
        made = EmulatedWebhook(
            id=f"01{uuid.uuid4().hex[:24].upper()}",
            name=name,
            endpoint=endpoint,
            subscriptions=subscriptions,
            secret=secret or base64.b64encode(secrets.token_bytes(32)).decode(),
            created_at=self.clock.now(),
        )
        self.webhooks[made.id] = made
        return made

    # Its endpoints --------------------------------------------------------------------------------------------

    def _list_webhooks(self, request: Request) -> Response:
        return page(request, "webhooks", [_webhook(each) for each in self.webhooks.values()])

    async def _create_webhook(self, request: Request) -> Response:
        told = (await json_body(request))["webhook"]
        lacking = [
            name
            for name in ("name", "endpoint", "http_method", "request_format", "status")
            if not told.get(name)
        ]
        if lacking:
            raise Refusal(422, "InvalidWebhook", f"{lacking[0]} is required")
        if told["http_method"] != "POST" or told["request_format"] != "json":
            raise Refusal(422, "InvalidWebhook", "Event webhooks are POST and JSON")
        if len(self.webhooks) >= MOST_WEBHOOKS:
            raise Refusal(422, "InvalidWebhook", "Too many webhooks")
        subscriptions = self._checked(told.get("subscriptions") or [])
        made = self._add_webhook(told["name"], told["endpoint"], subscriptions)
        made.status = told["status"]
        self.commit("webhook.registered", made.id)
        return JSONResponse({"webhook": _webhook(made)}, 201)

    def _checked(self, subscriptions: list[str]) -> list[str]:
        by_triggers = BY_TRIGGERS in subscriptions
        if not subscriptions or (by_triggers and len(subscriptions) > 1):
            raise Refusal(422, "InvalidSubscriptions", "Either events or conditional_ticket_events")
        unknown = [
            each
            for each in subscriptions
            if not by_triggers
            and (each not in EVENTS or (not self.ticket_events and each.startswith(f"{PREFIX}ticket.")))
        ]
        if unknown:
            raise Refusal(422, "InvalidSubscriptions", f"{unknown[0]} is not a supported event type")
        return subscriptions

    async def _change_webhook(self, request: Request) -> Response:
        webhook = self._webhook(request)
        told = (await json_body(request))["webhook"]
        if "subscriptions" in told:
            wanted = self._checked(told["subscriptions"])
            if (BY_TRIGGERS in wanted) is not (BY_TRIGGERS in webhook.subscriptions):
                raise Refusal(422, "InvalidSubscriptions", "The connection method cannot be changed")
            webhook.subscriptions = wanted
        webhook.status = told.get("status", webhook.status)
        if webhook.status == "active":
            webhook.paused = False
            webhook.calls.clear()
        return Response(status_code=204)

    def _show_secret(self, request: Request) -> Response:
        secret = {"algorithm": "SHA256", "secret": self._webhook(request).secret}
        return JSONResponse({"signing_secret": secret})

    def _list_invocations(self, request: Request) -> Response:
        newest = list(reversed(self._webhook(request).invocations))
        return page(request, "invocations", [{"id": str(n), "status": each} for n, each in enumerate(newest)])

    def _webhook(self, request: Request) -> EmulatedWebhook:
        found = self.webhooks.get(request.path_params["id"])
        if found is None:
            raise not_found()
        return found

    def _list_triggers(self, request: Request) -> Response:
        return page(request, "triggers", [_trigger(each) for each in self.triggers.values()])

    async def _create_trigger(self, request: Request) -> Response:
        made = EmulatedTrigger(id=self.account.next_id(), told=await self._told_trigger(request))
        self.triggers[made.id] = made
        self.commit("trigger.created", str(made.id))
        return JSONResponse({"trigger": _trigger(made)}, 201)

    async def _change_trigger(self, request: Request) -> Response:
        found = self.triggers.get(request.path_params["id"])
        if found is None:
            raise not_found()
        found.told = await self._told_trigger(request)
        return JSONResponse({"trigger": _trigger(found)})

    async def _told_trigger(self, request: Request) -> dict[str, Any]:
        told: dict[str, Any] = (await json_body(request))["trigger"]
        if not told.get("title") or not told.get("actions"):
            raise Refusal(422, "RecordInvalid", "Title and actions are required")
        for action in told["actions"]:
            if action["field"] == "notification_webhook" and action["value"][0] not in self.webhooks:
                raise Refusal(422, "RecordInvalid", "The webhook does not exist")
        return told


def _signed(webhook: EmulatedWebhook, body: bytes, invocation: str, url: str, now: datetime) -> Outgoing:
    del url
    stamp = at(now)
    digest = hmac.digest(webhook.secret.encode(), stamp.encode() + body, hashlib.sha256)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Zendesk Webhook",
        "X-Zendesk-Account-Id": str(ACCOUNT_ID),
        "X-Zendesk-Webhook-Id": webhook.id,
        "X-Zendesk-Webhook-Invocation-Id": invocation,
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
    }
    return Outgoing(headers=headers, body=body)


def _webhook(known: EmulatedWebhook) -> dict[str, Any]:
    """A webhook that the circuit breaker has paused is still active."""
    return {
        "id": known.id,
        "name": known.name,
        "endpoint": known.endpoint,
        "http_method": "POST",
        "request_format": "json",
        "status": known.status,
        "subscriptions": known.subscriptions,
        "created_at": at(known.created_at),
        "created_by": "1",
        "updated_at": at(known.created_at),
        "updated_by": "1",
    }


def _trigger(known: EmulatedTrigger) -> dict[str, Any]:
    return {**known.told, "id": known.id, "raw_title": known.told["title"], "default": False}
