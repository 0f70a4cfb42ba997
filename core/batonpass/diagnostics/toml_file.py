"""A TOML file together with the places of all that stands in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from batonpass.diagnostics.edits import Edit, rewritten
from batonpass.diagnostics.findings import Finding, Severity
from batonpass.diagnostics.secrecy import mask, mask_all, secrets_in, without_secrets
from batonpass.diagnostics.spans import Path, Place, Span, SpanIndex
from batonpass.diagnostics.syntax_hints import opening_of_array, syntax_hint

# Python puts the place into the message only: https://docs.python.org/3/library/tomllib.html
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_STANDS_TWICE = re.compile(r"Cannot (?:overwrite|declare|redefine|mutate)|Duplicate inline table key")


@dataclass(frozen=True, kw_only=True)
class TomlFile:
    """What a file says. Reading never raises for what the file is or holds: `findings` tell."""

    shown_as: str
    """The file's name in findings."""
    text: str = field(repr=False)
    data: dict[str, Any] = field(repr=False)
    """Empty where the file could not be read as TOML."""
    findings: tuple[Finding, ...] = ()
    """Why it could not be read; empty otherwise."""

    @classmethod
    def read(cls, path: FilePath, *, shown_as: str | None = None) -> TomlFile:
        name = shown_as or str(path)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return cls._unread(name, "TF001", "there is no such file")
        except OSError as error:
            return cls._unread(name, "TF002", f"cannot be read: {error.strerror or type(error).__name__}")
        return cls.of(content, shown_as=name)

    @classmethod
    def of(cls, content: bytes, *, shown_as: str) -> TomlFile:
        """The file with this content, wherever it stands."""
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            return cls._not_utf8(shown_as, content, error.start)
        if not text.strip():
            return cls._unread(shown_as, "TF004", "the file is empty")
        try:
            return cls(shown_as=shown_as, text=text, data=tomllib.loads(text))
        except RecursionError:
            return cls._unread(shown_as, "TF005", "lists or tables are nested too deeply")
        except ValueError as error:
            broken = cls(shown_as=shown_as, text=text, data={})
            return cls(shown_as=shown_as, text=text, data={}, findings=broken._faults(str(error)))

    @property
    def readable(self) -> bool:
        return not self.findings

    def span(self, where: Sequence[str | int], *, key: bool = False) -> Span:
        """Where the value (or the key) stands; for what is not there, the nearest parent that is."""
        for end in range(len(where), 0, -1):
            place = self._index.get(tuple(where[:end]))
            if place is not None:
                return _chosen(place, key=key and end == len(where))
        return Span(line=1, column=1)

    def finding(
        self,
        where: Sequence[str | int],
        message: str,
        *,
        code: str,
        severity: Severity = Severity.ERROR,
        hint: str | None = None,
        key: bool = False,
        secret: bool = False,
        becomes: str | None = None,
    ) -> Finding:
        """A finding at this place. What looks like a secret is masked; `secret` hides every value of the line.

        `becomes` is the text that is surely meant here: the finding says how to write it.
        """
        span = self.span(where, key=key)
        finding = self._at(span, message, code=code, severity=severity, hint=hint)
        if becomes is not None:
            finding = replace(finding, edit=self._edit(span, becomes, key=key))
        if not secret:
            return finding
        value = self.span(where)
        hidden = mask_all(finding.source_line, value.column, value.length)
        return replace(finding, source_line=hidden)

    def secrets(self, *, code: str, message: str, hint: str) -> tuple[Finding, ...]:
        """A finding for each key, token or password that stands in the file, in a comment too."""
        return tuple(
            self._at(Span(line=number, column=start + 1, length=end - start), message, code=code, hint=hint)
            for number, line in enumerate(self._lines, start=1)
            for start, end in secrets_in(line)
        )

    def line(self, number: int) -> str:
        """One line of the file, from 1; empty where there is none."""
        lines = self._lines
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def _edit(self, span: Span, text: str, *, key: bool) -> Edit | None:
        was = self.line(span.line)[span.column - 1 : span.column - 1 + span.length]
        written = rewritten(was, text, key=key)
        if written is None or written == was:
            return None
        return Edit(line=span.line, column=span.column, was=was, becomes=written)

    @cached_property
    def _index(self) -> SpanIndex:
        return SpanIndex(self.text)

    @cached_property
    def _lines(self) -> list[str]:
        return [line.removesuffix("\r") for line in self.text.split("\n")]

    def _at(
        self,
        span: Span,
        message: str,
        *,
        code: str,
        severity: Severity = Severity.ERROR,
        hint: str | None = None,
    ) -> Finding:
        return Finding(
            code=code,
            severity=severity,
            message=without_secrets(message),
            file=self.shown_as,
            line=span.line,
            column=span.column,
            length=span.length,
            source_line=mask(self.line(span.line)),
            hint=None if hint is None else without_secrets(hint),
        )

    def _faults(self, told: str) -> tuple[Finding, ...]:
        if _STANDS_TWICE.match(told) and self._index.twice:
            return tuple(
                self._at(
                    again,
                    f'"{path[-1]}" stands here a second time',
                    code="TF006",
                    hint=f"it stands first in line {first.line}; keep one of them",
                )
                for path, again, first in _without_echoes(self._index.twice)
            )
        span = self._told_span(told)
        message = _POSITION.sub("", told)
        hint = syntax_hint(message, self.line(span.line), span.column)
        return (self._at(span, _plain(message), code="TF005", hint=hint),)

    def _told_span(self, told: str) -> Span:
        found = _POSITION.search(told)
        if found and found[1]:
            # tomllib tells the place after a bad escape, not that of its backslash.
            back = 2 if told.startswith("Unescaped") else 0
            if told.startswith("Unclosed array"):
                # It is told where the next statement begins, many lines below.
                opened = opening_of_array(self._lines, int(found[1]), int(found[2]))
                if opened is not None:
                    return Span(line=opened[0], column=opened[1])
            return Span(line=int(found[1]), column=int(found[2]) - back)
        last = len(self.text.rstrip().split("\n"))
        return Span(line=last, column=len(self.line(last).rstrip()) + 1)

    @classmethod
    def _unread(cls, name: str, code: str, message: str) -> TomlFile:
        finding = Finding(code=code, severity=Severity.ERROR, message=message, file=name, line=1, column=1)
        return cls(shown_as=name, text="", data={}, findings=(finding,))

    @classmethod
    def _not_utf8(cls, name: str, content: bytes, offset: int) -> TomlFile:
        before = content[:offset].decode("utf-8", errors="replace")
        finding = Finding(
            code="TF003",
            severity=Severity.ERROR,
            message=f"byte 0x{content[offset]:02x} is not UTF-8",
            file=name,
            line=before.count("\n") + 1,
            column=len(before.rsplit("\n", 1)[-1]) + 1,
            hint="save the file as UTF-8",
        )
        return cls(shown_as=name, text="", data={}, findings=(finding,))


def _without_echoes(twice: list[tuple[Path, Span, Span]]) -> Iterator[tuple[Path, Span, Span]]:
    """Without the keys that stand twice only because their whole table does."""
    tables = {path: again.line for path, again, _ in twice}
    for path, again, first in twice:
        above = [tables.get(path[:end], 0) for end in range(1, len(path))]
        if not any(first.line < line < again.line for line in above):
            yield path, again, first


def _chosen(place: Place, *, key: bool) -> Span:
    return place.key if key else place.value


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:] if message else "not TOML"
