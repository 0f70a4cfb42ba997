"""Intercom: opens tickets or enriches conversations, follows both, and tells of a customer's recent ones."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from batonpass.ports import Capability, Connecting, HelpdeskSettings, Manifest, SecretKind
from batonpass_intercom.webhooks import DOOR

Region = Literal["us", "eu", "au"]

LOOKUP_LAG = 60.0
"""Seconds. A ticket can be found by its key through Intercom's search only: no other read leads from a key or from a
contact to a ticket. How long its index lags behind new tickets is not documented (behind new contacts: minutes). A
minute is a choice and no promise of Intercom's: raise `lookup_lag` where a workspace is seen to be slower."""

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
        Capability.SATISFACTION,
        Capability.AGENTS,
        Capability.AGENT_PRESENCE,
        Capability.PROVISION_FIELDS,
        Capability.TICKET_HISTORY,
    }
)


class IntercomSettings(HelpdeskSettings):
    """One Intercom workspace. `webhook_secret` is the app's client secret (Developer Hub > Basic information)."""

    access_token: SecretStr
    region: Region = "us"
    """Where the workspace's data is kept."""
    ticket_type: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The ticket type that handoffs open, by its name or id; None: the only one that there is."""
    admin_id: Annotated[str, Field(pattern=r"^[0-9]{1,19}$")] | None = None
    """The teammate in whose name notes and assignments are written; None: the one the access token belongs to."""
    key_attribute: Annotated[str, Field(min_length=1, max_length=190)] = "Batonpass key"
    """The ticket attribute that holds our key. Without it on the ticket type tickets are opened all the same, but one
    whose answer was lost cannot be found again: after a restart it may be opened twice."""

    @property
    def address(self) -> str:
        host = "api.intercom.io" if self.region == "us" else f"api.{self.region}.intercom.io"
        return (self.base_url or f"https://{host}").rstrip("/")

    @property
    def app_address(self) -> str:
        """Where agents open tickets and conversations."""
        host = "app.intercom.com" if self.region == "us" else f"app.{self.region}.intercom.com"
        return (self.base_url or f"https://{host}").rstrip("/")


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
    other_secrets=(SecretKind(what="an Intercom app's client id"),),
    fixed_facts=("support.recent_tickets", "support.tickets_90_days"),
)
