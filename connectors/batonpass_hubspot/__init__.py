"""HubSpot: facts from the CRM, or, in a connection of its own, the helpdesk."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from batonpass.ports import Capability, Connecting, EndDate, Manifest, SecretKind
from batonpass.transport import Explain, FixedCredentials, Transport
from batonpass_hubspot.adapter import HubSpotFacts
from batonpass_hubspot.client import HubSpotClient
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.desk_client import HubSpotAppClient, HubSpotDeskClient
from batonpass_hubspot.door import DOOR
from batonpass_hubspot.history import History
from batonpass_hubspot.refusals import explain, ticket_explainer
from batonpass_hubspot.registering import Registering
from batonpass_hubspot.settings import HubSpotSettings
from batonpass_hubspot.tickets import HubSpotTickets

if TYPE_CHECKING:
    from batonpass_hubspot.emulator import HubSpotEmulator

__all__ = ["HubSpotSettings", "manifest"]

BASE_URL = "https://api.hubapi.com"
# The first is the documented one and reaches every account. The others are the data centres' own, for `base_url`;
# HubSpot documents none of them (seen in use: github.com/amp-labs/connectors, pull request 3509).
HOSTS = (
    "api.hubapi.com",
    "api-na2.hubapi.com",
    "api-na3.hubapi.com",
    "api-eu1.hubapi.com",
    "api-ap1.hubapi.com",
)


HELPDESK = frozenset(
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
        Capability.PROVISION_FIELDS,
        Capability.TICKET_HISTORY,
        Capability.SYNC,
    }
)
"""What a connection with `tickets = true` can do. HubSpot's API tells nobody's presence."""


def connect(settings: HubSpotSettings, connecting: Connecting) -> HubSpotFacts | HubSpotTickets:
    """The role that the settings say."""
    token = settings.access_token.get_secret_value()
    transport = _transport(
        settings,
        connecting,
        token,
        ticket_explainer(settings.group_property) if settings.tickets else explain,
    )
    registering = _registering(settings, connecting)
    crm = HubSpotClient(transport)
    desk = Desk(
        crm=crm,
        api=HubSpotDeskClient(transport),
        settings=settings,
        name=connecting.name,
        clock=connecting.clock,
    )
    if not settings.tickets:
        return HubSpotFacts(
            crm,
            name=connecting.name,
            token=token,
            clock=connecting.clock,
            history=History(desk),
            registering=registering,
        )
    return HubSpotTickets(desk, token=token, registering=registering)


def _transport(settings: HubSpotSettings, connecting: Connecting, token: str, said: Explain) -> Transport:
    return connecting.open_transport(
        base_url=settings.base_url or BASE_URL,
        hosts=HOSTS,
        credentials=FixedCredentials({"Authorization": f"Bearer {token}"}),
        explain=said,
    )


def _registering(settings: HubSpotSettings, connecting: Connecting) -> Registering | None:
    if settings.developer_key is None or settings.app_id is None:
        return None
    key = settings.developer_key.get_secret_value()
    client = HubSpotAppClient(_transport(settings, connecting, key, explain), settings.app_id)
    return Registering(client, settings)


def narrow(settings: HubSpotSettings, capabilities: frozenset[Capability]) -> frozenset[Capability]:
    """One connection has one role. Replies need a user in whose name they are; registering needs a developer's key."""
    has = set(HELPDESK if settings.tickets else {Capability.CRM_FACTS, Capability.SYNC})
    if settings.reply_as is None:
        has.discard(Capability.REPLY)
    if settings.developer_key is not None:
        has.add(Capability.REGISTER_WEBHOOKS)
    return capabilities & has


def _emulator(**options: Any) -> HubSpotEmulator:
    """Imported when asked for: only the demo and tests need it."""
    from batonpass_hubspot.emulator import HubSpotEmulator  # noqa: PLC0415

    return HubSpotEmulator(**options)


manifest = Manifest(
    name="hubspot",
    title="HubSpot",
    capabilities=HELPDESK | {Capability.CRM_FACTS, Capability.REGISTER_WEBHOOKS},
    settings=HubSpotSettings,
    connect=connect,
    emulator=_emulator,
    narrow=narrow,
    webhooks=DOOR,
    secrets=MappingProxyType(
        {
            "access_token": SecretKind(
                what="the access token of a HubSpot service key or private app (pat-…)"
            ),
            "webhook_secret": SecretKind(what="the client secret of a HubSpot app"),
            "webhook_secret_previous": SecretKind(what="the client secret of a HubSpot app"),
            "developer_key": SecretKind(what="a HubSpot developer's access token"),
        }
    ),
    other_secrets=(
        SecretKind(what="a HubSpot developer API key", pattern=r"[a-z]{2}\d-[0-9a-f]{4}(-[0-9a-f]{4}){5,}.*"),
    ),
    fixed_facts=("support.recent_tickets", "support.tickets_90_days"),
    readable={"contact": ("*",), "company": ("*",), "deal": ("*",)},
    end_dates=(
        EndDate(
            on=date(2026, 10, 26),
            what="legacy private apps can no longer be created; those that exist go on",
            fix="create a service key instead (Development, Keys, Service keys); webhooks need a project-based app",
            source="https://developers.hubspot.com/changelog/legacy-private-app-creation-sunset",
        ),
        EndDate(
            on=date(2027, 3, 30),
            what="v4 paths lose support; batonpass calls 2026-09 paths",
            fix="move your own scripts to dated paths",
            source="https://developers.hubspot.com/docs/api-reference/legacy/migration-guide",
        ),
        EndDate(
            on=date(2027, 9, 1),
            what="v1, v2 and v3 paths lose support; batonpass calls 2026-09 paths",
            fix="move your own scripts to dated paths",
            source="https://developers.hubspot.com/docs/api-reference/legacy/migration-guide",
        ),
    ),
)
