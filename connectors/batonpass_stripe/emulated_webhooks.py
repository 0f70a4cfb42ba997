"""What the emulated account tells by itself: its events, and the endpoints that they are delivered to.

https://docs.stripe.com/webhooks. Not as Stripe: an endpoint on loopback is good, because it is what we have.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from batonpass.testing.emulator import Emulator
from batonpass.testing.outbox import Outgoing, Sent
from batonpass_stripe.client import VERSION
from batonpass_stripe.emulated_objects import Made
from batonpass_stripe.emulated_shelves import Shelf
from batonpass_stripe.emulated_versions import as_of
from batonpass_stripe.webhooks import KINDS, sign

KEPT = timedelta(days=30)
"""How long Stripe lists an event."""
_BY_ITSELF: Made = {"id": None, "idempotency_key": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One webhook endpoint."""

    id: str
    url: str
    enabled_events: tuple[str, ...]
    secret: str
    older_secrets: tuple[str, ...] = ()
    """Good still, while the secret is being rolled."""
    api_version: str | None = None
    """None: the account's own."""
    created: int
    enabled: bool = True
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def wants(self, event_type: str) -> bool:
        return self.enabled and not {event_type, "*"}.isdisjoint(self.enabled_events)


@dataclass
class EmulatedWebhooks(Emulator):
    """Keeps what happened, and delivers it, signed."""

    live: bool = False
    account_version: str = VERSION
    """The version in which events are listed, and delivered to endpoints that have none of their own."""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1), init=False, repr=False)
    _endpoints: dict[str, Endpoint] = field(default_factory=dict, init=False, repr=False)
    _events: dict[str, Made] = field(default_factory=dict, init=False, repr=False)
    _event_shelf: Shelf = field(default_factory=Shelf, init=False, repr=False)
    _request: Made = field(default_factory=lambda: _BY_ITSELF, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.outbox.on_sent = self._note_sent

    def deliver_to(self, url: str, *, secret: str) -> None:
        known = next((each for each in self._endpoints.values() if each.url == url), None)
        if known is None:
            self.add_endpoint(url, secret=secret)
        else:
            self._endpoints[known.id] = replace(known, secret=secret, older_secrets=(), enabled=True)

    def add_endpoint(
        self,
        url: str,
        *,
        enabled_events: tuple[str, ...] = tuple(KINDS),
        secret: str | None = None,
        **told: Any,
    ) -> str:
        """An endpoint as a person makes it in Workbench; gives its id. `told` as in `Endpoint`."""
        endpoint_id = self._new_id("we")
        self._endpoints[endpoint_id] = Endpoint(
            id=endpoint_id,
            url=url,
            enabled_events=enabled_events,
            secret=secret or f"whsec_{self._chance.getrandbits(128):032x}",
            created=int(self.clock.now().timestamp()),
            **told,
        )
        return endpoint_id

    def roll_secret(self, endpoint_id: str) -> str:
        """A new secret; the one before is good as well, until it is rolled again. Gives the new one."""
        known = self._endpoints[endpoint_id]
        secret = f"whsec_{self._chance.getrandbits(128):032x}"
        self._endpoints[endpoint_id] = replace(known, secret=secret, older_secrets=(known.secret,))
        return secret

    def disable_endpoint(self, endpoint_id: str) -> None:
        """As Stripe does after days of failed deliveries, and people do by hand."""
        self._endpoints[endpoint_id] = replace(self._endpoints[endpoint_id], enabled=False)

    def tell(self, event_type: str, made: Made, *, was: Made | None = None) -> str:
        """Note that this happened to the object, and post it to whoever wants it; gives the event's id.

        `was`: the former values of what has changed. Needs a running event loop where an endpoint wants it.
        """
        return self._told(event_type, copy.deepcopy(made), was=was)

    def _told(self, event_type: str, snapshot: Made, *, was: Made | None = None) -> str:
        """As `tell`, of what will not be changed itself."""
        data: Made = {"object": snapshot}
        if was is not None:
            data["previous_attributes"] = was
        wanted_by = [each for each in self._endpoints.values() if each.wants(event_type)]
        event: Made = {
            "id": self._new_id("evt"),
            "object": "event",
            "api_version": self.account_version,
            "created": int(self.clock.now().timestamp()),
            "data": data,
            "livemode": self.live,
            "pending_webhooks": len(wanted_by),
            "request": self._request,
            "type": event_type,
        }
        self._events[event["id"]] = event
        self._event_shelf.add(event["id"], event["created"])
        for endpoint in wanted_by:
            self._post(event, endpoint)
        return str(event["id"])

    def events(self) -> list[Made]:
        """Those that are listed still, the newest first, in the account's version."""
        kept = self._event_shelf.newest_first(since=self._kept_since)
        return [rendered(self._events[each], self.account_version) for each in kept]

    @property
    def _kept_since(self) -> int:
        return int((self.clock.now() - KEPT).timestamp())

    @contextmanager
    def _by_request(self, request_id: str, key: str | None) -> Iterator[None]:
        """What is told within was caused by a call of the API."""
        self._request = {"id": request_id, "idempotency_key": key}
        try:
            yield
        finally:
            self._request = _BY_ITSELF

    def _post(self, event: Made, endpoint: Endpoint) -> None:
        """Signed anew for each attempt, and with the secrets that the endpoint has then."""
        body = json.dumps(rendered(event, endpoint.api_version or self.account_version), indent=2).encode()

        def signed(url: str, now: datetime) -> Outgoing:
            del url
            current = self._endpoints.get(endpoint.id, endpoint)
            older = [SecretStr(each) for each in current.older_secrets]
            return outgoing(body, sign(body, secret=SecretStr(current.secret), now=now, older=older))

        self.outbox.post(str(event["type"]), endpoint.url, signed)

    def _note_sent(self, sent: Sent) -> None:
        if sent.status is None or not 200 <= sent.status < 300:
            return
        event = self._events.get(json.loads(sent.request.body)["id"])
        if event is not None:
            event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}_emulated{next(self._numbers):04d}"


def rendered(event: Made, version: str) -> Made:
    """The event with its object as this version has it."""
    data = {**event["data"], "object": as_of(event["data"]["object"], version)}
    return {**event, "api_version": version, "data": data}


def outgoing(body: bytes, signature: str) -> Outgoing:
    return Outgoing(
        headers={
            "content-type": "application/json; charset=utf-8",
            "stripe-signature": signature,
            "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        },
        body=body,
    )
