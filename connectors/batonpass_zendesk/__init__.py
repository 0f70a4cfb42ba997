"""Zendesk Support: tickets in both directions, the team behind them, a customer's earlier tickets, and all in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, model_validator

from batonpass.domain.delivery import Delivery
from batonpass.domain.event import Event
from batonpass.ports import (
    Capability,
    Connecting,
    EndDate,
    HelpdeskSettings,
    Manifest,
    SecretKind,
    WebhookDoor,
)
from batonpass_zendesk.event_bodies import EVENTS
from batonpass_zendesk.trigger_bodies import KINDS as TRIGGER_WORDS
from batonpass_zendesk.trigger_bodies import MARK

TOKENS_END = EndDate(
    on=date(2027, 4, 30),
    what="Zendesk API tokens stop working. New ones cannot be made since 2026-10-27, and one that is unused for "
    "30 days is switched off.",
    fix="make a confidential OAuth client in Admin Center > Apps and integrations > APIs, then set client_id and "
    "client_secret instead of email and api_token",
    source="https://developer.zendesk.com/api-reference/changelog/changelog/",
    setting="api_token",
)


class ZendeskSettings(HelpdeskSettings):
    """`client_id` and `client_secret`, or `email` and `api_token` where an account still has one."""

    subdomain: Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=63)] | None = None
    """`acme` of acme.zendesk.com."""
    client_id: str | None = None
    client_secret: SecretStr | None = None
    scope: str = "read write"
    email: str | None = None
    api_token: SecretStr | None = None
    messaging_app_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]+$", max_length=64)] | None = None
    """The id of the messaging app, for handing over conversations that the AI agent holds itself (Admin Center > Apps
    and integrations > Conversations API); with the key that is made there."""
    messaging_key_id: str | None = None
    messaging_key_secret: SecretStr | None = None
    messaging_integration: Annotated[str, Field(min_length=1, max_length=128)] = "next"
    """To whom a conversation is passed: `next` in the switchboard's order, or an integration's name or id."""

    @model_validator(mode="after")
    def _names_an_account(self) -> Self:
        if self.subdomain is None and self.base_url is None:
            raise ValueError('set subdomain, such as "acme" of acme.zendesk.com')
        return self

    @model_validator(mode="after")
    def _has_one_login(self) -> Self:
        client = (self.client_id, self.client_secret)
        token = (self.email, self.api_token)
        if None not in client and not any(token):
            return self
        if None not in token and not any(client):
            return self
        raise ValueError(
            "set client_id and client_secret (an OAuth client), or email and api_token (accounts that still have "
            "one): one pair, whole, and not the other"
        )

    @model_validator(mode="after")
    def _has_messaging_whole(self) -> Self:
        parts = (self.messaging_app_id, self.messaging_key_id, self.messaging_key_secret)
        if any(parts) and None in parts:
            raise ValueError(
                "messaging_app_id, messaging_key_id and messaging_key_secret belong together: set all three or none"
            )
        return self

    @property
    def passes_conversations(self) -> bool:
        return self.messaging_key_secret is not None

    @property
    def address(self) -> str:
        return (self.base_url or f"https://{self.subdomain}.zendesk.com").rstrip("/")


def connect(settings: ZendeskSettings, connecting: Connecting) -> object:
    """An object with the protocols of `manifest.capabilities`."""
    from batonpass_zendesk.adapter import open_zendesk  # noqa: PLC0415 - listing connectors stays quick

    return open_zendesk(settings, connecting)


def _emulator(**options: Any) -> Any:
    from batonpass_zendesk.emulator import ZendeskEmulator  # noqa: PLC0415 - only the demo and tests need it

    return ZendeskEmulator(**options)


def _narrow(settings: ZendeskSettings, everything: frozenset[Capability]) -> frozenset[Capability]:
    """Without the messaging API's own key no conversation can be passed."""
    return everything if settings.passes_conversations else everything - {Capability.PASS_CONVERSATION}


def _receive(
    delivery: Delivery, *, secrets: Sequence[SecretStr], settings: ZendeskSettings, now: datetime
) -> tuple[Event, ...]:
    from batonpass_zendesk.webhooks import receive  # noqa: PLC0415 - it knows the settings above

    return receive(delivery, secrets=secrets, settings=settings, now=now)


def _read(body: bytes, *, settings: ZendeskSettings, received_at: datetime) -> tuple[Event, ...]:
    from batonpass_zendesk.webhooks import read  # noqa: PLC0415 - it knows the settings above

    return read(body, settings=settings, received_at=received_at)


def _by_hand(settings: ZendeskSettings, url: str) -> tuple[str, ...]:
    from batonpass_zendesk.registering import by_hand  # noqa: PLC0415 - it knows the settings above

    start = settings.start
    if start is None:
        return by_hand(url, start_said=None)
    words = (("tag", start.tag), ("group", start.group), ("field", start.field))
    said = ", ".join(f"the {word} {value}" for word, value in words if value is not None)
    return by_hand(url, start_said=said if start.value is None else f"{said} being {start.value}")


manifest = Manifest(
    name="zendesk",
    title="Zendesk Support",
    capabilities=frozenset(
        {
            Capability.OPEN_TICKET,
            Capability.IDEMPOTENT_CREATE,
            Capability.READ_BACK,
            Capability.APPEND_NOTE,
            Capability.FIELD_SCHEMA,
            Capability.CHANGE_TICKET,
            Capability.REPLY,
            Capability.READ_CONVERSATION,
            Capability.FOLLOW_TICKET,
            Capability.SATISFACTION,
            Capability.LIST_CHANGES,
            Capability.AGENTS,
            Capability.AGENT_PRESENCE,
            Capability.PROVISION_FIELDS,
            Capability.PASS_CONVERSATION,
            Capability.REGISTER_WEBHOOKS,
            Capability.TICKET_HISTORY,
            Capability.SYNC,
        }
    ),
    settings=ZendeskSettings,
    connect=connect,
    emulator=_emulator,
    narrow=_narrow,
    webhooks=WebhookDoor(
        receive=_receive,
        read=_read,
        kinds=MappingProxyType(
            {**EVENTS, **{f"{MARK}:{word}": kinds for word, kinds in TRIGGER_WORDS.items()}}
        ),
        scheme="HMAC-SHA256 of timestamp and body, base64",
        by_hand=_by_hand,
    ),
    secrets=MappingProxyType(
        {
            "client_secret": SecretKind(what="a Zendesk OAuth client's secret"),
            "api_token": SecretKind(what="a Zendesk API token"),
            "messaging_key_secret": SecretKind(what="the secret of a Zendesk Conversations API key"),
            "webhook_secret": SecretKind(what="a Zendesk webhook's signing secret"),
            "webhook_secret_previous": SecretKind(what="a Zendesk webhook's signing secret"),
        }
    ),
    other_secrets=(
        SecretKind(
            what="Zendesk's public test secret, which everybody knows",
            pattern=r"dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",
        ),
        SecretKind(what="a messaging key's id (app_…)", pattern=r"app_[0-9a-f]{24}"),
    ),
    fixed_facts=("support.recent_tickets", "support.tickets_90_days"),
    ids_are_the_accounts=True,
    end_dates=(TOKENS_END,),
)
