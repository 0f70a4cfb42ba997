"""All that is to be said about one mapping text in the place of its file, the other files as they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from batonpass.app.config import Config, Connection
from batonpass.app.mappings import FACTS
from batonpass.diagnostics import Finding, has_errors
from batonpass.domain.ticket import FieldSchema
from batonpass.mapping import check_schema, load_fact_mapping
from batonpass.mapping.check_facts import FactSource, check_sources, check_words
from batonpass.mapping.files import read_helpdesk_mapping
from batonpass.mapping.former import Former
from batonpass.mapping.layers import LayeredFile, read_layers
from batonpass.mapping.live import version_of
from batonpass.mapping.rules import HelpdeskMapping
from batonpass.ports import Capability

Account = tuple[FieldSchema, Former]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFile:
    """One file that support ops edit."""

    name: str
    """The connection's."""
    title: str
    """The vendor's, as people know it."""
    path: Path
    shown_as: str
    makes_tickets: bool
    """Whether it says what a ticket holds; else which facts a source tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMapping:
    """What a text means, with the layers below and above it."""

    findings: tuple[Finding, ...]
    layers: tuple[tuple[str, str], ...]
    """(File, its text), the lowest first."""
    usable: bool
    """Whether it can be in force. It may do less than was meant, as the findings on the account tell."""
    mapping: HelpdeskMapping | None = None
    """Of a helpdesk, where it is usable."""

    @property
    def version(self) -> str:
        """As a server calls it that has it in force."""
        return version_of(self.layers)

    def errors_in(self, file: MappingFile) -> bool:
        return has_errors(each for each in self.findings if each.file == file.shown_as)


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingChecks:
    config: Config
    account: Callable[[str], Account | None]
    """By the connection; None where its fields are not known."""

    def files(self) -> tuple[MappingFile, ...]:
        """The helpdesk's first."""
        found = [_file(each, self.config.path.parent) for each in self.config.connections]
        return tuple(sorted((each for each in found if each), key=lambda each: not each.makes_tickets))

    def read(self, file: MappingFile, text: str) -> ReadMapping:
        """Reads the other files from the disk; asks nobody."""
        connection = next(each for each in self.config.connections if each.name == file.name)
        layers = read_layers(
            connection.layers, shown_as=file.shown_as, instead={connection.layers.file: text}
        )
        if file.makes_tickets:
            return self._helpdesk(file.name, layers)
        rules, findings = load_fact_mapping(layers, readable=connection.manifest.readable)
        sources = [
            each
            if each.connection != file.name
            else FactSource(connection=file.name, fixed=each.fixed, file=layers, rules=rules or ())
            for each in self._sources()
        ]
        twice = [each for each in check_sources(sources) if each.file == file.shown_as]
        return ReadMapping(
            findings=(*findings, *twice, *_secrets(layers)), layers=layers.texts, usable=rules is not None
        )

    def _helpdesk(self, name: str, layers: LayeredFile) -> ReadMapping:
        sources = list(self._sources())
        facts = {fact for source in sources for fact in (*source.fixed, *source.named)}
        mapping, findings = read_helpdesk_mapping(layers, facts=facts)
        usable = mapping is not None and not has_errors(findings)
        findings = [*findings, *_secrets(layers)]
        if mapping is not None:
            account = self.account(name)
            findings += check_words(mapping, sources)
            findings += [] if account is None else check_schema(mapping, account[0], former=account[1])
        return ReadMapping(
            findings=tuple(sorted(findings, key=lambda each: (each.file, each.line, each.column))),
            layers=layers.texts,
            usable=usable,
            mapping=mapping if usable else None,
        )

    def _sources(self) -> Iterator[FactSource]:
        for each in self.config.connections:
            fixed = tuple(each.manifest.fixed_facts)
            if not FACTS & each.capabilities:
                yield FactSource(connection=each.name, fixed=fixed)
                continue
            layers = read_layers(each.layers)
            rules, _ = load_fact_mapping(layers, readable=each.manifest.readable)
            yield FactSource(connection=each.name, fixed=fixed, file=layers, rules=rules or ())


def _secrets(file: LayeredFile) -> tuple[Finding, ...]:
    return file.secrets(
        code="HM129",
        message="a secret stands here, where everybody can read it who may edit mappings",
        hint="take it out and make a new one: this one is known by now",
    )


def _file(connection: Connection, folder: Path) -> MappingFile | None:
    makes_tickets = Capability.OPEN_TICKET in connection.capabilities
    if not makes_tickets and not FACTS & connection.capabilities:
        return None
    path = connection.mapping
    return MappingFile(
        name=connection.name,
        title=connection.manifest.title,
        path=path,
        shown_as=str(path.relative_to(folder) if path.is_relative_to(folder) else path),
        makes_tickets=makes_tickets,
    )
