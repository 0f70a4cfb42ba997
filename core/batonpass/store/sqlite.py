"""One SQLite file, one connection, one writer; writes are committed in groups.

`synchronous=FULL`: what is acknowledged is on the disk. Every group is one `BEGIN IMMEDIATE` transaction; when one
piece of work in it fails, the group is rolled back and its pieces run one by one, so that neighbours are unharmed.

The statements run in the event loop, only the commit with its fsync in a thread: a statement takes microseconds, but
in a thread each one gives the interpreter lock away and waits up to 5 ms to have it back while the loop is busy
(measured: half the throughput, a hundred times the time to acknowledge).
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlite_utils

from batonpass.store import remade_views
from batonpass.store.sqlite_schema import MIGRATIONS
from batonpass.store.transaction import Result, Row, StoreError, Work
from batonpass.testing.failpoints import disk_is_full, failpoint

LARGEST_GROUP = 64
"""Pieces of work: some milliseconds of statements, for which the event loop stands still."""
_WHILE_LOCKED = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.6)
"""Seconds between looks while another process holds the lock: two in all, then everybody who waits hears of it."""
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"}
)


class SqliteTransaction:
    """Nobody else writes: a transaction here begins with the lock on the whole file. Its statements never wait, so
    its coroutines never give way."""

    for_update = ""
    skip_locked = ""

    def __init__(self, db: sqlite_utils.Database) -> None:
        self._connection = db.conn

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._connection.execute(sql, values).rowcount

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._connection.execute(sql, values).fetchall()

    async def records(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        cursor = self._connection.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    async def lock(self, *names: str) -> None:
        del names


@dataclass(slots=True)
class _Piece:
    """One piece of work and where its result goes."""

    work: Work[Any]
    future: asyncio.Future[Any]
    result: Any = None

    def settle(self, error: Exception | None) -> None:
        if self.future.cancelled():
            return
        if error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(error)


class _LockedError(StoreError):
    """Another program holds the file: no transaction could begin."""


def _settle(pieces: Sequence[_Piece], error: Exception | None) -> None:
    """Wake the callers: one call into each other loop, however many wait there."""
    here = asyncio.get_running_loop()
    elsewhere: dict[asyncio.AbstractEventLoop, list[_Piece]] = {}
    for piece in pieces:
        loop = piece.future.get_loop()
        if loop is here:
            piece.settle(error)
        else:
            elsewhere.setdefault(loop, []).append(piece)
    for loop, waiting in elsewhere.items():
        with suppress(RuntimeError):  # a loop that is closed: nobody waits there any more
            loop.call_soon_threadsafe(_settle, waiting, error)


class SqliteDatabase:
    """Runs work on the file, in order, and answers when it is committed.

    It works in the event loop in which it was opened; `run` may be awaited in any.
    """

    is_shared = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self._pieces: deque[_Piece] = deque()
        self._committing: asyncio.Task[None] | None = None
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batonpass-commit")
        self._home: asyncio.AbstractEventLoop | None = None
        self._lock_file: int | None = None
        self._db: sqlite_utils.Database | None = None

    async def open(self) -> None:
        """Lock the file, check it, bring its tables up to date. Raises `StoreError`."""
        self._home = asyncio.get_running_loop()
        _refuse_network_file_system(self.path)
        self._lock_file = _lock(self.path)
        try:
            self._db = _open_database(self.path)
        except BaseException:
            self._unlock()
            raise

    async def run(self, work: Work[Result]) -> Result:
        here = asyncio.get_running_loop()
        piece = _Piece(work, here.create_future())
        assert self._home is not None
        if here is self._home:
            self._queue(piece)
        else:
            self._home.call_soon_threadsafe(self._queue, piece)
        result: Result = await piece.future
        return result

    def _queue(self, piece: _Piece) -> None:
        self._pieces.append(piece)
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_all())

    async def leave_loop(self) -> None:
        """All work is done in the loop that opened it."""

    def ring(self) -> None:
        """There is no other process."""

    async def listen(self, hear: Callable[[], None]) -> None:
        """Nobody else rings."""
        del hear
        await asyncio.Event().wait()

    async def milliseconds(self) -> int | None:
        return None

    async def close(self) -> None:
        self._disk.shutdown(wait=True)
        if self._db is not None:
            self._db.rollback()
            self._db.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    async def _commit_all(self) -> None:
        while self._pieces:
            group = [self._pieces.popleft() for _ in range(min(LARGEST_GROUP, len(self._pieces)))]
            error = await self._committed(group)
            if isinstance(error, _LockedError):
                # each by itself would wait as long again, and the last for all before it
                group.extend(self._pieces)
                self._pieces.clear()
                _settle(group, error)
                continue
            if error is None or len(group) == 1:
                _settle(group, error)
                continue
            for piece in group:
                _settle([piece], await self._committed([piece]))

    async def _committed(self, group: list[_Piece]) -> Exception | None:
        """Run the group in one transaction; the error that undid it, or None."""
        assert self._db is not None
        connection = self._db.conn
        transaction = SqliteTransaction(self._db)
        try:
            await self._begin(connection)
            failpoint("store.begun", sqlite3.OperationalError)
            changes = connection.total_changes
            for piece in group:
                piece.result = await piece.work(transaction)
            if connection.total_changes == changes:
                connection.execute("COMMIT")  # they only read: nothing to wait for
            else:
                disk_is_full(self.name)
                failpoint("store.committing", sqlite3.OperationalError)
                await asyncio.get_running_loop().run_in_executor(self._disk, connection.execute, "COMMIT")
                failpoint("store.committed", sqlite3.OperationalError)
        except (sqlite3.Error, OSError) as error:
            self._db.rollback()
            return StoreError(f"{self.path}: {error}; nothing was written", code="store_unavailable")
        except Exception as error:  # noqa: BLE001 - handed to whoever asked for the work
            self._db.rollback()
            return error
        return None

    async def _begin(self, connection: sqlite3.Connection) -> None:
        """Begin to write; somebody else's lock (a backup, a database browser) is waited for without blocking."""
        for wait in _WHILE_LOCKED:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                await asyncio.sleep(wait)
            else:
                return
        raise _LockedError(
            f"{self.path}: another program holds it locked; nothing was written", code="store_unavailable"
        )


def _open_database(path: Path) -> sqlite_utils.Database:
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, timeout=0, cached_statements=256, check_same_thread=False
        )
        db = sqlite_utils.Database(connection, recursive_triggers=False)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        # Who is erased is gone from the file; Debian's SQLite does so anyway.
        db.execute("PRAGMA secure_delete=ON")
        db.execute("PRAGMA journal_size_limit=67108864")
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise StoreError(
                f"{path}: the file is damaged ({verdict}). Restore the last backup beside it, or salvage what is "
                f"readable with: sqlite3 {path} .recover",
                code="store_damaged",
            )
        MIGRATIONS.apply(db)
        remade_views.on_sqlite(connection)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path}: {error}; is it a batonpass database, and may this user write it?"
        ) from error
    path.chmod(0o600)
    return db


@contextmanager
def connect_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """Read-only: such a connection takes no lock of ours, writes nothing and runs no checkpoint."""
    if not is_there(path):
        raise StoreError(f"{path}: there is no journal yet; `batonpass serve` makes it", code="no_store")
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from None
    try:
        yield connection
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}; is it a batonpass journal?") from None
    finally:
        connection.close()


def is_there(path: Path) -> bool:
    """An empty file is no journal yet: SQLite makes it one."""
    return path.is_file() and path.stat().st_size > 0


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
