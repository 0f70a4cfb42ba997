"""What can be told about a store from outside, for `doctor`."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from batonpass.store import handoffs, nodes
from batonpass.store.address import StoreAddress
from batonpass.store.instants import from_ms
from batonpass.store.reading import look
from batonpass.store.sqlite import (
    NETWORK_FILE_SYSTEMS,
    connect_to_read,
    file_system_of,
    is_there,
    lock_path,
)
from batonpass.store.transaction import StoreError

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCondition:
    """What can be told about a PostgreSQL database."""

    name: str
    problem: str | None
    """Why it cannot be used; None: nothing."""
    handoffs: dict[str, int]
    nodes: tuple[tuple[str, datetime], ...] = ()
    """(Host and process, last seen) of the processes that work on it."""


def condition_of(store: StoreAddress) -> StoreCondition | SharedCondition:
    """Looks at the store; never raises for what is wrong with it."""
    return _shared(store) if store.path is None else _file(store.path)


def _shared(store: StoreAddress) -> SharedCondition:
    try:
        found = look(store, nodes.named)
        seen = tuple((name, from_ms(at)) for _, name, at in found)
        return SharedCondition(
            name=store.name, problem=None, handoffs=look(store, handoffs.counts), nodes=seen
        )
    except StoreError as error:
        return SharedCondition(
            name=store.name, problem=None if error.code == "no_store" else str(error), handoffs={}
        )


def _file(path: Path) -> StoreCondition:
    exists = is_there(path)
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
        with connect_to_read(path) as connection:
            verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        return (None if verdict == "ok" else verdict), look(StoreAddress.file(path), handoffs.counts)
    except (StoreError, sqlite3.Error) as error:
        return str(error), {}


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
