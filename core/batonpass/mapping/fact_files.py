"""Reads a fact mapping file: what a source's values are called with us."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from batonpass.diagnostics import Finding, TomlFile, did_you_mean, has_errors, validated
from batonpass.domain.facts import FactRule
from batonpass.domain.paths import PACKAGE_PATHS
from batonpass.mapping.check import RESERVED_WORDS
from batonpass.mapping.files import as_layers
from batonpass.mapping.shapes import Fact, FactFile

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def load_fact_mapping(
    source: FilePath | TomlFile, *, readable: Mapping[str, tuple[str, ...]], shown_as: str | None = None
) -> tuple[tuple[FactRule, ...] | None, list[Finding]]:
    """The rules and what is to be said about them; None where there is an error.

    `source` is one file, or what `read_layers` has read. `readable` is what the source can be asked for: object →
    properties; `"*"` any, `"metadata.*"` any below.
    """
    file = as_layers(source, shown_as=shown_as)
    findings = [*file.findings, *file.head, *_unquoted(file)]
    shape, faults = validated(_without_unquoted(file), FactFile)
    findings += faults
    if shape is None:
        return None, findings
    for name, fact in shape.facts.items():
        findings += _name(file, name)
        findings += _property(file, name, fact, readable)
    rules = tuple(_rule(name, fact) for name, fact in shape.facts.items())
    return (None if has_errors(findings) else rules), findings


def _rule(name: str, fact: Fact) -> FactRule:
    return FactRule(name=name, object=fact.object, property=fact.property, values=tuple(fact.values.items()))


def _name(file: TomlFile, name: str) -> Iterator[Finding]:
    at = ("facts", name)
    if not _NAME.fullmatch(name):
        message = f'"{name}" is no name for a fact'
        hint = 'two words of small letters, digits and _ with a dot between: "account.tier"'
        yield file.finding(at, message, code="HM303", hint=hint, key=True)
    elif name in PACKAGE_PATHS or name.partition(".")[0] in RESERVED_WORDS:
        message = f'"{name}" is a name of the handoff itself'
        yield file.finding(at, message, code="HM304", hint="take another first word", key=True)


def _property(
    file: TomlFile, name: str, fact: Fact, readable: Mapping[str, tuple[str, ...]]
) -> Iterator[Finding]:
    properties = readable.get(fact.object)
    if properties is None:
        hint = did_you_mean(fact.object, readable, listed="objects")
        message = f'the source has no object "{fact.object}"'
        yield file.finding(("facts", name, "object"), message, code="HM301", hint=hint)
    elif not any(_covers(known, fact.property) for known in properties):
        hint = did_you_mean(fact.property, properties, listed="properties")
        message = f'"{fact.property}" of {fact.object} cannot be read'
        yield file.finding(("facts", name, "property"), message, code="HM302", hint=hint)


def _covers(known: str, wanted: str) -> bool:
    if known.endswith("*"):
        return wanted.startswith(known[:-1]) and len(wanted) >= len(known)
    return known == wanted


def _unquoted(file: TomlFile) -> Iterator[Finding]:
    for first, second in _unquoted_names(file):
        yield file.finding(
            ("facts", first, second),
            "a fact's name stands in quotes",
            code="HM303",
            hint=f'"{first}.{second}" = {{ … }}',
            key=True,
        )


def _unquoted_names(file: TomlFile) -> Iterator[tuple[str, str]]:
    facts = file.data.get("facts")
    for first, inner in facts.items() if isinstance(facts, dict) else ():
        if _is_unquoted(first, inner):
            for second in inner:
                yield first, second


def _without_unquoted(file: TomlFile) -> TomlFile:
    facts = file.data.get("facts")
    if not isinstance(facts, dict):
        return file
    kept = {name: fact for name, fact in facts.items() if not _is_unquoted(name, fact)}
    return replace(file, data={**file.data, "facts": kept})


def _is_unquoted(name: str, written: Any) -> bool:
    return (
        "." not in name
        and isinstance(written, dict)
        and bool(written)
        and all(isinstance(inner, dict) for inner in written.values())
    )
