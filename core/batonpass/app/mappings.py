"""The mapping files in force: loaded at start, looked at all the time, the last good ones kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import structlog

from batonpass.app.config import Config, Connection
from batonpass.diagnostics import FileProblemsError, Finding
from batonpass.domain.clock import Clock
from batonpass.domain.facts import FactRule
from batonpass.mapping.fact_files import load_fact_mapping
from batonpass.mapping.files import load_helpdesk_mapping
from batonpass.mapping.layers import Layers, read_layers
from batonpass.mapping.live import InForce, LiveFile, Read
from batonpass.mapping.rules import HelpdeskMapping
from batonpass.ports import Capability

log = structlog.get_logger()

T = TypeVar("T")

FACTS = frozenset({Capability.CRM_FACTS, Capability.BILLING_FACTS})


class Mappings:
    """One live file per connection."""

    def __init__(self, config: Config, clock: Clock) -> None:
        """Raises `FileProblemsError` with the findings of all files."""
        self._config = config
        self._facts: dict[str, LiveFile[tuple[FactRule, ...]]] = {}
        problems: list[Finding] = []
        for each in config.connections:
            if not FACTS & each.capabilities:
                continue
            try:
                self._facts[each.name] = LiveFile(
                    each.layers.watched, partial(_read_facts, each), clock=clock
                )
            except FileProblemsError as error:
                problems += error.findings
        try:
            layers = config.helpdesk.layers
            self._helpdesk = LiveFile(layers.watched, partial(self._read_helpdesk, layers), clock=clock)
        except FileProblemsError as error:
            problems += error.findings
        if problems:
            raise FileProblemsError(problems)

    def helpdesk(self) -> tuple[HelpdeskMapping, str]:
        """The helpdesk's mapping and its version."""
        current = self._helpdesk.current
        return current.value, current.version

    def rules(self, connection: str) -> tuple[FactRule, ...]:
        """The fact rules of a connection; none for one that has no mapping of facts."""
        live = self._facts.get(connection)
        return () if live is None else live.current.value

    def findings(self) -> list[Finding]:
        """What is wrong with the files as they stand now, while the last good ones are in force."""
        found = list(self._helpdesk.findings)
        for live in self._facts.values():
            found += live.findings
        return found

    @property
    def in_force(self) -> dict[str, InForce[Any]]:
        """By connection, with the texts that they were read from."""
        return {
            self._config.helpdesk.name: self._helpdesk.current,
            **{name: live.current for name, live in self._facts.items()},
        }

    @property
    def versions(self) -> tuple[str, ...]:
        """Of all files in force."""
        return (self._helpdesk.current.version, *(live.current.version for live in self._facts.values()))

    @property
    def all_in_force(self) -> bool:
        """Whether every file is in force as it stands now."""
        return not (self._helpdesk.is_stale or any(live.is_stale for live in self._facts.values()))

    def look(self) -> None:
        """Look at the files again, to be called now and then; what stands still since the last look is taken. A broken
        file changes nothing and is reported once."""
        self._go_through(LiveFile.look)

    def refresh(self) -> None:
        """The same at once, for whoever knows that nobody is at work on the files."""
        self._go_through(LiveFile.refresh)

    def _go_through(self, look: Callable[[LiveFile[Any]], bool]) -> None:
        renamed = False
        for live in self._facts.values():
            names = {rule.name for rule in live.current.value}
            _told(live, partial(look, live))
            renamed = renamed or names != {rule.name for rule in live.current.value}
        # What the helpdesk's mapping may name depends on the facts: what is said of it must not be out of date.
        _told(self._helpdesk, self._helpdesk.reread if renamed else partial(look, self._helpdesk))

    def _read_helpdesk(self, layers: Layers) -> Read[HelpdeskMapping]:
        file = read_layers(layers)
        mapping, findings = load_helpdesk_mapping(file, facts=self._fact_names())
        return mapping, findings, file.texts

    def _fact_names(self) -> set[str]:
        names = {name for each in self._config.connections for name in each.manifest.fixed_facts}
        for each in self._config.connections:
            if each.name in self._facts:
                names.update(rule.name for rule in self._facts[each.name].current.value)
            elif FACTS & each.capabilities:
                # A file with a mistake has its own finding; its names are not unknown for that.
                facts = read_layers(each.layers).data.get("facts")
                names.update(facts if isinstance(facts, dict) else ())
        return names


def _read_facts(connection: Connection) -> Read[tuple[FactRule, ...]]:
    file = read_layers(connection.layers)
    rules, findings = load_fact_mapping(file, readable=connection.manifest.readable)
    return rules, findings, file.texts


def _told(live: LiveFile[T], look: Callable[[], bool]) -> None:
    before = live.findings
    if look():
        log.info("mapping_reloaded", file=live.shown_as, version=live.current.version)
    for finding in live.findings:
        if finding not in before:
            log.error(
                "mapping_broken_last_good_in_force" if live.is_stale else "mapping_warning",
                code=finding.code,
                message=finding.message,
                file=f"{finding.file}:{finding.line}:{finding.column}",
            )
