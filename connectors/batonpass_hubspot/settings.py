"""`[connections.<name>]` of a HubSpot account."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from batonpass.ports import HelpdeskSettings

_Number = Annotated[str, Field(pattern=r"^[0-9]{1,15}$")]


class HubSpotSettings(HelpdeskSettings):
    """One HubSpot account in one role: a source of facts, or, with `tickets = true`, the helpdesk. An account that is
    both has two connections."""

    access_token: SecretStr
    """The token of a service key, or of a private app, that can read contacts, companies, deals and owners; for
    tickets: read and write tickets and contacts, read owners, and read (to reply: write) conversations."""
    tickets: bool = False
    """Whether this connection keeps the tickets; facts then come from another connection without it."""
    pipeline: str | None = None
    """Where new tickets go: a pipeline's name or id. None, or one that is gone: the account's first."""
    stage: str | None = None
    """Of new tickets: a stage's name or id. None, or one that is gone: the pipeline's first open stage."""
    pending_stage: str = "Waiting on contact"
    """The stage, by name or id, that means: waits for the customer. HubSpot itself tells open from closed only."""
    solved_stage: str | None = None
    """The stage that a solved ticket is put in, by name or id; None: the pipeline's first closed stage."""
    group_property: str | None = None
    """The internal name of the dropdown property of tickets whose options are your groups or queues, and by which your
    workflows route. None: no groups, for nobody can write a ticket's team: HubSpot sets it by the owner."""
    portal_id: _Number | None = None
    """The account's Hub ID, for links to tickets; None: asked for."""
    reply_as: _Number | None = None
    """The user id (not the owner id) of the HubSpot user in whose name batonpass replies: HubSpot lets no app reply
    as itself. None: batonpass replies to nobody here."""
    app_id: _Number | None = None
    """The app whose webhooks these are, and whose own writes are known by it."""
    developer_key: SecretStr | None = None
    """A token with the scopes developers-read and developers-write, to register webhooks for `app_id`."""

    @model_validator(mode="after")
    def _a_developer_key_has_its_app(self) -> Self:
        if self.developer_key is not None and self.app_id is None:
            raise ValueError("developer_key registers webhooks for an app: set app_id too")
        return self
