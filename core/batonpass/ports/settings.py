"""The `[connections.<name>]` tables of `config.toml`."""

from __future__ import annotations

from typing import Annotated, Any, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator


class WithSecrets(BaseModel):
    """A table of `config.toml` that may hold secrets.

    Fields of type `SecretStr` take `"env:NAME"` or `"file:PATH"` in the file. The validation context
    `{"secret": resolve}` turns that into the secret; `resolve` raises `PydanticCustomError` where it cannot.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _resolved(cls, value: Any, info: ValidationInfo) -> Any:
        if info.context is None or info.field_name is None or value is None:
            return value
        return info.context["secret"](value) if info.field_name in cls.secret_keys() else value

    @classmethod
    def secret_keys(cls) -> tuple[str, ...]:
        """The keys that hold secrets."""
        kinds = {name: field.annotation for name, field in cls.model_fields.items()}
        return tuple(name for name, kind in kinds.items() if kind is SecretStr or SecretStr in get_args(kind))


class ConnectionSettings(WithSecrets):
    """What every connector takes. Vendors add their own keys."""

    connector: str | None = None
    """The connector's name; None: the connection's own name."""
    mapping: str | None = None
    """The mapping file; None: `mappings/<connection>.toml` beside the configuration."""
    base_url: str | None = None
    """Another address of the same API: an emulator on loopback. None: the vendor's own."""
    deadline: float = 10.0
    """Seconds for one call."""
    webhook_secret: SecretStr | None = None
    """What this vendor's deliveries to `/webhooks/<connection>` prove themselves with."""
    webhook_secret_previous: SecretStr | None = None
    """The one before it, good as well while the vendor changes over."""

    @model_validator(mode="after")
    def _the_previous_one_is_not_alone(self) -> Self:
        if self.webhook_secret_previous is not None and self.webhook_secret is None:
            raise ValueError("webhook_secret_previous stands beside webhook_secret: set that one too")
        return self

    @property
    def webhook_secrets(self) -> tuple[SecretStr, ...]:
        """The secrets that are good now: none, one, or two during a change."""
        both = (self.webhook_secret, self.webhook_secret_previous)
        return tuple(secret for secret in both if secret is not None)


class StartRule(BaseModel):
    """`[connections.<helpdesk>.start]`: what on a ticket says that it needs a person. One of the three."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tag: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """A tag on the ticket."""
    group: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The group or team that it is assigned to: its name or id."""
    field: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """A field by its name as people see it, or its id; with `value`."""
    value: str | None = None
    """What the field says then: an option's label or value, `true` for a ticked box."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(each is not None for each in (self.tag, self.group, self.field)) != 1:
            raise ValueError('give one of tag, group or field: tag = "needs_person"')
        if (self.field is None) is not (self.value is None):
            raise ValueError('field and value belong together: field = "Needs a person", value = "true"')
        return self


class HelpdeskSettings(ConnectionSettings):
    """What every connection that keeps tickets takes besides."""

    start: StartRule | None = None
    """Which tickets a webhook may start a handoff for; None: webhooks start none."""
    verified_requesters: bool = False
    """Whether the requester of a ticket counts as verified where a webhook started the handoff: only where the
    helpdesk is reached by customers who have logged in. Else they are claimed, and no private fact is asked for."""
    ai_agent_id: str | None = None
    """The helpdesk's id of the user under which the AI agent itself writes: its messages are the AI's, and a ticket
    assigned to it is accepted by nobody."""
    tell_customer: bool = False
    """Whether batonpass itself tells the customer, by a public reply, once the ticket of a handoff that a webhook
    started is complete."""
    lookup_lag: Annotated[float, Field(ge=0, le=600)] | None = None
    """Seconds after which a new ticket is sure to be found by its key; None: what the connector knows."""
