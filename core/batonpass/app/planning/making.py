"""Makes a plan: reads the candidates, the versions in force, the account and the past; changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from batonpass.app.config import Config, Connection
from batonpass.app.discovery import discovered
from batonpass.app.mappings import FACTS
from batonpass.app.planning import account
from batonpass.app.planning.changes import RuleChange, rule_changes
from batonpass.app.planning.document import (
    PlanDocument,
    PlannedAccount,
    PlannedField,
    PlannedFile,
    PlannedFinding,
    change_part,
    effect_part,
)
from batonpass.app.planning.effect import Effect, Tried, effect_of
from batonpass.app.planning.needs import Need, needs_of
from batonpass.app.planning.packages import Packages, in_force, packages_of
from batonpass.app.planning.preview import previewed
from batonpass.app.planning.texts import MappingText, content_of, digest_of, loaded, text_at
from batonpass.diagnostics import Finding, TomlFile
from batonpass.domain.clock import Clock
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.ticket import FieldSchema
from batonpass.mapping import check_schema
from batonpass.mapping.rules import HelpdeskMapping
from batonpass.ports import Capability
from batonpass.store import StoreAddress
from batonpass.store.mapping_versions import MappingVersion

MAPPED = FACTS | {Capability.OPEN_TICKET}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    connection: Connection
    path: Path
    text: MappingText
    content: bytes
    in_force: MappingVersion | None


async def made_plan(
    config: Config, candidates: Mapping[str, Path], *, clock: Clock, newest: int = 50, redact: bool = False
) -> PlanDocument:
    """`candidates`: connection → the file that is to take the place of its own; without any, all files as they stand.

    Raises `ConfigurationError`, `StoreError`, and what reading the account raises.
    """
    chosen = _chosen(config, candidates)
    files = [_candidate(config.store, each, path) for each, path in chosen]
    found = await discovered(config.helpdesk, clock, people=True)
    schema = replace(found.schema, agents=found.agents)
    facts = _fact_names(config, files)
    read = {each.connection.name: loaded(each.connection, each.text, facts=facts) for each in files}
    packages = await packages_of(config, clock, newest)
    desk = next((each for each in files if each.connection.name == config.helpdesk.name), None)
    mapping = None if desk is None else read[desk.connection.name].helpdesk
    needs: tuple[Need, ...] = ()
    effect = Effect(fields={})
    findings = [finding for each in read.values() for finding in each.findings]
    if desk is not None and mapping is not None:
        needs = needs_of(mapping, schema, packages.seen())
        # as it will be once `apply` has created what is missing
        later = account.with_created(schema, [each for each in needs if each.meant is None])
        before = _before(desk, facts)
        effect = _effect(config, packages, before=before, after=mapping, schema=schema, later=later)
        findings += check_schema(mapping, later)
    parts = account.parts_of(schema)
    return PlanDocument(
        made_at=clock.now(),
        files=tuple(_file(config, each) for each in files),
        account=PlannedAccount(
            connection=config.helpdesk.name, sha256=account.digest_of(parts), parts=dict(parts)
        ),
        creates=tuple(PlannedField.of(each) for each in needs),
        effect=effect_part(effect, redact=redact),
        findings=tuple(_finding(each) for each in findings),
    )


def _chosen(config: Config, candidates: Mapping[str, Path]) -> list[tuple[Connection, Path]]:
    mapped = [each for each in config.connections if MAPPED & each.capabilities]
    unknown = candidates.keys() - {each.name for each in mapped}
    if unknown:
        names = ", ".join(each.name for each in mapped)
        raise ConfigurationError(
            f"{', '.join(sorted(unknown))}: no connection of this name has a mapping; there are: {names}",
            code="no_connection",
        )
    return [
        (each, candidates.get(each.name, each.mapping))
        for each in mapped
        if not candidates or each.name in candidates
    ]


def _candidate(store: StoreAddress, connection: Connection, path: Path) -> _Candidate:
    return _Candidate(
        connection=connection,
        path=path,
        text=text_at(connection, path),
        content=content_of(path),
        in_force=in_force(store, connection.name),
    )


def _fact_names(config: Config, files: Sequence[_Candidate]) -> set[str]:
    """The facts that are defined once the candidates stand in their places."""
    texts = {each.connection.name: each.text for each in files}
    names = {name for each in config.connections for name in each.manifest.fixed_facts}
    for each in config.connections:
        if not FACTS & each.capabilities:
            continue
        text = texts.get(each.name) or text_at(each, each.mapping)
        names |= set(text.as_one(each).data.get("facts", {}))
    return names


def _before(desk: _Candidate, facts: Collection[str]) -> HelpdeskMapping | None:
    """The mapping that the candidate would take the place of; None where none is known."""
    if desk.in_force is not None:
        text = MappingText(connection=desk.connection.name, layers=desk.in_force.layers)
        return loaded(desk.connection, text, facts=facts).helpdesk
    if desk.path == desk.connection.mapping or not desk.connection.mapping.exists():
        return None
    return loaded(desk.connection, text_at(desk.connection, desk.connection.mapping), facts=facts).helpdesk


def _effect(
    config: Config,
    packages: Packages,
    *,
    before: HelpdeskMapping | None,
    after: HelpdeskMapping,
    schema: FieldSchema,
    later: FieldSchema,
) -> Effect:
    titles = {each.name: each.manifest.title for each in config.connections}
    tried = [
        Tried(
            id=id_,
            before=None if before is None else previewed(package, before, schema, titles),
            after=previewed(package, after, later, titles),
        )
        for id_, package in packages.made
    ]
    return effect_of(tried, samples=packages.samples)


def _file(config: Config, each: _Candidate) -> PlannedFile:
    place = each.connection.mapping
    stands = content_of(place) if place.exists() else None
    return PlannedFile(
        connection=each.connection.name,
        place=_shown(config, place),
        candidate=_shown(config, each.path),
        sha256=digest_of(each.content),
        place_sha256=None if stands is None else digest_of(stands),
        in_force=None if each.in_force is None else each.in_force.version,
        changes=tuple(change_part(change) for change in _changes(each, stands)),
    )


def _changes(each: _Candidate, stands: bytes | None) -> list[RuleChange]:
    """Against the version in force; where none is known, against what stands at its place."""
    name = str(each.connection.mapping)
    if each.in_force is not None:
        before = MappingText(connection=each.connection.name, layers=each.in_force.layers).toml
    elif stands is not None and each.path != each.connection.mapping:
        before = {each.connection.mapping.name: TomlFile.of(stands, shown_as=name)}
    else:
        before = {}
    return [
        change for file, toml in each.text.toml.items() for change in rule_changes(before.get(file), toml)
    ]


def _shown(config: Config, path: Path) -> Path:
    """Beside the configuration: a plan may be applied from another folder."""
    folder = config.path.absolute().parent
    whole = path.absolute()
    return whole.relative_to(folder) if whole.is_relative_to(folder) else whole


def _finding(finding: Finding) -> PlannedFinding:
    return PlannedFinding(
        code=finding.code,
        severity=finding.severity,
        file=finding.file,
        line=finding.line,
        column=finding.column,
        message=finding.message,
        hint=finding.hint,
    )
