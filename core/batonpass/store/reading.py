"""Looking at a journal without writing to it: also while a server has it open."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlite_utils

from batonpass.domain.event import EventKind
from batonpass.domain.handoff import HandoffRecord
from batonpass.domain.ids import HandoffId
from batonpass.store import events, handoffs
from batonpass.store.database import NETWORK_FILE_SYSTEMS, StoreError, file_system_of, lock_path
from batonpass.store.instants import from_ms_or_none, to_ms
from batonpass.store.journal import handoff_record, stored_request
from batonpass.store.values import StoredRequest

_WAL_RESET_FIXED = (3, 51, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCondition:
    """What can be told about a store from outside."""

    path: Path
    exists: bool
    writable: bool
    """Whether its folder (and the file, where it is there) can be written."""
    file_system: str
    """As /proc/mounts names it; "" where that cannot be told."""
    on_network: bool
    free_bytes: int
    in_use: bool
    """Whether a batonpass process has it open."""
    damage: str | None
    """What SQLite's quick check found; None: nothing, or there is no file yet."""
    handoffs: dict[str, int]
    """How many stand in each state."""
    sqlite_version: str
    wal_reset_bug: bool
    """Whether this SQLite has the bug of https://sqlite.org/wal.html#walresetbug, which needs two writers."""


def read_handoff(path: Path, handoff_id: HandoffId) -> HandoffRecord | None:
    """The handoff with every step and attempt. Raises `StoreError`."""
    with _opened(path) as db:
        return handoff_record(db, handoff_id)


def handoff_of_ticket(path: Path, ticket_id: str) -> HandoffRecord | None:
    """The newest handoff of a ticket, by the helpdesk's id of it. Raises `StoreError`."""
    with _opened(path) as db:
        found = handoffs.with_ticket(db, ticket_id)
        return None if found is None else handoff_record(db, found)


def read_request(path: Path, handoff_id: HandoffId) -> StoredRequest | None:
    """What the AI agent handed over. Raises `StoreError`."""
    with _opened(path) as db:
        return stored_request(db, handoff_id)


def newest_handoffs(path: Path, *, most: int) -> list[tuple[HandoffId, datetime, str]]:
    """(id, created at, state), newest first. Raises `StoreError`."""
    with _opened(path) as db:
        return handoffs.newest(db, most=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What a connection's vendor has delivered."""

    events: int
    """Since the asked time, each counted once."""
    unknown: dict[str, int]
    """Of them, those of no kind that we know: the vendor's word → how many."""
    last: datetime | None
    """When the newest came, however long ago."""


def arrived(path: Path, connection: str, *, since: datetime) -> Arrived:
    """Raises `StoreError`."""
    with _opened(path) as db:
        counted = events.counts(db, connection, since=to_ms(since))
        return Arrived(
            events=sum(counted.values()),
            unknown={word: n for (kind, word), n in counted.items() if kind == EventKind.UNKNOWN},
            last=from_ms_or_none(events.last_received(db, connection)),
        )


def condition_of(path: Path) -> StoreCondition:
    """Looks at the store; never raises for what is wrong with it."""
    exists = _is_there(path)
    damage, states = _looked_into(path) if exists else (None, {})
    folder = _nearest_folder(path)
    kind = file_system_of(path)
    return StoreCondition(
        path=path,
        exists=exists,
        writable=os.access(folder, os.W_OK) and (not exists or os.access(path, os.W_OK)),
        file_system=kind,
        on_network=kind in NETWORK_FILE_SYSTEMS,
        free_bytes=shutil.disk_usage(folder).free,
        in_use=_in_use(path),
        damage=damage,
        handoffs=states,
        sqlite_version=sqlite3.sqlite_version,
        wal_reset_bug=sqlite3.sqlite_version_info < _WAL_RESET_FIXED,
    )


def _looked_into(path: Path) -> tuple[str | None, dict[str, int]]:
    try:
        with _opened(path) as db:
            verdict = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
            return (None if verdict == "ok" else verdict), handoffs.counts(db)
    except (StoreError, sqlite3.Error) as error:
        return str(error), {}


@contextmanager
def _opened(path: Path) -> Iterator[sqlite_utils.Database]:
    """Read-only: such a connection takes no lock of ours, writes nothing and runs no checkpoint."""
    if not _is_there(path):
        raise StoreError(f"{path}: there is no journal yet; `batonpass serve` makes it", code="no_store")
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from None
    try:
        yield sqlite_utils.Database(connection, recursive_triggers=False)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}; is it a batonpass journal?") from None
    finally:
        connection.close()


def _is_there(path: Path) -> bool:
    """An empty file is no journal yet: SQLite makes it one."""
    return path.is_file() and path.stat().st_size > 0


def _in_use(path: Path) -> bool:
    try:
        lock = os.open(lock_path(path), os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def _nearest_folder(path: Path) -> Path:
    return next(folder for folder in path.absolute().parents if folder.is_dir())
