"""Zendesk Support: opens tickets, appends notes, and tells of a customer's recent tickets."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, model_validator

from batonpass.ports import Capability, Connecting, ConnectionSettings, EndDate, Manifest

TOKENS_END = EndDate(
    on=date(2027, 4, 30),
    what="Zendesk API tokens stop working. New ones cannot be made since 2026-10-27, and one that is unused for "
    "30 days is switched off.",
    fix="make a confidential OAuth client in Admin Center > Apps and integrations > APIs, then set client_id and "
    "client_secret instead of email and api_token",
    source="https://developer.zendesk.com/api-reference/changelog/changelog/",
    setting="api_token",
)


class ZendeskSettings(ConnectionSettings):
    """`client_id` and `client_secret`, or `email` and `api_token` where an account still has one."""

    subdomain: Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=63)] | None = None
    """`acme` of acme.zendesk.com."""
    client_id: str | None = None
    client_secret: SecretStr | None = None
    scope: str = "read write"
    email: str | None = None
    api_token: SecretStr | None = None

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

    @property
    def address(self) -> str:
        return (self.base_url or f"https://{self.subdomain}.zendesk.com").rstrip("/")


def connect(settings: ZendeskSettings, connecting: Connecting) -> object:
    """An object with the protocols `Helpdesk`, `FactSource` and `Probe`."""
    from batonpass_zendesk.adapter import open_zendesk  # noqa: PLC0415 - listing connectors stays quick

    return open_zendesk(settings, connecting)


def _emulator(**options: Any) -> Any:
    from batonpass_zendesk.emulator import ZendeskEmulator  # noqa: PLC0415 - only the demo and tests need it

    return ZendeskEmulator(**options)


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
            Capability.TICKET_HISTORY,
        }
    ),
    settings=ZendeskSettings,
    connect=connect,
    emulator=_emulator,
    fixed_facts=("support.recent_tickets", "support.tickets_90_days"),
    end_dates=(TOKENS_END,),
)
