"""The webhooks of an emulated HubSpot app: who has subscribed to what, and what is delivered."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.domain.clock import Clock
from batonpass.testing.outbox import Outbox, Outgoing
from batonpass_hubspot.emulated_account import Change
from batonpass_hubspot.emulated_api import Commit, Refuse
from batonpass_hubspot.emulated_schema import SINGULAR, TYPE_IDS, stamp
from batonpass_hubspot.webhooks import sign

MOST_IN_A_DELIVERY = 100
EVENT_TYPES = frozenset(
    {
        f"{kind}.{change}"
        for kind in ("contact", "company", "deal", "ticket", "object")
        for change in ("creation", "propertyChange", "deletion", "merge", "restore", "associationChange")
    }
    | {"conversation.creation", "conversation.newMessage", "conversation.propertyChange"}
)
EVERYTHING = "*"


@dataclass(slots=True, kw_only=True)
class Subscribed:
    id: int
    event_type: str
    property_name: str | None = None
    object_type_id: str | None = None
    active: bool = False
    created_at: str = ""

    def told(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "eventType": self.event_type,
            "propertyName": self.property_name,
            "objectTypeId": self.object_type_id,
            "active": self.active,
            "createdAt": self.created_at,
            "updatedAt": self.created_at,
        }

    def takes(self, change: Change) -> bool:
        if not self.active:
            return False
        if self.event_type == EVERYTHING:
            return True
        kind, _, what = self.event_type.partition(".")
        if what != change.what:
            return False
        if kind == "object":
            return self.object_type_id == TYPE_IDS[change.kind]
        return kind == SINGULAR[change.kind] and self.property_name in {None, change.property}


@dataclass(slots=True, kw_only=True)
class Target:
    url: str
    secret: str
    subscriptions: list[Subscribed] = field(default_factory=list)


class HookApi:
    """One app: `/app-webhooks/2026-09/{appId}`, one address for all; and endpoints that people have pointed here."""

    def __init__(
        self,
        outbox: Callable[[], Outbox],
        clock: Clock,
        *,
        app_id: str,
        portal_id: int,
        secret: str,
        refuse: Refuse,
        commit: Commit,
        next_id: Callable[[], str],
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._app_id = app_id
        self._portal_id = portal_id
        self._refuse = refuse
        self._commit = commit
        self._next_id = next_id
        self.app = Target(url="", secret=secret)
        self.pointed: list[Target] = []
        self.source = ("INTEGRATION", app_id)
        """Who does what happens now: `changeSource` and `sourceId`."""
        self._pending: list[tuple[Change, tuple[str, str]]] = []

    def deliver_to(self, url: str, secret: str) -> None:
        everything = Subscribed(id=int(self._next_id()), event_type=EVERYTHING, active=True)
        self.pointed.append(Target(url=url, secret=secret, subscriptions=[everything]))

    def note(self, change: Change) -> None:
        if self.app.url or self.pointed:
            self._pending.append((change, self.source))

    def flush(self) -> None:
        """Deliver what has happened since, each endpoint's events in arrays of at most a hundred."""
        pending, self._pending = self._pending, []
        for target in (self.app, *self.pointed):
            if not target.url:
                continue
            events = [
                self._event(change, source, subscribed)
                for change, source in pending
                for subscribed in target.subscriptions
                if subscribed.takes(change)
            ]
            for start in range(0, len(events), MOST_IN_A_DELIVERY):
                self._post(target, events[start : start + MOST_IN_A_DELIVERY])

    def _post(self, target: Target, events: list[dict[str, Any]]) -> None:
        body = json.dumps(events).encode()

        def signed(url: str, at: datetime) -> Outgoing:
            headers = {
                "Content-Type": "application/json",
                "X-HubSpot-Signature": sha256(target.secret.encode() + body).hexdigest(),
                "X-HubSpot-Signature-Version": "v1",
                **sign(body, url=url, secret=target.secret, now=at),
            }
            return Outgoing(headers=headers, body=body)

        self._outbox().post(events[0]["subscriptionType"], target.url, signed)

    def _event(self, change: Change, source: tuple[str, str], subscribed: Subscribed) -> dict[str, Any]:
        kind = SINGULAR[change.kind]
        generic = subscribed.event_type.startswith("object.") or change.to_kind in {
            "notes",
            "feedback_submissions",
        }
        told: dict[str, Any] = {
            "eventId": int(self._next_id()),
            "subscriptionId": subscribed.id,
            "portalId": self._portal_id,
            "appId": int(self._app_id),
            "occurredAt": int(self._clock.now().timestamp() * 1000),
            "subscriptionType": f"{'object' if generic else kind}.{change.what}",
            "attemptNumber": 0,
            "changeSource": source[0],
            "sourceId": source[1],
        }
        if change.to_kind is not None:
            told |= {
                "associationTypeId": change.type_id,
                "associationCategory": "HUBSPOT_DEFINED",
                "fromObjectId": int(change.record_id),
                "fromObjectTypeId": TYPE_IDS[change.kind],
                "toObjectId": int(change.to_id or 0),
                "toObjectTypeId": TYPE_IDS[change.to_kind],
                "associationRemoved": False,
                "isPrimaryAssociation": False,
            }
            return told
        told["objectId"] = int(change.record_id)
        if generic:
            told["objectTypeId"] = TYPE_IDS[change.kind]
        if change.property is not None:
            told |= {"propertyName": change.property, "propertyValue": change.value}
        return told

    # The endpoints --------------------------------------------------------------------------------------------

    def get_settings(self, request: Request, body: Any) -> Response:
        del request, body
        if not self.app.url:
            return self._refuse(404, "OBJECT_NOT_FOUND", "No webhook settings")
        return self._settings()

    def put_settings(self, request: Request, body: Any) -> Response:
        del request
        url = str(body.get("targetUrl", ""))
        if not url.startswith("https://") and "://127.0.0.1" not in url:
            return self._refuse(400, "VALIDATION_ERROR", "targetUrl must be an https address")
        self.app.url = url
        self._commit("webhook.registered", self._app_id)
        return self._settings()

    def _settings(self) -> Response:
        moment = stamp(self._clock.now())
        told = {"targetUrl": self.app.url, "throttling": {"maxConcurrentRequests": 10}}
        return JSONResponse({**told, "createdAt": moment, "updatedAt": moment})

    def list_subscriptions(self, request: Request, body: Any) -> Response:
        del request, body
        return JSONResponse({"results": [each.told() for each in self.app.subscriptions]})

    def subscribe(self, request: Request, body: Any) -> Response:
        del request
        event_type, name = str(body.get("eventType", "")), body.get("propertyName")
        generic = event_type.startswith("object.")
        needs_name = event_type.endswith(".propertyChange") and not name
        if event_type not in EVENT_TYPES or needs_name or (generic and not body.get("objectTypeId")):
            return self._refuse(400, "VALIDATION_ERROR", "The subscription is not valid")
        made = Subscribed(
            id=int(self._next_id()),
            event_type=event_type,
            property_name=name,
            object_type_id=body.get("objectTypeId"),
            active=bool(body.get("active")),
            created_at=stamp(self._clock.now()),
        )
        key = (made.event_type, made.property_name, made.object_type_id)
        if any(key == (each.event_type, each.property_name, each.object_type_id) for each in self._known()):
            return self._refuse(409, "CONFLICT", "This subscription exists already")
        self.app.subscriptions.append(made)
        return JSONResponse(made.told(), 201)

    def change_subscription(self, request: Request, body: Any) -> Response:
        wanted = request.path_params["id"]
        found = next((each for each in self._known() if str(each.id) == wanted), None)
        if found is None:
            return self._refuse(404, "OBJECT_NOT_FOUND", "resource not found")
        found.active = bool(body.get("active"))
        return JSONResponse(found.told())

    def _known(self) -> list[Subscribed]:
        return self.app.subscriptions
