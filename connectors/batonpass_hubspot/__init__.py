"""HubSpot: facts from the CRM."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from batonpass.ports import Capability, Connecting, ConnectionSettings, EndDate, Manifest
from batonpass.transport import FixedCredentials
from batonpass_hubspot.adapter import HubSpotFacts
from batonpass_hubspot.client import HubSpotClient, explain

if TYPE_CHECKING:
    from batonpass_hubspot.emulator import HubSpotEmulator

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


class HubSpotSettings(ConnectionSettings):
    """One HubSpot account."""

    access_token: SecretStr
    """The token of a service key, or of a private app, that can read contacts, companies, deals and owners."""


def connect(settings: HubSpotSettings, connecting: Connecting) -> HubSpotFacts:
    token = settings.access_token.get_secret_value()
    transport = connecting.open_transport(
        base_url=settings.base_url or BASE_URL,
        hosts=HOSTS,
        credentials=FixedCredentials({"Authorization": f"Bearer {token}"}),
        explain=explain,
    )
    return HubSpotFacts(HubSpotClient(transport), name=connecting.name, token=token, clock=connecting.clock)


def _emulator(**options: Any) -> HubSpotEmulator:
    """Imported when asked for: only the demo and tests need it."""
    from batonpass_hubspot.emulator import HubSpotEmulator  # noqa: PLC0415

    return HubSpotEmulator(**options)


manifest = Manifest(
    name="hubspot",
    title="HubSpot",
    capabilities=frozenset({Capability.CRM_FACTS}),
    settings=HubSpotSettings,
    connect=connect,
    emulator=_emulator,
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
