"""What a connector offers: small protocols whose docstrings are the contract.

Every method raises `RetryLaterError`, `RefusedError` or `OutcomeUnknownError` (the last from effects only) and
nothing else on purpose. No vendor word passes through here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Protocol, get_args, runtime_checkable

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationInfo, field_validator

from batonpass.domain.clock import Clock
from batonpass.domain.facts import FactAnswer, FactRule, Person
from batonpass.domain.ticket import (
    FieldSchema,
    Note,
    NoteKey,
    StoredTicket,
    TicketDraft,
    TicketKey,
    TicketRef,
)
from batonpass.transport import Credentials, Explain, Transport


class Capability(StrEnum):
    """What a connection can do; data, asked before planning."""

    OPEN_TICKET = "open_ticket"
    IDEMPOTENT_CREATE = "idempotent_create"
    """The vendor itself takes an idempotency key, so a repeat need not wait for the first call to die."""
    READ_BACK = "read_back"
    APPEND_NOTE = "append_note"
    FIELD_SCHEMA = "field_schema"
    TICKET_HISTORY = "ticket_history"
    CRM_FACTS = "crm_facts"
    BILLING_FACTS = "billing_facts"


@runtime_checkable
class FactSource(Protocol):
    """Tells facts about a person."""

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        """The facts that `rules` ask for, each with this connection as its source and the time of the answer.

        Several people that match give AMBIGUOUS and no fact; nobody gives NOT_FOUND; a person without anything
        to look up with gives NO_KEY without a call. A rule whose value the person lacks gives no fact.
        """
        ...


@runtime_checkable
class Helpdesk(Protocol):
    """Keeps tickets."""

    async def open_ticket(self, draft: TicketDraft, *, key: TicketKey) -> TicketRef:
        """Open one ticket. Two calls with one key open one ticket and give one reference, also when the first
        ended in `OutcomeUnknownError` and also when the drafts differ (the first stands)."""
        ...

    async def find_ticket(self, key: TicketKey) -> TicketRef | None:
        """The ticket that `open_ticket` opened with this key, by a strongly consistent read (never a search);
        None where there is none. Where a race has left several, the oldest."""
        ...

    async def read_ticket(self, ref: TicketRef) -> StoredTicket:
        """The ticket as it is stored now, whatever was sent."""
        ...

    async def append_note(self, ref: TicketRef, note: Note, *, key: NoteKey) -> None:
        """Append one internal note, never visible to the customer. It can be found again by its key."""
        ...

    async def find_note(self, ref: TicketRef, *, key: NoteKey) -> bool:
        """Whether the note with this key stands on the ticket, by a strongly consistent read."""
        ...

    async def field_schema(self) -> FieldSchema:
        """What this account's tickets can hold: every field with its options, every group."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What `check_access` found."""

    account: str
    """The account as people know it ("acme.zendesk.com, as Ada Admin")."""
    warnings: tuple[str, ...] = ()
    """What works today and should be changed, each with the fix."""


@runtime_checkable
class Probe(Protocol):
    async def check_access(self) -> Access:
        """One cheap authenticated read. Raises `CredentialsRefusedError` on a wrong key, `RefusedError` with code
        `forbidden` on a missing scope, `ConfigurationError` on a key of the wrong kind."""
        ...


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
    """The `[connections.<name>]` table of `config.toml`: what every connector takes. Vendors add their own keys."""

    connector: str | None = None
    """The connector's name; None: the connection's own name."""
    mapping: str | None = None
    """The mapping file; None: `mappings/<connection>.toml` beside the configuration."""
    base_url: str | None = None
    """Another address of the same API: an emulator on loopback. None: the vendor's own."""
    deadline: float = 10.0
    """Seconds for one call."""


class OpenTransport(Protocol):
    def __call__(
        self,
        *,
        base_url: str,
        hosts: tuple[str, ...],
        credentials: Credentials,
        explain: Explain = ...,
        headers: Mapping[str, str] | None = None,
    ) -> Transport:
        """A transport for this connection, with its own client, deadline and size cap."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connecting:
    """What a connector is given to open one connection."""

    name: str
    """The connection's name in the configuration; the `source` of its facts."""
    clock: Clock
    open_transport: OpenTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDate:
    """A date on which a vendor closes something that this connector can use."""

    on: date
    what: str
    fix: str
    source: str
    """The vendor's page."""
    setting: str | None = None
    """It concerns connections that use this setting; None: all of this connector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One connector: what `batonpass.connectors` entry points name."""

    name: str
    title: str
    capabilities: frozenset[Capability]
    settings: type[ConnectionSettings]
    connect: Callable[[Any, Connecting], object]
    """Settings of the class above and `Connecting` → an object with the protocols of its capabilities."""
    emulator: Callable[..., Any]
    """Makes the vendor's emulator (`batonpass.testing.emulator.Emulator`)."""
    readable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For fact mappings: object → the properties that can be read; `"*"` any, `"metadata.*"` any below."""
    fixed_facts: tuple[str, ...] = ()
    """Facts that this connector tells without a mapping rule."""
    end_dates: tuple[EndDate, ...] = ()
    schema_version: ClassVar[int] = 1


__all__ = [
    "Access",
    "Capability",
    "Connecting",
    "ConnectionSettings",
    "EndDate",
    "FactSource",
    "Helpdesk",
    "Manifest",
    "OpenTransport",
    "Probe",
    "SecretStr",
    "WithSecrets",
]
