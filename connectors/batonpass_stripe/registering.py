"""Webhook endpoints by Stripe's API, and how a person makes one: https://docs.stripe.com/api/webhook_endpoints"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from batonpass.domain.errors import RefusedError
from batonpass.ports import RegisteredWebhook
from batonpass_stripe.client import VERSION, StripeClient
from batonpass_stripe.settings import StripeSettings
from batonpass_stripe.webhooks import KINDS
from batonpass_stripe.wire import WebhookEndpoint

Value = TypeVar("Value")
_ENABLED = "enabled"


def by_hand(settings: StripeSettings, url: str) -> tuple[str, ...]:
    """https://docs.stripe.com/workbench/event-destinations"""
    mode = "live mode" if settings.mode == "live" else "the sandbox or test mode"
    whose = "Connected accounts" if settings.account else "Your account"
    return (
        f"In the Stripe Dashboard, in {mode}: Developers > Workbench > Webhooks > Add destination.",
        f"Events from: {whose}.",
        f"API version: {VERSION}, or the newest that is offered.",
        *(f"Event: {each}" for each in KINDS),
        "Continue; destination type: Webhook endpoint.",
        f"Endpoint URL: {url}",
        "Create destination, then open it: Signing secret > Reveal (whsec_…) is this connection's webhook_secret.",
    )


class WebhookEndpoints:
    """`RegistersWebhooks` over one account."""

    def __init__(self, client: StripeClient) -> None:
        self._client = client

    async def register_webhook(self, url: str) -> RegisteredWebhook:
        """As `RegistersWebhooks` promises. Stripe tells the secret only when it makes the endpoint; of one that
        stands already a person reads it in Workbench.

        An endpoint keeps the API version that it was made with. What we read of an event is the same in all.
        """
        there = await _allowed(self._client.webhook_endpoints(), "read")
        ours = next((each for each in there if each.url == url), None)
        if ours is None:
            return _told(await _allowed(self._client.create_webhook_endpoint(url, events=KINDS), "write"))
        if ours.status == _ENABLED and set(KINDS) == set(ours.enabled_events):
            return _told(ours)
        return _told(await _allowed(self._client.enable_webhook_endpoint(ours.id, events=KINDS), "write"))

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        return tuple(_told(each) for each in await _allowed(self._client.webhook_endpoints(), "read"))


def _told(endpoint: WebhookEndpoint) -> RegisteredWebhook:
    delivers = endpoint.status == _ENABLED
    return RegisteredWebhook(
        id=endpoint.id,
        url=endpoint.url,
        delivers=delivers,
        events=endpoint.enabled_events,
        problem=None
        if delivers
        else "disabled, by a person or by Stripe after days of failed deliveries; enable it in Workbench > Webhooks "
        "or register it again. What happened meanwhile is not sent again.",
        secret=endpoint.secret,
    )


async def _allowed(call: Awaitable[Value], right: str) -> Value:
    """Says what to do where a restricted key may not."""
    try:
        return await call
    except RefusedError as error:
        if error.code != "forbidden":
            raise
        named = next((each for each in error.reasons if each.startswith("rak_")), f"rak_webhook_{right}")
        raise RefusedError(
            f"the API key may not {right} webhook endpoints: give it the permission {named} (Dashboard > Developers "
            "> API keys > edit the restricted key > Webhook Endpoints), or make the endpoint by hand",
            status=error.status,
            fields=error.fields,
            reasons=error.reasons,
            code=error.code,
            request_id=error.request_id,
        ) from None
