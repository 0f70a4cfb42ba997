"""Intercom: opens tickets or enriches conversations, follows both, and tells of a customer's recent ones."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from batonpass.ports import Capability, Connecting, Manifest, SecretKind
from batonpass_intercom.settings import LOOKUP_LAG, IntercomSettings
from batonpass_intercom.webhooks import DOOR

__all__ = ["IntercomSettings", "manifest"]

_CAPABILITIES = frozenset(
    {
        Capability.OPEN_TICKET,
        Capability.NOTE_APART,
        Capability.READ_BACK,
        Capability.APPEND_NOTE,
        Capability.FIELD_SCHEMA,
        Capability.CHANGE_TICKET,
        Capability.REPLY,
        Capability.READ_CONVERSATION,
        Capability.FOLLOW_TICKET,
        Capability.LIST_CHANGES,
        Capability.SATISFACTION,
        Capability.AGENTS,
        Capability.AGENT_PRESENCE,
        Capability.PROVISION_FIELDS,
        Capability.TICKET_HISTORY,
        Capability.SYNC,
    }
)


def connect(settings: IntercomSettings, connecting: Connecting) -> object:
    """An object with the protocols of the manifest's capabilities."""
    from batonpass_intercom.adapter import open_intercom  # noqa: PLC0415 - listing connectors stays quick

    return open_intercom(settings, connecting)


def _emulator(**options: Any) -> Any:
    from batonpass_intercom.emulator import IntercomEmulator  # noqa: PLC0415 - only the demo and tests need it

    return IntercomEmulator(**options)


ACCESS_TOKEN = SecretKind(
    what="an Intercom access token (dG9rO…)", pattern=r"dG9rO[A-Za-z0-9+/_-]{20,200}={0,2}"
)

manifest = Manifest(
    name="intercom",
    title="Intercom",
    capabilities=_CAPABILITIES,
    settings=IntercomSettings,
    connect=connect,
    emulator=_emulator,
    webhooks=DOOR,
    lookup_lag=LOOKUP_LAG,
    secrets=MappingProxyType(
        {
            "access_token": ACCESS_TOKEN,
            "webhook_secret": SecretKind(what="an Intercom app's client secret"),
            "webhook_secret_previous": SecretKind(what="an Intercom app's client secret"),
        }
    ),
    fixed_facts=("support.recent_tickets", "support.tickets_90_days"),
)
