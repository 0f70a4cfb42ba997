"""Where each key and value of a TOML text stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Path = tuple[str | int, ...]

_LANGUAGE = Language(tree_sitter_toml.language())
_KEYS = frozenset({"bare_key", "quoted_key", "dotted_key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    length: int = 1
    """On this line: what goes on over several lines ends for us with the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one path stands: its key, and its value (for a table: its header)."""

    key: Span
    value: Span


class SpanIndex:
    """Path → place, for a text that may be broken: what the grammar could read is there."""

    def __init__(self, text: str) -> None:
        source = text.encode()
        self._lines = source.split(b"\n")
        self._places: dict[Path, Place] = {}
        self._made_by_header: set[Path] = set()
        self._list_lengths: dict[Path, int] = {}
        self.twice: list[tuple[Path, Span, Span]] = []
        """(path, where it stands again, where it stood first)."""
        self._document(Parser(_LANGUAGE).parse(source).root_node)

    def get(self, path: Path) -> Place | None:
        return self._places.get(path)

    def _document(self, root: Node) -> None:
        for node in root.named_children:
            match node.type:
                case "pair":
                    self._pair(node, ())
                case "table":
                    self._pairs(node, self._table(node))
                case "table_array_element":
                    self._pairs(node, self._list_element(node))

    def _table(self, node: Node) -> Path:
        *parents, last = self._header_keys(node)
        path = (*self._resolved(parents), last[0])
        place = Place(key=last[1], value=self._header_span(node))
        if path in self._made_by_header:
            self.twice.append((path, place.key, self._places[path].key))
        self._made_by_header.add(path)
        self._places[path] = place
        return path

    def _list_element(self, node: Node) -> Path:
        *parents, last = self._header_keys(node)
        path = (*self._resolved(parents), last[0])
        place = Place(key=last[1], value=self._header_span(node))
        self._places.setdefault(path, place)
        index = self._list_lengths.get(path, 0)
        self._list_lengths[path] = index + 1
        self._places[*path, index] = place
        return (*path, index)

    def _pairs(self, node: Node, path: Path) -> None:
        for child in node.named_children:
            if child.type == "pair":
                self._pair(child, path)

    def _pair(self, node: Node, path: Path) -> None:
        parts = [child for child in node.named_children if child.type != "comment"]
        key, value = parts[0], parts[-1]
        *parents, (name, span) = self._keys(key)
        for parent, where in parents:
            path = (*path, parent)
            self._places.setdefault(path, Place(key=where, value=where))
        path = (*path, name)
        if path in self._places:
            self.twice.append((path, span, self._places[path].key))
        self._places[path] = Place(key=span, value=self._span(value))
        self._value(value, path)

    def _value(self, node: Node, path: Path) -> None:
        if node.type == "inline_table":
            self._pairs(node, path)
        elif node.type == "array":
            items = [child for child in node.named_children if child.type != "comment"]
            for index, item in enumerate(items):
                span = self._span(item)
                self._places[*path, index] = Place(key=span, value=span)
                self._value(item, (*path, index))

    def _header_keys(self, node: Node) -> list[tuple[str, Span]]:
        key = next((child for child in node.named_children if child.type in _KEYS), None)
        return list(self._keys(key)) if key else [("", self._span(node))]

    def _resolved(self, parents: list[tuple[str, Span]]) -> Path:
        path: Path = ()
        for name, span in parents:
            path = (*path, name)
            self._places.setdefault(path, Place(key=span, value=span))
            if path in self._list_lengths:
                path = (*path, self._list_lengths[path] - 1)
        return path

    def _keys(self, node: Node) -> Iterator[tuple[str, Span]]:
        if node.type == "dotted_key":
            for child in node.named_children:
                yield from self._keys(child)
        else:
            yield _name(node), self._span(node)

    def _header_span(self, node: Node) -> Span:
        closing = next((child for child in reversed(node.children) if child.type in {"]", "]]"}), node)
        return self._between(node, closing)

    def _span(self, node: Node) -> Span:
        return self._between(node, node)

    def _between(self, first: Node, last: Node) -> Span:
        row = first.start_point.row
        line = self._lines[row]
        end = last.end_point.column if last.end_point.row == row else len(line.rstrip(b"\r"))
        column = _characters(line, first.start_point.column)
        return Span(line=row + 1, column=column + 1, length=max(1, _characters(line, end) - column))


def _name(node: Node) -> str:
    text = (node.text or b"").decode()
    if node.type == "bare_key":
        return text
    try:
        return next(iter(tomllib.loads(f"{text} = 0")), text)
    except tomllib.TOMLDecodeError:
        return text


def _characters(line: bytes, offset: int) -> int:
    return len(line[:offset].decode(errors="replace"))
