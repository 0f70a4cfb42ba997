"""All that is wrong with `config.toml` and the mapping files it names, in one run, without a call to anybody."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batonpass.app.config import Config, read_config
from batonpass.app.mappings import FACTS
from batonpass.app.registry import connectors
from batonpass.diagnostics import Finding, TomlFile, has_errors
from batonpass.mapping import load_fact_mapping, load_helpdesk_mapping
from batonpass.ports import Capability, Manifest


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

    @property
    def usable(self) -> bool:
        """Whether a server would start with these files."""
        return self.config is not None and not has_errors(self.findings)


def check_files(path: Path, environment: Mapping[str, str] = os.environ) -> Checked:
    """Check the configuration; its mapping files also where something else in it is wrong."""
    file = TomlFile.read(path)
    if not file.readable:
        return Checked(config=None, findings=file.findings, files=(path,), unreadable=True)
    config, findings = read_config(path, environment)
    named = list(_named(file, path.parent))
    return Checked(
        config=config,
        findings=(*findings, *_mapping_findings(named)),
        files=(path, *(each.path for each in named)),
    )


@dataclass(frozen=True, slots=True)
class _MappingFile:
    manifest: Manifest
    capabilities: frozenset[Capability]
    path: Path

    @property
    def tells_facts(self) -> bool:
        return bool(FACTS & self.capabilities)


def _named(file: TomlFile, folder: Path) -> Iterator[_MappingFile]:
    """The mapping files of all connections whose connector is known, however wrong the rest of the table is."""
    tables = file.data.get("connections")
    for name, table in tables.items() if isinstance(tables, dict) else ():
        if not isinstance(table, dict):
            continue
        manifest = connectors().get(str(table.get("connector", name)))
        can = frozenset() if manifest is None else _capabilities(manifest, table)
        if manifest is not None and (FACTS | {Capability.OPEN_TICKET}) & can:
            where = table.get("mapping")
            path = folder / (where if isinstance(where, str) else f"mappings/{name}.toml")
            yield _MappingFile(manifest, can, path)


def _capabilities(manifest: Manifest, table: Mapping[str, Any]) -> frozenset[Capability]:
    """What the connection can do, as far as its table, which may have mistakes, tells."""
    known = {key: value for key, value in table.items() if key in manifest.settings.model_fields}
    try:
        return manifest.capabilities_of(manifest.settings.model_construct(**known))
    except (AttributeError, TypeError):
        return manifest.capabilities


def _mapping_findings(named: list[_MappingFile]) -> list[Finding]:
    findings: list[Finding] = []
    facts = {name for each in named for name in each.manifest.fixed_facts}
    for each in named:
        if each.tells_facts:
            rules, found = load_fact_mapping(each.path, readable=each.manifest.readable)
            findings += found
            facts |= {rule.name for rule in rules} if rules is not None else _written_names(each.path)
    for each in named:
        if not each.tells_facts:
            findings += load_helpdesk_mapping(each.path, facts=facts)[1]
    return findings


def _written_names(path: Path) -> set[str]:
    """The facts that a file with mistakes means to define: it has its own findings, they are not unknown for that."""
    facts = TomlFile.read(path).data.get("facts")
    return set(facts) if isinstance(facts, dict) else set()
