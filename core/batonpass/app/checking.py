"""All that is wrong with `config.toml` and the mapping files it names, in one run, without a call to anybody."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from batonpass.app.config import Config, read_config
from batonpass.app.discovery import load_from
from batonpass.app.mapping_layers import layers_at
from batonpass.app.mappings import FACTS
from batonpass.app.registry import connectors
from batonpass.diagnostics import Finding, TomlFile, has_errors
from batonpass.domain.errors import BatonpassError
from batonpass.domain.ticket import FieldSchema
from batonpass.mapping import check_schema, load_fact_mapping
from batonpass.mapping.check_facts import FactSource, check_sources, check_words
from batonpass.mapping.files import read_helpdesk_mapping
from batonpass.mapping.former import NOTHING_FORMER, Former
from batonpass.mapping.layers import LayeredFile, Layers, read_layers
from batonpass.ports import Capability, Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account that a helpdesk's mapping is checked against."""

    connection: str
    schema: FieldSchema | None = None
    """None: it is not known, `problem` says why."""
    former: Former = NOTHING_FORMER
    live: bool = False
    """Whether it was read now."""
    problem: str | None = None
    error: BatonpassError | None = None

    @property
    def as_of(self) -> datetime | None:
        return None if self.schema is None else self.schema.as_of


Accounts = Callable[[str], Account | None]
"""By the connection's name; None: nothing is asked of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    config: Config | None
    """None where something is wrong with it."""
    findings: tuple[Finding, ...]
    """Of `config.toml`, then of the mapping files; warnings included."""
    files: tuple[Path, ...]
    """What was looked at."""
    unreadable: bool = False
    """Whether `config.toml` is not there or no TOML, so that nothing else could be looked at."""
    accounts: tuple[Account, ...] = ()
    """What the mappings were checked against."""

    @property
    def usable(self) -> bool:
        """Whether a server would start with these files."""
        return self.config is not None and not has_errors(self.findings)


def check_files(
    path: Path, environment: Mapping[str, str] = os.environ, *, accounts: Accounts | None = None
) -> Checked:
    """Check the configuration; its mapping files also where something else in it is wrong.

    With `accounts` also what only a check can say: whether the mappings fit the accounts, and whether a secret stands
    in a file.
    """
    file = TomlFile.read(path)
    if not file.readable:
        return Checked(config=None, findings=file.findings, files=(path,), unreadable=True)
    config, findings = read_config(path, environment)
    named = list(_named(file, path.parent))
    check = _Mappings(named, accounts)
    return Checked(
        config=config,
        findings=(*findings, *check.findings()),
        files=tuple(dict.fromkeys((path, *(each for one in named for each in one.files)))),
        accounts=tuple(check.accounts),
    )


def saved_accounts(folder: Path) -> Accounts:
    """As `discover --save` found them last; `folder` is that of the configuration."""

    def saved(connection: str) -> Account:
        try:
            found = load_from(folder, connection)
        except BatonpassError as error:
            return Account(connection=connection, problem=str(error))
        if found is None:
            how = f"batonpass discover {connection} --save (or: batonpass check --live)"
            return Account(connection=connection, problem=f"its fields are not known here: {how}")
        return Account(connection=connection, schema=found.schema, former=found.former)

    return saved


@dataclass(frozen=True, slots=True)
class _MappingFile:
    name: str
    manifest: Manifest
    capabilities: frozenset[Capability]
    layers: Layers

    @property
    def tells_facts(self) -> bool:
        return bool(FACTS & self.capabilities)

    @property
    def files(self) -> Iterator[Path]:
        """The team's and, where it is there, the environment's."""
        yield self.layers.file
        if self.layers.environment is not None and self.layers.environment.exists():
            yield self.layers.environment


def _named(file: TomlFile, folder: Path) -> Iterator[_MappingFile]:
    """The mapping files of all connections whose connector is known, however wrong the rest of the table is."""
    tables, server = file.data.get("connections"), file.data.get("server")
    environment = server.get("environment") if isinstance(server, dict) else None
    for name, table in tables.items() if isinstance(tables, dict) else ():
        if not isinstance(table, dict):
            continue
        manifest = connectors().get(str(table.get("connector", name)))
        can = frozenset() if manifest is None else _capabilities(manifest, table)
        if manifest is not None and (FACTS | {Capability.OPEN_TICKET}) & can:
            where = table.get("mapping")
            layers = layers_at(
                folder / (where if isinstance(where, str) else f"mappings/{name}.toml"),
                manifest.name,
                keeps_tickets=Capability.OPEN_TICKET in can,
                environment=environment if isinstance(environment, str) else None,
            )
            yield _MappingFile(name, manifest, can, layers)


def _capabilities(manifest: Manifest, table: Mapping[str, Any]) -> frozenset[Capability]:
    """What the connection can do, as far as its table, which may have mistakes, tells."""
    known = {key: value for key, value in table.items() if key in manifest.settings.model_fields}
    try:
        return manifest.capabilities_of(manifest.settings.model_construct(**known))
    except (AttributeError, TypeError):
        return manifest.capabilities


class _Mappings:
    """Checks the mapping files with each other."""

    def __init__(self, named: Sequence[_MappingFile], accounts: Accounts | None) -> None:
        self._named = named
        self._ask = accounts
        self.accounts: list[Account] = []

    def findings(self) -> list[Finding]:
        findings: list[Finding] = []
        sources: list[FactSource] = []
        for each in self._named:
            file = read_layers(each.layers) if each.tells_facts else None
            rules = None
            if file is not None:
                rules, found = load_fact_mapping(file, readable=each.manifest.readable)
                findings += [*found, *self._secrets(file)]
            sources.append(
                FactSource(
                    connection=each.name, fixed=tuple(each.manifest.fixed_facts), file=file, rules=rules or ()
                )
            )
        findings += check_sources(sources)
        for each in self._named:
            if not each.tells_facts:
                findings += self._helpdesk(each, sources)
        return findings

    def _helpdesk(self, each: _MappingFile, sources: Sequence[FactSource]) -> Iterator[Finding]:
        file = read_layers(each.layers)
        # The facts that a file with mistakes means to define are not unknown for that.
        facts = {name for source in sources for name in (*source.fixed, *source.named)}
        mapping, findings = read_helpdesk_mapping(file, facts=facts)
        yield from findings
        yield from self._secrets(file)
        account = None if self._ask is None else self._ask(each.name)
        if account is not None:
            self.accounts.append(account)
        if mapping is None:
            return
        yield from check_words(mapping, sources)
        if account is not None and account.schema is not None:
            yield from check_schema(mapping, account.schema, former=account.former)

    def _secrets(self, file: LayeredFile) -> Iterator[Finding]:
        for layer in file.layers if self._ask is not None else ():
            yield from layer.secrets(
                code="HM129",
                message="a secret stands here, where everybody can read it who may edit mappings",
                hint="take it out and make a new one: this one is known by now",
            )
