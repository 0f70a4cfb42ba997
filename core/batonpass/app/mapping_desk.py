"""What support ops do with mappings where they have no shell: read, check, try on a handoff, save, put back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from batonpass.app.config import Config
from batonpass.app.kept_packages import kept
from batonpass.app.mapping_checks import Account, MappingChecks, MappingFile, ReadMapping
from batonpass.app.mapping_files import DiffLine, MovedError, OpenedFile, UnwritableError, diff, read, write
from batonpass.app.mappings import Mappings
from batonpass.app.planning.preview import Previewed, past_handoffs, previewed
from batonpass.app.planning.samples import samples
from batonpass.app.planning.versions import Versions
from batonpass.app.snapshots import read_snapshot
from batonpass.context.package import ContextPackage
from batonpass.diagnostics import Finding, Severity
from batonpass.domain.clock import Clock
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import FieldSchema
from batonpass.engine.world import Packing, nothing_known
from batonpass.mapping.former import NOTHING_FORMER
from batonpass.store import Journal, StoreError
from batonpass.store.mapping_versions import Layer, MappingVersion

log = structlog.get_logger()

_PAST = 25
"""Handoffs that a preview can be made of."""
_VERSIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a file stands."""

    file: MappingFile
    opened: OpenedFile
    findings: tuple[Finding, ...]
    in_force: str
    """The version."""
    since: datetime
    is_in_force: bool
    """Whether the version in force is the one that the files make as they stand now."""

    @property
    def errors(self) -> int:
        return sum(each.severity is Severity.ERROR for each in self.findings)

    @property
    def warnings(self) -> int:
        return sum(each.severity is Severity.WARNING for each in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A handoff that a preview can be made of."""

    id: str
    title: str
    at: datetime | None
    """None: a sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    choices: tuple[Choice, ...]
    chosen: str
    ticket: Previewed | None = None
    """None: the conversation of this handoff is no longer kept."""
    of_last_good: bool = False
    """Whether the text cannot be in force, so that the mapping was taken that is."""
    schema_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    digest: str
    """Of the file as it stands now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSaved:
    """Nothing was written."""

    findings: tuple[Finding, ...] = ()
    moved: OpenedFile | None = None
    """What stands in the file now, where somebody has changed it since it was opened."""
    lines: tuple[DiffLine, ...] = ()
    """From what stands there now to what was to be saved."""
    unwritable: str = ""


class Desk:
    def __init__(
        self,
        config: Config,
        *,
        mappings: Mappings,
        journal: Journal,
        packing: Packing,
        schema: Callable[[], FieldSchema | None],
        clock: Clock,
    ) -> None:
        """`schema`: as a running engine has read it; None where none has."""
        self._config = config
        self._mappings = mappings
        self._journal = journal
        self._packing = packing
        self._schema = schema
        self._clock = clock
        self._checks = MappingChecks(config=config, account=self._account)
        self._versions = Versions(journal.database, clock)

    def files(self) -> tuple[MappingFile, ...]:
        """The helpdesk's first."""
        return self._checks.files()

    def file(self, name: str) -> MappingFile | None:
        return next((each for each in self.files() if each.name == name), None)

    async def opened(self, file: MappingFile) -> OpenedFile:
        return await asyncio.to_thread(read, file.path)

    async def standing(self, file: MappingFile) -> Standing:
        opened = await self.opened(file)
        now, found = self._mappings.in_force[file.name], await self._read(file, opened.text)
        return Standing(
            file=file,
            opened=opened,
            findings=found.findings,
            in_force=now.version,
            since=now.loaded_at,
            is_in_force=found.version == now.version,
        )

    async def checked(self, file: MappingFile, text: str) -> tuple[Finding, ...]:
        """What is to be said about this text in the place of the file, also on the account's own fields."""
        return (await self._read(file, text)).findings

    def schema(self, file: MappingFile) -> FieldSchema | None:
        """What the account's tickets can hold, as far as that is known."""
        found = self._account(file.name) if file.makes_tickets else None
        return None if found is None else found[0]

    async def preview(self, file: MappingFile, text: str, chosen: str) -> Preview:
        """The ticket that this text makes of a past handoff or a sample; nothing is sent."""
        choices = await self._choices(file)
        if not any(each.id == chosen for each in choices):
            chosen = choices[0].id
        package = await self._package(chosen)
        if package is None:
            return Preview(choices=choices, chosen=chosen)
        mapping = (await self._read(file, text)).mapping
        schema = self.schema(file)
        ticket = await asyncio.to_thread(
            previewed,
            package,
            mapping or self._mappings.helpdesk()[0],
            schema or nothing_known(self._clock.now()),
            {each.name: each.manifest.title for each in self._config.connections},
        )
        return Preview(
            choices=choices,
            chosen=chosen,
            ticket=ticket,
            of_last_good=mapping is None,
            schema_known=schema is not None,
        )

    async def save(self, file: MappingFile, text: str, *, opened: str, by: str) -> Saved | NotSaved:
        """Put the text in the file's place; nothing is written where it has errors, or where the file is no longer
        the one with the digest `opened`."""
        found = await self._read(file, text)
        if found.errors_in(file):
            return NotSaved(findings=found.findings)
        try:
            digest = await asyncio.to_thread(write, file.path, text, opened=opened)
        except MovedError:
            now = await self.opened(file)
            return NotSaved(findings=found.findings, moved=now, lines=diff(now.text, text))
        except UnwritableError as error:
            return NotSaved(findings=found.findings, unwritable=str(error))
        log.info("mapping_saved", file=file.shown_as, version=found.version, by=by)
        if found.usable:
            await self._sign(file, found, by)
        return Saved(digest=digest)

    async def versions(self, file: MappingFile) -> list[MappingVersion]:
        """Those that came into force, newest first."""
        return await self._versions.history(file.name, most=_VERSIONS)

    async def version(self, file: MappingFile, version: str) -> MappingVersion | None:
        return await self._versions.version(file.name, version)

    async def _sign(self, file: MappingFile, found: ReadMapping, by: str) -> None:
        """Note who has put it in force; where the store does not answer, it is in force without a name."""
        layers = [Layer(file=name, text=text) for name, text in found.layers]
        try:
            await self._versions.keep(file.name, found.version, layers, put_by=by)
        except StoreError as error:
            log.warning("mapping_version_not_kept", file=file.shown_as, code=error.code)

    async def _read(self, file: MappingFile, text: str) -> ReadMapping:
        return await asyncio.to_thread(self._checks.read, file, text)

    def _account(self, name: str) -> Account | None:
        """As it was read last, or as `batonpass discover` has kept it; what it was called before, as that tells."""
        try:
            kept = read_snapshot(self._config.path.parent, name)
        except ConfigurationError:
            kept = None
        now = self._schema()
        if now is None:
            return kept
        return now, NOTHING_FORMER if kept is None else kept[1].after(kept[0], now)

    async def _choices(self, file: MappingFile) -> tuple[Choice, ...]:
        past = await past_handoffs(self._journal, helpdesk=file.name, newest=_PAST)
        made = [
            Choice(id=each.id, title=(each.reason or "other").replace("_", " "), at=each.asked_at)
            for each in past
        ]
        made += [Choice(id=each.id, title=each.title, at=None) for each in samples(self._clock.now())]
        return tuple(made)

    async def _package(self, chosen: str) -> ContextPackage | None:
        for each in samples(self._clock.now()):
            if each.id == chosen:
                return each.package
        found = await kept(self._journal, HandoffId(chosen))
        return None if found is None else (await asyncio.to_thread(found.package, self._packing))[0]


def text_of(file: MappingFile, version: MappingVersion) -> str | None:
    """What the file itself said in a version, which may have had one that ships below it and others above."""
    name = file.path.name
    own = [each for each in version.layers if Path(each.file).name == name]
    return own[-1].text.replace("\r\n", "\n") if own else None
