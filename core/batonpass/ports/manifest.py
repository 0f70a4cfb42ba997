"""How a connector says what it is, and how it is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, runtime_checkable

from batonpass.domain.clock import Clock
from batonpass.ports.capabilities import Capability
from batonpass.ports.settings import ConnectionSettings
from batonpass.ports.webhooks import WebhookDoor
from batonpass.transport import Credentials, Explain, Transport


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
        """A few cheap authenticated reads. Raises `CredentialsRefusedError` on a wrong key, `RefusedError` with code
        `forbidden` on a missing scope, `ConfigurationError` on a key of the wrong kind."""
        ...


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
class SecretKind:
    """How a kind of secret is told from others."""

    what: str
    """With its article, for people: "a Stripe webhook signing secret (whsec_…)"."""
    pattern: str | None = None
    """A regular expression that all of them match in full and hardly anything else; None: they have no shape of
    their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One connector: what `batonpass.connectors` entry points name."""

    name: str
    title: str
    capabilities: frozenset[Capability]
    """All that it can do; `capabilities_of` says which of them a connection has."""
    settings: type[ConnectionSettings]
    connect: Callable[[Any, Connecting], object]
    """Settings of the class above and `Connecting` → an object with the protocols of its capabilities."""
    emulator: Callable[..., Any]
    """Makes the vendor's emulator (`batonpass.testing.emulator.Emulator`)."""
    narrow: Callable[[Any, frozenset[Capability]], frozenset[Capability]] | None = None
    """Settings and all capabilities → those that a connection with these settings has; None: all."""
    webhooks: WebhookDoor | None = None
    """None: this vendor delivers nothing to us."""
    lookup_lag: float = 0.0
    """Seconds after which a new ticket is sure to be found by its key: 0 where that read is strongly consistent."""
    secrets: Mapping[str, SecretKind] = field(default_factory=lambda: MappingProxyType({}))
    """Setting → the kind of secret that it takes."""
    other_secrets: tuple[SecretKind, ...] = ()
    """More kinds that this vendor gives out and that people put in the wrong place."""
    readable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For fact mappings: object → the properties that can be read; `"*"` any, `"metadata.*"` any below."""
    fixed_facts: tuple[str, ...] = ()
    """Facts that this connector tells without a mapping rule."""
    ids_are_the_accounts: bool = False
    """Whether the ids of other systems on its customers' records are the account's own doing, which no customer can
    write: only then do they lead to what is private."""
    end_dates: tuple[EndDate, ...] = ()
    schema_version: ClassVar[int] = 1

    def capabilities_of(self, settings: ConnectionSettings) -> frozenset[Capability]:
        """What a connection with these settings can do."""
        return self.capabilities if self.narrow is None else self.narrow(settings, self.capabilities)
