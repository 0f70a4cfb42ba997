"""Checks fact mappings with each other and with the helpdesk mapping that uses their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batonpass.diagnostics import Finding, Severity, TomlFile
from batonpass.domain.facts import FactRule
from batonpass.mapping.rules import HelpdeskMapping, LookedUp
from batonpass.mapping.written import written_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSource:
    """One connection that tells facts."""

    connection: str
    fixed: tuple[str, ...] = ()
    """Facts that it tells without a line in a file."""
    file: TomlFile | None = None
    rules: tuple[FactRule, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """The facts that its file defines, mistakes and all."""
        facts = self.file.data.get("facts") if self.file is not None else None
        return tuple(_named(facts)) if isinstance(facts, Mapping) else ()


def _named(facts: Mapping[str, Any]) -> Iterator[str]:
    for name, written in facts.items():
        if "." not in name and isinstance(written, Mapping):  # its quotes are missing
            yield from (f"{name}.{inner}" for inner in written)
        else:
            yield name


def check_sources(sources: Sequence[FactSource]) -> Iterator[Finding]:
    """Facts that two connections define: only one of them would ever be shown."""
    teller: dict[str, str] = {name: each.connection for each in sources for name in each.fixed}
    for source in sources:
        for name in source.named:
            other = teller.setdefault(name, source.connection)
            if other != source.connection and source.file is not None:
                yield source.file.finding(
                    ("facts", name),
                    f'"{name}" is told by [connections.{other}] already; where both know it, that one is shown',
                    code="HM305",
                    severity=Severity.WARNING,
                    hint="give it another name, or take one of the two out",
                    key=True,
                )


def check_words(mapping: HelpdeskMapping, sources: Sequence[FactSource]) -> Iterator[Finding]:
    """Left sides of `values` that are a source's own words, where its fact mapping makes other words of them."""
    made = {rule.name: _words(rule) for each in sources for rule in each.rules if rule.values}
    for rule in mapping.rules:
        if not isinstance(rule.content, LookedUp) or rule.transforms:
            continue
        words = made.get(rule.content.source, {})
        for key in written_keys(mapping.file, rule):
            ours = words.get(key.strip().lower())
            if ours is not None and ours.lower() not in {"", key.strip().lower()}:
                yield mapping.file.finding(
                    (*rule.at, "values", key),
                    f'{rule.content.source} is never "{key}": the fact mapping makes "{ours}" of it',
                    code="HM127",
                    severity=Severity.WARNING,
                    hint=f'write "{ours}" on the left',
                    key=True,
                )


def _words(rule: FactRule) -> dict[str, str]:
    """The source's words that are none of ours → what becomes of them."""
    ours = {word.strip().lower() for _, word in rule.values}
    return {
        theirs.strip().lower(): word for theirs, word in rule.values if theirs.strip().lower() not in ours
    }
