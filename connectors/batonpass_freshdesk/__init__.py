"""Freshdesk: opens tickets, follows them, and tells of a customer's recent tickets."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, model_validator

from batonpass.ports import Capability, Connecting, HelpdeskSettings, Manifest, SecretKind
from batonpass_freshdesk.webhooks import DOOR

DESCRIPTION = "This conversation with our AI assistant was handed over to our support team."
KEY_FIELD = "Batonpass key"


class FreshdeskSettings(HelpdeskSettings):
    """One Freshdesk account, reached with the API key of one of its agents."""

    domain: Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=63)] | None = None
    """`acme` of acme.freshdesk.com; an address of your own does not work with the API."""
    api_key: SecretStr
    """Of an agent that nobody works as: what it writes counts as ours. Profile settings > Your API key."""
    key_field: Annotated[str, Field(min_length=1, max_length=100)] = KEY_FIELD
    """The label of the single-line text field that keeps our key on each ticket; hidden from customers. Where it does
    not exist yet, a tag of 32 characters keeps it."""
    description: Annotated[str, Field(min_length=1, max_length=5000)] = DESCRIPTION
    """What the customer sees as the first message of a ticket that we open, in the portal and perhaps by e-mail."""
    source: Annotated[int, Field(ge=1)] = 2
    """The channel that Freshdesk shows for tickets that we open: 2 portal, 3 phone, 7 chat, 9 feedback widget, above
    100 the account's own. A chat's tickets want another form of description, so 7 is not tried by anybody yet."""

    ticket_type: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The ticket type of tickets that we open where the mapping names none. None: none, which an account whose type
    is compulsory refuses."""
    text_limit: Annotated[int, Field(ge=1)] = 255
    """How many characters a single-line text field takes. Freshdesk documents no number; people report 255."""

    @model_validator(mode="after")
    def _names_an_account(self) -> Self:
        if self.domain is None and self.base_url is None:
            raise ValueError('set domain, such as "acme" of acme.freshdesk.com')
        return self

    @property
    def address(self) -> str:
        return (self.base_url or f"https://{self.domain}.freshdesk.com").rstrip("/")


def connect(settings: FreshdeskSettings, connecting: Connecting) -> object:
    """An object with the protocols of the manifest's capabilities, and `Probe`."""
    from batonpass_freshdesk.adapter import open_freshdesk  # noqa: PLC0415 - listing connectors stays quick

    return open_freshdesk(settings, connecting)


def _emulator(**options: Any) -> Any:
    from batonpass_freshdesk.emulator import FreshdeskEmulator  # noqa: PLC0415 - only the demo and tests need it

    return FreshdeskEmulator(**options)


manifest = Manifest(
    name="freshdesk",
    title="Freshdesk",
    capabilities=frozenset(
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
            Capability.LIST_CHANGES,
            Capability.AGENTS,
            Capability.AGENT_PRESENCE,
            Capability.PROVISION_FIELDS,
            Capability.REGISTER_WEBHOOKS,
            Capability.TICKET_HISTORY,
            Capability.SYNC,
        }
    ),
    settings=FreshdeskSettings,
    connect=connect,
    emulator=_emulator,
    webhooks=DOOR,
    lookup_lag=2.0,
    # The list of tickets is no search index, and its reference names no lag; nor does it promise that there is none.
    secrets=MappingProxyType(
        {
            "api_key": SecretKind(what="a Freshdesk API key"),
            "webhook_secret": SecretKind(what="a long random text of your own, sent in X-Batonpass-Secret"),
            "webhook_secret_previous": SecretKind(what="the one before webhook_secret"),
        }
    ),
    fixed_facts=("support.recent_tickets", "support.tickets_90_days"),
    ids_are_the_accounts=True,
)
