"""One SQLite file, one connection, one thread; writes are committed in groups.

`synchronous=FULL`: what is acknowledged is on the disk. Every group is one `BEGIN IMMEDIATE` transaction; when one
piece of work in it fails, the group is rolled back and its pieces run one by one, so that neighbours are unharmed.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlite_utils

from batonpass.domain.errors import BatonpassError
from batonpass.store.schema import MIGRATIONS

Result = TypeVar("Result")
Work = Callable[[sqlite_utils.Database], Any]

LARGEST_GROUP = 256
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"}
)


class StoreError(BatonpassError):
    """The store cannot be opened or is damaged. The message names the file and the way out."""

    code = "store"


class _Piece:
    """One piece of work and where its result goes."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class WriterThread:
    """Runs work on the database, in order, and answers when it is committed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pieces: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._opened: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._lock_file: int | None = None
        self._thread = threading.Thread(target=self._run, name="batonpass-journal", daemon=True)

    def open(self) -> None:
        """Lock the file, check it, bring its tables up to date. Raises `StoreError`."""
        _refuse_network_file_system(self.path)
        self._lock_file = _lock(self.path)
        self._thread.start()
        error = self._opened.get()
        if error is not None:
            self._unlock()
            raise error

    async def run(self, work: Callable[[sqlite_utils.Database], Result]) -> Result:
        """Run `work(db)` inside a transaction; returns once it is committed, raises what it raised."""
        piece = _Piece(work)
        self._pieces.put(piece)
        result: Result = await piece.future
        return result

    def close(self) -> None:
        """Finish what is queued and let go of the file."""
        self._pieces.put(None)
        self._thread.join()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def _run(self) -> None:
        try:
            db = _open_database(self.path)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for it
            self._opened.put(error)
            return
        self._opened.put(None)
        while (group := self._next_group()) is not None:
            self._commit(db, group)
            _settle(group)
        db.close()

    def _next_group(self) -> list[_Piece] | None:
        first = self._pieces.get()
        if first is None:
            return None
        group = [first]
        while len(group) < LARGEST_GROUP:
            try:
                piece = self._pieces.get_nowait()
            except queue.Empty:
                break
            if piece is None:
                self._pieces.put(None)
                break
            group.append(piece)
        return group

    def _commit(self, db: sqlite_utils.Database, group: list[_Piece]) -> None:
        try:
            db.conn.execute("BEGIN IMMEDIATE")
            for piece in group:
                piece.result = piece.work(db)
            db.conn.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - every piece gets its own error
            db.rollback()
            if len(group) == 1:
                group[0].error = self._named(error)
                return
            for piece in group:
                self._commit(db, [piece])


    def _named(self, error: Exception) -> Exception:
        if isinstance(error, sqlite3.Error):
            return StoreError(f"{self.path}: {error}; nothing was written", code="store_unavailable")
        return error


def _settle(group: list[_Piece]) -> None:
    """Wake the callers: one call into each loop, however large the group."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Piece]] = {}
    for piece in group:
        by_loop.setdefault(piece.loop, []).append(piece)
    for loop, pieces in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_in_loop, pieces)
        except RuntimeError:
            continue  # that loop is closed: nobody waits any more


def _settle_in_loop(pieces: list[_Piece]) -> None:
    for piece in pieces:
        piece.settle()


def _open_database(path: Path) -> sqlite_utils.Database:
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, cached_statements=256)
        db = sqlite_utils.Database(connection, recursive_triggers=False)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        db.execute("PRAGMA journal_size_limit=67108864")
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise StoreError(
                f"{path}: the file is damaged ({verdict}). Restore the last backup beside it, or salvage what is "
                f"readable with: sqlite3 {path} .recover",
                code="store_damaged",
            )
        MIGRATIONS.apply(db)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path}: {error}; is it a batonpass database, and may this user write it?"
        ) from error
    path.chmod(0o600)
    return db


def lock_path(path: Path) -> Path:
    """The file whose lock says that a process has the database at `path` open."""
    return path.with_name(path.name + ".lock")


def _lock(path: Path) -> int:
    """Take the lock that keeps a second process out; it goes with the process, however that ends."""
    try:
        lock_file = os.open(lock_path(path), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot write there ({error.strerror}); choose another folder in store.url"
        ) from None
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock_file)
        raise StoreError(
            f"{path}: another batonpass process has it open. SQLite serves exactly one process: stop the other one "
            "or give this one its own store.url",
            code="store_locked",
        ) from None
    return lock_file


def _refuse_network_file_system(path: Path) -> None:
    """A write-ahead log needs shared memory, which a network file system has not (sqlite.org/wal.html)."""
    kind = file_system_of(path)
    if kind in NETWORK_FILE_SYSTEMS:
        raise StoreError(
            f"{path}: this folder is on a network file system ({kind}), where SQLite loses data; use a local disk",
            code="store_on_network",
        )


def file_system_of(path: Path) -> str:
    """The kind of file system that holds `path`, as /proc/mounts names it; "" where that cannot be told."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    absolute = path.absolute().parent
    best, kind = "", ""
    for line in mounts:
        _, point, found, *_ = line.split(" ")
        if absolute.is_relative_to(point) and len(point) > len(best):
            best, kind = point, found
    return kind
