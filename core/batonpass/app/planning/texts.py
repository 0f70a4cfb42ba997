"""The texts that a mapping is put together from, wherever they stand: on the disk, in the store, beside their place."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from batonpass.app.config import Connection
from batonpass.app.mappings import FACTS
from batonpass.diagnostics import Finding, TomlFile
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.facts import FactRule
from batonpass.mapping import load_fact_mapping, load_helpdesk_mapping
from batonpass.mapping.layers import NOTHING, LayeredFile, layers_of, read_layers
from batonpass.mapping.live import version_of
from batonpass.mapping.rules import HelpdeskMapping
from batonpass.store.mapping_versions import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingText:
    """One connection's mapping as text."""

    connection: str
    layers: tuple[Layer, ...]
    """The lowest first."""

    @property
    def version(self) -> str:
        """As a running server calls it."""
        return version_of([(each.file, each.text) for each in self.layers])

    @property
    def toml(self) -> dict[str, TomlFile]:
        """By the name of the file, without its folders."""
        return {
            Path(each.file).name: TomlFile.of(each.text.encode(), shown_as=each.file) for each in self.layers
        }

    def as_one(self, connection: Connection) -> LayeredFile:
        """All layers together."""
        texts = [(each.file, each.text) for each in self.layers]
        own = next((file for file, _ in texts if Path(file).name == connection.mapping.name), "")
        return layers_of(texts, own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What such a text says."""

    helpdesk: HelpdeskMapping | None = None
    facts: tuple[FactRule, ...] | None = None
    findings: tuple[Finding, ...] = ()


def content_of(path: Path) -> bytes:
    """Raises `ConfigurationError` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}", code="unreadable") from None


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def text_at(connection: Connection, path: Path) -> MappingText:
    """The mapping as it would be with this file in the team's place, all other layers as they stand. Raises
    `ConfigurationError` where it cannot be read."""
    content = content_of(path)
    instead = NOTHING
    if path != connection.layers.file:
        try:
            instead = {connection.layers.file: content.decode("utf-8-sig")}
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path}: is not UTF-8; save it as UTF-8", code="unreadable") from None
    file = read_layers(connection.layers, instead=instead)
    return MappingText(
        connection=connection.name, layers=tuple(Layer(file=name, text=text) for name, text in file.texts)
    )


def loaded(connection: Connection, text: MappingText, *, facts: Collection[str] = ()) -> Loaded:
    """Read without putting it anywhere. `facts`: the names that are defined, for a helpdesk's mapping."""
    file = text.as_one(connection)
    if FACTS & connection.capabilities:
        rules, findings = load_fact_mapping(file, readable=connection.manifest.readable)
        return Loaded(facts=rules, findings=tuple(findings))
    mapping, findings = load_helpdesk_mapping(file, facts=facts)
    return Loaded(helpdesk=mapping, findings=tuple(findings))
