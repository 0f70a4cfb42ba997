"""The API's doors to events and webhook endpoints.

https://docs.stripe.com/api/events and https://docs.stripe.com/api/webhook_endpoints
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from batonpass_stripe.emulated_crowds import EmulatedCrowds
from batonpass_stripe.emulated_objects import Made
from batonpass_stripe.emulated_requests import (
    Listing,
    Parameters,
    RequestRefusedError,
    check_version,
    missing,
)
from batonpass_stripe.emulated_shelves import Shelf
from batonpass_stripe.emulated_webhooks import Endpoint, rendered

MOST_ENDPOINTS = 16
MOST_TYPES = 20
_EVENTS = Listing(kind="event", filters=())
_ENDPOINTS = Listing(kind="webhook_endpoint", filters=())
_CREATABLE = frozenset(
    {"api_version", "connect", "description", "enabled_events", "expand", "metadata", "url"}
)
_CHANGEABLE = frozenset({"description", "disabled", "enabled_events", "expand", "metadata", "url"})
_TYPE = re.compile(
    r"(account|application_fee|balance|billing|billing_portal|capability|cash_balance|charge|checkout|climate|coupon"
    r"|credit_note|customer|entitlements|file|financial_connections|identity|invoice|invoice_payment|invoiceitem"
    r"|issuing_.+?|mandate|payment_intent|payment_link|payment_method|payout|person|plan|price|product|promotion_code"
    r"|quote|radar|refund|reporting|review|setup_intent|sigma|source|subscription_schedule|tax|tax_rate|terminal"
    r"|test_helpers|topup|transfer|treasury)(\.[a-z_]+)+"
)


class EmulatedEndpoints(EmulatedCrowds):
    """Answers in Stripe's shapes; what it refuses is raised as `RequestRefusedError`."""

    def list_events(self, query: str) -> Made:
        asked = Parameters.parse(query, _EVENTS.known | {"type", "types", "delivery_success"})
        wanted = [value for name in ("type", "types") for _, value in asked.all(name)]
        if (asked.get("type") and asked.get("types")) or len(asked.all("types")) > MOST_TYPES:
            raise RequestRefusedError(400, "Give type, or up to 20 types", param="types")
        delivered = asked.get("delivery_success")

        def find(event_id: str) -> Made | None:
            event = self._listed_event(event_id)
            if event is None or (wanted and not any(_is_one(event["type"], each) for each in wanted)):
                return None
            return (
                event if delivered in {None, "true" if event["pending_webhooks"] == 0 else "false"} else None
            )

        page = _EVENTS.page(self._event_shelf, find, asked, "/v1/events")
        return {**page, "data": [rendered(each, self.account_version) for each in page["data"]]}

    def retrieve_event(self, event_id: str) -> Made:
        event = self._listed_event(event_id)
        if event is None:
            raise missing("event", event_id, status=404)
        return rendered(event, self.account_version)

    def _listed_event(self, event_id: str) -> Made | None:
        event = self._events.get(event_id)
        return None if event is None or event["created"] < self._kept_since else event

    def list_endpoints(self, query: str) -> Made:
        asked = Parameters.parse(query, _ENDPOINTS.known - {"created"})
        shelf = Shelf()
        for each in self._endpoints.values():
            shelf.add(each.id, each.created)

        def find(endpoint_id: str) -> Made:
            return self._endpoint_json(self._endpoints[endpoint_id])

        return _ENDPOINTS.page(shelf, find, asked, "/v1/webhook_endpoints")

    def retrieve_endpoint(self, endpoint_id: str) -> Made:
        return self._endpoint_json(self._endpoint(endpoint_id))

    def create_endpoint(self, form: str) -> Made:
        """The only answer that tells the secret."""
        asked = Parameters.parse(form, _CREATABLE)
        told = self._settings(asked, required=True)
        version = asked.get("api_version")
        check_version(version)
        if len(self._endpoints) >= MOST_ENDPOINTS:
            raise RequestRefusedError(
                400, f"You have reached the maximum of {MOST_ENDPOINTS} webhook endpoints."
            )
        made = self._endpoint(self.add_endpoint(**told, api_version=version))
        self.commit("webhook.registered", made.id)
        return {**self._endpoint_json(made), "secret": made.secret}

    def update_endpoint(self, endpoint_id: str, form: str) -> Made:
        """Its version cannot be changed."""
        asked = Parameters.parse(form, _CHANGEABLE)
        known = self._endpoint(endpoint_id)
        disabled = asked.get("disabled")
        if disabled not in {None, "true", "false"}:
            raise RequestRefusedError(400, f"Invalid boolean: {disabled}", param="disabled")
        enabled = known.enabled if disabled is None else disabled == "false"
        self._endpoints[endpoint_id] = replace(
            known, enabled=enabled, **self._settings(asked, required=False)
        )
        return self.retrieve_endpoint(endpoint_id)

    def delete_endpoint(self, endpoint_id: str) -> Made:
        del self._endpoints[self._endpoint(endpoint_id).id]
        return {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}

    def _settings(self, asked: Parameters, *, required: bool) -> dict[str, Any]:
        """What create and update have in common, checked."""
        read: dict[str, Callable[[], Any]] = {
            "url": lambda: self._url(asked.get("url") or ""),
            "enabled_events": lambda: _types([value for _, value in asked.all("enabled_events")]),
            "description": lambda: asked.get("description") or None,
            "metadata": lambda: dict(asked.all("metadata")),
        }
        given = {name for name, _, _ in asked.pairs}
        for name in ("url", "enabled_events"):
            if required and name not in given:
                raise RequestRefusedError(400, f"Missing required param: {name}.", "parameter_missing", name)
        return {name: each() for name, each in read.items() if name in given}

    def _url(self, url: str) -> str:
        schemes = ("https://",) if self.live else ("https://", "http://")
        if not url.startswith(schemes):
            raise RequestRefusedError(400, "Invalid URL", "url_invalid", "url")
        return url

    def _endpoint(self, endpoint_id: str) -> Endpoint:
        found = self._endpoints.get(endpoint_id)
        if found is None:
            raise missing("webhook endpoint", endpoint_id, status=404)
        return found

    def _endpoint_json(self, endpoint: Endpoint) -> Made:
        return {
            "id": endpoint.id,
            "object": "webhook_endpoint",
            "api_version": endpoint.api_version,
            "application": None,
            "created": endpoint.created,
            "description": endpoint.description,
            "enabled_events": list(endpoint.enabled_events),
            "livemode": self.live,
            "metadata": dict(endpoint.metadata),
            "status": "enabled" if endpoint.enabled else "disabled",
            "url": endpoint.url,
        }


def _is_one(event_type: str, pattern: str) -> bool:
    """`customer.*` means all that begins so."""
    return event_type.startswith(pattern[:-1]) if pattern.endswith("*") else event_type == pattern


def _types(types: list[str]) -> tuple[str, ...]:
    for each in types:
        if each != "*" and not _TYPE.fullmatch(each):
            raise RequestRefusedError(
                400, f"Invalid enabled_events: {each} is not an event type", param="enabled_events"
            )
    if not types or ("*" in types and len(types) > 1):
        raise RequestRefusedError(400, "Invalid enabled_events", param="enabled_events")
    return tuple(types)
