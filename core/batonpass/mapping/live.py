"""Files that may be changed while we run: the last good state stays in force until there is a better one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from batonpass.diagnostics import FileProblemsError, Finding, Severity, has_errors
from batonpass.domain.clock import Clock

T = TypeVar("T")
Read = tuple[T | None, list[Finding], Sequence[tuple[str, str]]]
"""The state, what is to be said about its files, and (file, text) of all that it was read from."""

_Stamp = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce(Generic[T]):
    value: T
    version: str
    """The first twelve hex digits of the SHA-256 over all texts that it was read from."""
    loaded_at: datetime
    layers: tuple[tuple[str, str], ...] = ()
    """(File, its text) of all the files that it was read from, the lowest first."""


class LiveFile(Generic[T]):
    """`current` is always a state that was read without errors, and `layers` are the very texts of it.

    Nothing watches the files here: whoever wants them to be looked at calls `look` now and then, or `refresh`.
    """

    def __init__(self, watched: Sequence[Path], read: Callable[[], Read[T]], *, clock: Clock) -> None:
        """Reads the files. Raises `FileProblemsError` where they cannot be used: there is no last good state yet.

        `watched`: every file whose change may give another state, also one that is not there yet.
        """
        self._watched = tuple(watched)
        self._read_files = read
        self._clock = clock
        self._stamps = self._seen = self._look()
        found, self._findings = self._read()
        if found is None:
            raise FileProblemsError(self._findings)
        self._current = found
        self._there = self._present()

    @property
    def shown_as(self) -> str:
        """The files that are in force, for people."""
        return ", ".join(file for file, _ in self._current.layers)

    @property
    def current(self) -> InForce[T]:
        return self._current

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be said about the files as they stand now, also where an older state is in force."""
        return tuple(self._findings)

    @property
    def is_stale(self) -> bool:
        """Whether the files as they stand now cannot be used, so that an older state is in force."""
        return has_errors(self._findings)

    def look(self) -> bool:
        """As `refresh`, once the files have stood still since the last look: a file that is being saved may be cut off
        where it still reads well, and of several that belong together one is saved after the other."""
        seen, self._seen = self._seen, self._look()
        return self._seen == seen and self.refresh()

    def refresh(self) -> bool:
        """Look at the files; whether another state came into force. Cheap where none has changed."""
        stamps = self._look()
        if stamps == self._stamps:
            return False
        return self.reread(stamps)

    def reread(self, stamps: tuple[_Stamp | None, ...] | None = None) -> bool:
        """Read them whether they have changed or not: what they say may depend on something else."""
        # The stamps from before reading: a change while we read is seen at the next look.
        self._stamps = self._look() if stamps is None else stamps
        found, findings = self._read()
        if self._look() != self._stamps:
            return False  # what we have read may be of two states: the next look reads again
        self._findings = findings
        gone = self._there - self._present()
        if found is not None and gone:
            # A layer that is needed no more looks like one that is being swapped, or was deleted by mistake.
            self._findings = [*self._findings, *(_gone(path) for path in sorted(gone))]
        if found is None or gone:
            return False
        changed = found.version != self._current.version
        if changed or stamps is None:
            self._current = found
        self._there = self._present()
        return changed

    def _present(self) -> frozenset[Path]:
        """Of the files, those that were there when we looked."""
        return frozenset(
            path for path, stamp in zip(self._watched, self._stamps, strict=True) if stamp is not None
        )

    def _look(self) -> tuple[_Stamp | None, ...]:
        return tuple(_stamp(path) for path in self._watched)

    def _read(self) -> tuple[InForce[T] | None, list[Finding]]:
        value, findings, texts = self._read_files()
        if value is None:
            return None, findings
        now = self._clock.now()
        version = version_of(texts)
        return InForce(value=value, version=version, loaded_at=now, layers=tuple(texts)), findings


def version_of(texts: Sequence[tuple[str, str]]) -> str:
    """The version of a state by the texts that it was read from, whatever their files are called."""
    together = "\0".join(text for _, text in texts)
    return hashlib.sha256(together.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _gone(path: Path) -> Finding:
    return Finding(
        code="TF001",
        severity=Severity.ERROR,
        message="this file was in force and is not there any more",
        file=str(path),
        line=1,
        column=1,
        hint="put it back; to do without it, start batonpass again",
    )


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev)
