"""`[connections.<name>]` of an Intercom workspace."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from batonpass.ports import HelpdeskSettings

Region = Literal["us", "eu", "au"]

LOOKUP_LAG = 60.0
"""Seconds. A ticket can be found by its key through Intercom's search only: no other read leads from a key or from a
contact to a ticket. How long its index lags behind new tickets is not documented (behind new contacts: minutes). A
minute is a choice and no promise of Intercom's: raise `lookup_lag` where a workspace is seen to be slower."""


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
