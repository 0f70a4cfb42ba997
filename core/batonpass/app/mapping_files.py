"""Changing a mapping file for somebody: checked before, never over somebody else's change, whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from pathlib import Path

LARGEST = 1_000_000
"""Bytes of a mapping file that a page shows or takes."""
_CONTEXT = 3
"""Lines around a change that a diff shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file as it was read."""

    text: str
    """Its lines end with a newline, however the file ends them."""
    digest: str
    """Of its bytes; empty where there is no such file."""
    unreadable: str = ""
    """Why it could not be read, where it could not."""
    crlf: bool = False


class LineKind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    kind: LineKind
    text: str
    old: int | None = None
    new: int | None = None
    """The number of the line in the older and in the newer text."""


class MovedError(Exception):
    """The file is no longer what it was when it was opened."""


class UnwritableError(Exception):
    """The file cannot be written; the text says why."""


def read(path: Path) -> OpenedFile:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return OpenedFile(text="", digest="", unreadable="there is no such file")
    except OSError as error:
        return OpenedFile(text="", digest="", unreadable=error.strerror or "it cannot be read")
    if len(content) > LARGEST:
        return OpenedFile(text="", digest=_digest(content), unreadable="it is too large to be shown here")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return OpenedFile(text="", digest=_digest(content), unreadable="it is not UTF-8")
    return OpenedFile(text=_plain_ends(text), digest=_digest(content), crlf=b"\r\n" in content)


def write(path: Path, text: str, *, opened: str) -> str:
    """Put this text in the file's place, if it is still the one with the digest `opened`.

    Whoever reads it meanwhile reads the old or the new one, whole. Gives its new digest; raises `MovedError` and
    `UnwritableError`.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    try:
        with _alone(target.parent):
            before = read(target)
            if before.digest != opened:
                raise MovedError
            content = _written(text, crlf=before.crlf)
            _replace(target, content)
            return _digest(content)
    except OSError as error:
        raise UnwritableError(error.strerror or "it cannot be written") from None


def diff(old: str, new: str) -> tuple[DiffLine, ...]:
    """What has changed, with a few lines around it; nothing where nothing has."""
    before, after = old.splitlines(), new.splitlines()
    lines: list[DiffLine] = []
    for group in SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_CONTEXT):
        if lines:
            lines.append(DiffLine(kind=LineKind.GAP, text=""))
        for change, i1, i2, j1, j2 in group:
            if change == "equal":
                lines += [
                    DiffLine(kind=LineKind.SAME, text=before[i], old=i + 1, new=j1 + (i - i1) + 1)
                    for i in range(i1, i2)
                ]
                continue
            lines += [DiffLine(kind=LineKind.REMOVED, text=before[i], old=i + 1) for i in range(i1, i2)]
            lines += [DiffLine(kind=LineKind.ADDED, text=after[j], new=j + 1) for j in range(j1, j2)]
    return tuple(lines)


def from_form(text: str) -> str:
    """A text as a browser sends it: it ends lines with CR LF, whatever it was given."""
    plain = _plain_ends(text)
    return plain if plain.endswith("\n") or not plain else f"{plain}\n"


def _plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _written(text: str, *, crlf: bool) -> bytes:
    return (text.replace("\n", "\r\n") if crlf else text).encode("utf-8", "replace")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of all processes of this machine that write through here."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(target: Path, content: bytes) -> None:
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
