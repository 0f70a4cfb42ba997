"""Acme Desk, a made-up helpdesk: the smallest connector that keeps every promise of `batonpass.ports`."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from batonpass.ports import Capability, Connecting, HelpdeskSettings, Manifest, SecretKind, WebhookDoor
from batonpass.transport import FixedCredentials
from batonpass_acme.webhooks import KINDS, read, receive

HOST = "api.acme-desk.example"


class AcmeSettings(HelpdeskSettings):
    """One Acme Desk account."""

    api_key: SecretStr


def connect(settings: AcmeSettings, connecting: Connecting) -> object:
    """An object with the protocols of all capabilities below."""
    from batonpass_acme.adapter import Acme  # noqa: PLC0415 - listing connectors stays quick
    from batonpass_acme.client import AcmeClient  # noqa: PLC0415
    from batonpass_acme.wire import explain  # noqa: PLC0415

    address = (settings.base_url or f"https://{HOST}").rstrip("/")
    transport = connecting.open_transport(
        base_url=address,
        hosts=(HOST,),
        credentials=FixedCredentials({"Authorization": f"Bearer {settings.api_key.get_secret_value()}"}),
        explain=explain,
    )
    return Acme(
        AcmeClient(transport),
        name=connecting.name,
        address=address,
        clock=connecting.clock,
        ai_agent_id=settings.ai_agent_id,
    )


def _emulator(**options: Any) -> Any:
    from batonpass_acme.emulator import AcmeEmulator  # noqa: PLC0415 - only tests need it

    return AcmeEmulator(**options)


def _by_hand(settings: Any, url: str) -> tuple[str, ...]:
    del settings
    return (
        "Open Acme Desk > Settings > Webhooks and press Add.",
        f"Enter the address {url} and tick every event.",
        "Copy the secret (acme_wh_…) into webhook_secret.",
    )


manifest = Manifest(
    name="acme",
    title="Acme Desk",
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
        }
    ),
    settings=AcmeSettings,
    connect=connect,
    emulator=_emulator,
    webhooks=WebhookDoor(
        receive=receive,
        read=read,
        kinds=KINDS,
        scheme="HMAC-SHA256 of time and body, hex, in Acme-Signature",
        by_hand=_by_hand,
    ),
    secrets={
        "api_key": SecretKind(what="an Acme Desk API key (acme_key_…)", pattern=r"acme_key_[a-z0-9]{8,}"),
        "webhook_secret": SecretKind(
            what="an Acme Desk webhook secret (acme_wh_…)", pattern=r"acme_wh_[a-z0-9]{8,}"
        ),
    },
    fixed_facts=("support.recent_tickets", "support.tickets_90_days"),
)
