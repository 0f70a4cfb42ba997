"""`config.toml`: its model and its reading, all findings at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from batonpass.app.identity_settings import IdentityConfig
from batonpass.app.mapping_layers import layers_at
from batonpass.app.page_settings import PagesConfig
from batonpass.app.redaction_settings import RedactionConfig
from batonpass.app.registry import connectors
from batonpass.app.secret_kinds import wrong_kinds
from batonpass.app.secrets import SecretSource
from batonpass.app.summary_settings import SummaryConfig
from batonpass.app.syncing.known import streams_of
from batonpass.app.syncing.settings import SyncConfig, SyncedStream, read_sync, synced_streams
from batonpass.app.watching import (
    DeadlinesConfig,
    MappingsConfig,
    MetricsConfig,
    NoticesConfig,
    ReconcileConfig,
    RetentionConfig,
    StormConfig,
    placeholders,
)
from batonpass.diagnostics import FileProblemsError, Finding, TomlFile, did_you_mean, has_errors, validated
from batonpass.domain.conversation import Value
from batonpass.mapping.layers import Layers
from batonpass.ports import Capability, ConnectionSettings, Manifest, WithSecrets
from batonpass.store import StoreAddress
from batonpass.store.address import SQLITE

ELSEWHERE = ("env:", "file:")
SAY = (
    "I have passed our conversation on to a person on our team; your reference is {ticket_id}. "
    "They can read everything that we wrote, so you will not have to repeat it."
)


SAY_DELAYED = (
    "I could not reach our support team's system yet, so no person has your conversation so far. The team has been "
    "alerted, and I will tell you as soon as a person has it."
)


class ServerConfig(Value):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: str | None = None
    """The address that people and vendors reach this server by; links in tickets begin with it."""
    max_body_bytes: Annotated[int, Field(ge=10_000, le=100_000_000)] = 8_000_000
    environment: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] | None = None
    """Its name: `mappings/<connection>.<environment>.toml` stands above the team's mapping file."""

    @field_validator("public_url")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise PydanticCustomError("address", "an address begins with https://")
        return value.rstrip("/") if value else None


class StoreConfig(Value):
    url: str = f"{SQLITE}batonpass.db"
    """`sqlite:///PATH`, `postgresql://…`, or where it stands (`env:NAME`, `file:PATH`): it may hold a password."""

    @field_validator("url")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        if not value.startswith(ELSEWHERE):
            _address(value, Path())
        return value


class HandoffConfig(Value):
    facts_deadline: Annotated[float, Field(gt=0, le=30)] = 2.0
    late_facts_for: Annotated[float, Field(ge=0, le=86_400)] = 900.0
    claimed_identity_facts: bool = False
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 48
    say: dict[str, str] = Field(default_factory=dict)
    """Language → what the AI agent may tell the customer; `{ticket_id}` stands for the ticket."""
    say_delayed: dict[str, str] = Field(default_factory=dict)
    """Language → what it may tell them while no ticket stands yet."""

    @field_validator("say")
    @classmethod
    def _only_known_placeholders(cls, value: dict[str, str]) -> dict[str, str]:
        for sentence in value.values():
            if placeholders(sentence) - {"ticket_id"}:
                raise PydanticCustomError("placeholder", "the only placeholder here is {ticket_id}")
        return value

    @field_validator("say_delayed")
    @classmethod
    def _no_placeholders(cls, value: dict[str, str]) -> dict[str, str]:
        if any(placeholders(sentence) for sentence in value.values()):
            raise PydanticCustomError("placeholder", "there is no placeholder here: no ticket stands yet")
        return value


class AgentConfig(WithSecrets):
    """One AI agent that may hand over."""

    key_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of its API key, as `batonpass init` or `sha256sum` print it."""
    callback_url: str | None = None
    callback_secret: SecretStr | None = None
    """Standard Webhooks secret (`whsec_…`) that signs what we send to `callback_url`."""

    @field_validator("callback_secret")
    @classmethod
    def _of_the_right_kind(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith("whsec_"):
            raise PydanticCustomError(
                "secret_kind", "needs a Standard Webhooks secret, which begins with whsec_"
            )
        return value


class _File(Value):
    """The whole file; connections are checked one by one, by the settings of their connector."""

    server: ServerConfig = ServerConfig()
    store: StoreConfig = StoreConfig()
    handoff: HandoffConfig = HandoffConfig()
    deadlines: DeadlinesConfig = DeadlinesConfig()
    storm: StormConfig = StormConfig()
    notices: dict[str, Any] = Field(default_factory=dict)
    metrics: MetricsConfig = MetricsConfig()
    retention: RetentionConfig = RetentionConfig()
    reconcile: ReconcileConfig = ReconcileConfig()
    mappings: MappingsConfig = MappingsConfig()
    pages: PagesConfig = PagesConfig()
    identity: IdentityConfig = IdentityConfig()
    redaction: RedactionConfig = RedactionConfig()
    summary: dict[str, Any] = Field(default_factory=dict)
    sync: dict[str, Any] = Field(default_factory=dict)
    agents: dict[str, Any] = Field(default_factory=dict)
    connections: dict[str, dict[str, Any]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    name: str
    manifest: Manifest
    settings: ConnectionSettings
    mapping: Path
    environment: str | None = None

    @property
    def layers(self) -> Layers:
        """Where the layers of its mapping are."""
        return layers_at(
            self.mapping,
            self.manifest.name,
            keeps_tickets=Capability.OPEN_TICKET in self.capabilities,
            environment=self.environment,
        )

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do with these settings."""
        return self.manifest.capabilities_of(self.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    path: Path
    server: ServerConfig
    store: StoreAddress
    handoff: HandoffConfig
    deadlines: DeadlinesConfig
    storm: StormConfig
    notices: NoticesConfig
    metrics: MetricsConfig
    retention: RetentionConfig
    reconcile: ReconcileConfig
    mappings: MappingsConfig
    pages: PagesConfig
    identity: IdentityConfig
    redaction: RedactionConfig
    summary: SummaryConfig
    sync: SyncConfig
    synced: tuple[SyncedStream, ...]
    """What is read in bulk, parents first."""
    agents: Mapping[str, AgentConfig]
    connections: tuple[Connection, ...]

    @property
    def helpdesk(self) -> Connection:
        """The one connection that keeps tickets."""
        return next(each for each in self.connections if Capability.OPEN_TICKET in each.capabilities)


def read_config(
    path: Path, environment: Mapping[str, str] = os.environ
) -> tuple[Config | None, list[Finding]]:
    """The configuration, and everything that is wrong with it; None where something is."""
    file = TomlFile.read(path)
    if file.findings:
        return None, list(file.findings)
    whole, findings = validated(file, _File)
    context = {"secret": SecretSource(path.parent, environment)}
    agents, found = _agents(file, context)
    findings += found
    connections, found = _connections(file, path.parent, context)
    findings += found
    if whole is not None:
        named = whole.server.environment
        connections = [replace(each, environment=named) for each in connections]
    notices, found = validated(file, NoticesConfig, at=("notices",), context=context)
    findings += (
        found if isinstance(file.data.get("notices", {}), dict) else []
    )  # else the whole-file check says so
    summary, found = validated(file, SummaryConfig, at=("summary",), context=context)
    findings += found if isinstance(file.data.get("summary", {}), dict) else []
    known = {each.name: streams_of(each.name, each.manifest, each.settings) for each in connections}
    sync, found = read_sync(file, known)
    findings += found
    if not any(Capability.OPEN_TICKET in each.capabilities for each in connections) and not findings:
        findings.append(
            file.finding(("connections",), "no connection keeps tickets", code="BC005",
                         hint="add one, for example [connections.zendesk]")
        )  # fmt: skip
    store = None
    if whole is not None:
        store, found = _store(file, path.parent, whole.store, environment)
        findings += found
    if whole is not None:
        findings += whole.identity.unknown(file, _table(file, "connections"))
    parts = (whole, store, notices, summary, sync)
    if any(part is None for part in parts) or has_errors(findings):
        return None, findings
    assert whole is not None and store is not None and notices is not None  # noqa: PT018 - for the type checker
    assert summary is not None and sync is not None  # noqa: PT018
    config = Config(
        path=path,
        server=whole.server,
        store=store,
        handoff=whole.handoff,
        deadlines=whole.deadlines,
        storm=whole.storm,
        notices=notices,
        metrics=whole.metrics,
        retention=whole.retention,
        reconcile=whole.reconcile,
        mappings=whole.mappings,
        pages=whole.pages,
        identity=whole.identity,
        redaction=whole.redaction,
        summary=summary,
        sync=sync,
        synced=tuple(synced_streams(sync, known)),
        agents=agents,
        connections=tuple(connections),
    )
    return config, findings


def load_config(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration. Raises `FileProblemsError` with every finding."""
    config, findings = read_config(path, environment)
    if config is None:
        raise FileProblemsError(findings)
    return config


def store_address(path: Path, environment: Mapping[str, str] = os.environ) -> StoreAddress:
    """Where the journal is, whatever else is wrong with the configuration. Raises `FileProblemsError`."""
    file = TomlFile.read(path)
    store, findings = validated(file, StoreConfig, at=("store",))
    if store is None:
        raise FileProblemsError([*file.findings, *findings])
    address, findings = _store(file, path.parent, store, environment)
    if address is None:
        raise FileProblemsError(findings)
    return address


def _store(
    file: TomlFile, folder: Path, store: StoreConfig, environment: Mapping[str, str]
) -> tuple[StoreAddress | None, list[Finding]]:
    """Its address; it may hold a password, which stands elsewhere then."""
    url = store.url
    try:
        if url.startswith(ELSEWHERE):
            url = SecretSource(folder, environment)(url)
        return _address(url, folder), []
    except PydanticCustomError as error:
        return None, [file.finding(("store", "url"), error.message(), code="BC010")]


def _address(url: str, folder: Path) -> StoreAddress:
    try:
        return StoreAddress.parse(url, folder=folder)
    except ValueError as error:
        raise PydanticCustomError("store_url", "a store is {kinds}", {"kinds": str(error)}) from None


def _agents(file: TomlFile, context: dict[str, Any]) -> tuple[dict[str, AgentConfig], list[Finding]]:
    agents, findings = {}, []
    for name in _table(file, "agents"):
        agent, found = validated(file, AgentConfig, at=("agents", name), context=context)
        findings += found
        if agent is None:
            continue
        if (agent.callback_url is None) is not (agent.callback_secret is None):
            findings.append(
                file.finding(("agents", name), "callback_url and callback_secret belong together", code="BC006",
                             hint="give both, or neither: then the AI agent asks for the status itself")
            )  # fmt: skip
        agents[name] = agent
    return agents, findings


def _connections(
    file: TomlFile, folder: Path, context: dict[str, Any]
) -> tuple[list[Connection], list[Finding]]:
    connections, findings, helpdesks = [], [], 0
    for name, table in _table(file, "connections").items():
        at = ("connections", name)
        if not isinstance(table, dict):
            continue  # the whole-file check has said so
        wanted = table.get("connector", name)
        manifest = connectors().get(wanted)
        if manifest is None:
            where = (*at, "connector") if "connector" in table else at
            findings.append(
                file.finding(where, f"no connector named {wanted!r} is installed", code="BC004", key=where == at,
                             hint=did_you_mean(str(wanted), connectors(), listed="installed"))
            )  # fmt: skip
            continue
        settings, found = validated(file, manifest.settings, at=at, context=context)
        findings += found
        if settings is None:
            continue
        findings += wrong_kinds(
            file, at, manifest=manifest, settings=settings, installed=connectors().values()
        )
        mapping = folder / (settings.mapping or f"mappings/{name}.toml")
        connection = Connection(name=name, manifest=manifest, settings=settings, mapping=mapping)
        connections.append(connection)
        helpdesks += Capability.OPEN_TICKET in connection.capabilities
        if helpdesks > 1 and Capability.OPEN_TICKET in connection.capabilities:
            findings.append(
                file.finding(at, "a second connection that keeps tickets", code="BC007", key=True,
                             hint="this release opens tickets in one helpdesk; run a second batonpass for the other")
            )  # fmt: skip
    return connections, findings


def _table(file: TomlFile, name: str) -> dict[str, Any]:
    table = file.data.get(name, {})
    return table if isinstance(table, dict) else {}
