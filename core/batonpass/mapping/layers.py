"""The layers of one mapping: what ships with batonpass, below the team's file, below the environment's.

A rule in a higher file takes the place of the one below it and of nothing else; `remove` takes one away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

from batonpass.diagnostics import Finding, Span, TomlFile, did_you_mean
from batonpass.diagnostics.spans import Path

EDITION = 1
"""Of the language that these files are written in."""
SHIPPED = "shipped"
"""What a file can extend."""
HEAD = ("schema", "extends", "remove")
"""The keys of a file that are about the file itself."""
NOTHING: Mapping[FilePath, str] = MappingProxyType({})
_ABSENT = frozenset({"TF001"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Where they stand. Only the team's file must be there."""

    file: FilePath
    """The team's."""
    shipped: FilePath | None = None
    """Taken where the team's file says so."""
    environment: FilePath | None = None
    """Taken where it is there."""

    @property
    def watched(self) -> tuple[FilePath, ...]:
        """Every file whose change can change the mapping, the lowest first."""
        return tuple(path for path in (self.shipped, self.file, self.environment) if path is not None)


@dataclass(frozen=True, kw_only=True)
class LayeredFile(TomlFile):
    """All layers as one file: what it finds is told with the file and line where the thing stands."""

    layers: tuple[TomlFile, ...]
    """Those that are there, the lowest first."""
    places: Mapping[Path, TomlFile] = field(repr=False)
    """The file in which each table and each rule stands."""
    head: tuple[Finding, ...] = ()
    """What is wrong with the keys that are about the files themselves."""

    def layer_of(self, where: Sequence[str | int]) -> TomlFile:
        """The file in which this place is, or should be."""
        for length in (2, 1):
            found = self.places.get(tuple(where[:length]))
            if found is not None and len(where) >= length:
                return found
        return next(each for each in self.layers if each.shown_as == self.shown_as)

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """(File, its text), the lowest first."""
        return tuple((each.shown_as, each.text) for each in self.layers)

    def span(self, where: Sequence[str | int], *, key: bool = False) -> Span:
        return self.layer_of(where).span(where, key=key)

    def finding(self, where: Sequence[str | int], message: str, **how: Any) -> Finding:
        return self.layer_of(where).finding(where, message, **how)

    def secrets(self, **how: str) -> tuple[Finding, ...]:
        return tuple(finding for each in self.layers for finding in each.secrets(**how))


def read_layers(
    layers: Layers, *, shown_as: str | None = None, instead: Mapping[FilePath, str] = NOTHING
) -> LayeredFile:
    """All of them as they stand now; `instead` has texts to be taken in place of what a file says. Reading never
    raises: `findings` and `head` tell."""
    own = _read(layers.file, shown_as or str(layers.file), instead)
    files = [own]
    if own.data.get("extends") == SHIPPED and layers.shipped is not None:
        files.insert(0, _read(layers.shipped, f"<shipped {layers.shipped.name}>", instead))
    if layers.environment is not None:
        upper = _read(layers.environment, str(layers.environment), instead)
        if not {each.code for each in upper.findings} & _ABSENT:
            files.append(upper)
    return layered(files, own)


def layers_of(texts: Sequence[tuple[str, str]], own: str) -> LayeredFile:
    """(File, its text), the lowest first, as `texts` of what was read gives them; `own` is the team's file."""
    files = [TomlFile.of(text.encode(), shown_as=name) for name, text in texts]
    return layered(files, next((each for each in files if each.shown_as == own), files[-1]))


def _read(path: FilePath, name: str, instead: Mapping[FilePath, str]) -> TomlFile:
    if path in instead:
        return TomlFile.of(instead[path].encode(), shown_as=name)
    return TomlFile.read(path, shown_as=name)


def layered(files: Sequence[TomlFile], own: TomlFile) -> LayeredFile:
    """These files as one, the lowest first; `own` is the team's."""
    data: dict[str, Any] = {}
    places: dict[Path, TomlFile] = {}
    head: list[Finding] = []
    for file in files:
        head += _head(file, data, below=file is not files[0], extends=file is own)
        for table, name in _removed(file):
            if isinstance(data.get(table), dict) and name in data[table]:
                del data[table][name]
                del places[table, name]
        for key, value in file.data.items():
            if key in HEAD:
                continue
            places[(key,)] = file
            if not isinstance(value, dict):
                data[key] = value
                continue
            tables = data.setdefault(key, {})
            if not isinstance(tables, dict):
                tables = data[key] = {}
            for name, rule in value.items():
                tables[name] = rule
                places[key, name] = file
    return LayeredFile(
        shown_as=own.shown_as,
        text=own.text,
        data=data,
        findings=tuple(finding for file in files for finding in file.findings),
        layers=tuple(files),
        places=places,
        head=tuple(head),
    )


def _head(file: TomlFile, lower: Mapping[str, Any], *, below: bool, extends: bool) -> Iterator[Finding]:
    """What is wrong with the keys that are about the file itself. `lower`: what stands below it."""
    edition = file.data.get("schema", EDITION)
    if edition != EDITION or isinstance(edition, bool):
        message = (
            f"this file is written in another edition of the language; this release reads schema = {EDITION}"
        )
        hint = f"install the release that it is written for, or write schema = {EDITION}"
        yield file.finding(("schema",), message, code="HM112", hint=hint)
    if "extends" in file.data:
        wanted = file.data["extends"]
        if wanted != SHIPPED:
            yield file.finding(
                ("extends",),
                "a file can extend only what is shipped",
                code="HM113",
                hint='extends = "shipped"',
            )
        elif not extends:
            hint = "the environment's file always stands above the team's; take this line out"
            yield file.finding(
                ("extends",), "only the team's file says what it extends", code="HM113", hint=hint
            )
        elif not below:
            hint = "take this line out, and write all rules here"
            yield file.finding(
                ("extends",), "nothing is shipped for this connection", code="HM113", hint=hint
            )
    yield from _remove(file, lower)


def _remove(file: TomlFile, lower: Mapping[str, Any]) -> Iterator[Finding]:
    names = file.data.get("remove", [])
    if not isinstance(names, list):
        yield file.finding(("remove",), 'expected a list: remove = ["fields.MRR"]', code="HM114")
        return
    known = [f"{table}.{name}" for table, rules in lower.items() if isinstance(rules, dict) for name in rules]
    for index, name in enumerate(names):
        if name not in known:
            hint = did_you_mean(str(name), known, listed="below stand") or "take it out of the list"
            message = f'no file below this one has a rule "{name}"'
            yield file.finding(("remove", index), message, code="HM114", hint=hint)


def _removed(file: TomlFile) -> Iterator[tuple[str, str]]:
    names = file.data.get("remove", [])
    for name in names if isinstance(names, list) else ():
        table, _, rule = str(name).partition(".")
        yield table, rule
