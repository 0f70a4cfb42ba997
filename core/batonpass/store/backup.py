"""A backup of a SQLite store while it is being written: by SQLite's own means, never by copying the file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from batonpass.store.sqlite import connect_to_read
from batonpass.store.transaction import StoreError

_PAGES_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    path: Path
    size: int
    handoffs: int


def back_up(source: Path, to: Path) -> BackedUp:
    """Write the store, as it is this moment, to a new file, and check it. Raises `StoreError`; then there is no file."""
    if to.exists():
        raise StoreError(f"{to}: there is a file already, and a backup overwrites none", code="file_exists")
    part = to.with_name(f".{to.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        handoffs = _copied(source, part)
        _on_the_disk(part)
        os.link(part, to)  # unlike a rename it overwrites nothing
        _on_the_disk(to.parent)
        return BackedUp(path=to, size=to.stat().st_size, handoffs=handoffs)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StoreError(f"{to}: the backup cannot be written ({why}); nothing is left of it") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _copied(source: Path, part: Path) -> int:
    target = sqlite3.connect(part, isolation_level=None)
    try:
        with connect_to_read(source) as reading:
            reading.isolation_level = None
            reading.execute("BEGIN")  # all its pages as of now: a writer does not make the copy begin anew
            (handoffs,) = reading.execute("SELECT count(*) FROM handoffs").fetchone()
            reading.backup(target, pages=_PAGES_AT_ONCE)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        verdict = target.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise StoreError(
                f"{source}: its copy is damaged ({verdict}), so it is itself: batonpass store verify --full",
                code="store_damaged",
            )
        return int(handoffs)
    finally:
        target.close()


def _on_the_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
