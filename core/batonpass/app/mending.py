"""Writes what `check --fix` mends: only the characters that are meant, whole files or nothing."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from batonpass.diagnostics import Finding, difference, mended
from batonpass.domain.errors import ConfigurationError

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """What is to become of one file."""

    path: Path
    before: bytes
    after: bytes
    mended: tuple[Finding, ...]
    """What it mends."""

    @property
    def difference(self) -> str:
        before, after = (content.removeprefix(_MARK).decode() for content in (self.before, self.after))
        return difference(str(self.path), before, after)


def mendings(findings: Sequence[Finding], files: Sequence[Path]) -> tuple[Mending, ...]:
    """What can be mended in these files; other files are never touched. Reads them; writes nothing."""
    found = []
    for path in files:
        meant = tuple(each for each in findings if each.edit is not None and each.file == str(path))
        if not meant:
            continue
        try:
            before = path.read_bytes()
            text = before.removeprefix(_MARK).decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        better = mended(text, [each.edit for each in meant if each.edit is not None])
        mark = _MARK if before.startswith(_MARK) else b""
        if better != text and _is_toml(better):
            after = mark + better.encode()
            found.append(Mending(path=path, before=before, after=after, mended=meant))
    return tuple(found)


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True


def write(mending: Mending) -> None:
    """Put the file in place. Raises `ConfigurationError` where it has been changed meanwhile or cannot be written."""
    target = Path(os.path.realpath(mending.path))  # a link stays a link
    fresh: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
        fresh = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(mending.after)
            file.flush()
            os.fchmod(file.fileno(), target.stat().st_mode & 0o777)
            os.fsync(file.fileno())
        if target.read_bytes() != mending.before:
            raise ConfigurationError(f"{mending.path}: it was changed meanwhile, and has been left as it is")
        fresh.replace(target)
    except OSError as error:
        raise ConfigurationError(f"{mending.path}: cannot be written: {error.strerror}") from None
    finally:
        if fresh is not None:
            fresh.unlink(missing_ok=True)
