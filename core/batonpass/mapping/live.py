"""A file that may be changed while we run: the last good state stays in force until there is a better one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from batonpass.diagnostics import FileProblemsError, Finding, has_errors
from batonpass.domain.clock import Clock

T = TypeVar("T")

_Stamp = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce(Generic[T]):
    value: T
    version: str
    """The first twelve hex digits of the content's SHA-256."""
    loaded_at: datetime


class LiveFile(Generic[T]):
    """`current` is always a state that was read without errors.

    Nothing watches the file here: whoever wants it to be looked at calls `refresh`.
    """

    def __init__(
        self, path: Path, load: Callable[[Path], tuple[T | None, list[Finding]]], *, clock: Clock
    ) -> None:
        """Reads the file. Raises `FileProblemsError` where it cannot be used: there is no last good state yet."""
        self.path = path
        self._load = load
        self._clock = clock
        self._stamp = _stamp(path)
        found, self._findings = self._read()
        if found is None:
            raise FileProblemsError(self._findings)
        self._current = found

    @property
    def current(self) -> InForce[T]:
        return self._current

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be said about the file as it stands now, also where an older state is in force."""
        return tuple(self._findings)

    @property
    def is_stale(self) -> bool:
        """Whether the file as it stands now cannot be used, so that an older state is in force."""
        return has_errors(self._findings)

    def refresh(self) -> bool:
        """Look at the file; whether another state came into force. Cheap where the file has not changed."""
        stamp = _stamp(self.path)
        if stamp == self._stamp:
            return False
        # The stamp from before reading: a change while we read is seen at the next look.
        self._stamp = stamp
        found, self._findings = self._read()
        if found is None or found.version == self._current.version:
            return False
        self._current = found
        return True

    def _read(self) -> tuple[InForce[T] | None, list[Finding]]:
        content = _content(self.path)
        value, findings = self._load(self.path)
        if value is None or content is None:
            return None, findings
        version = hashlib.sha256(content).hexdigest()[:12]
        return InForce(value=value, version=version, loaded_at=self._clock.now()), findings


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
