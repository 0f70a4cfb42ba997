"""A PostgreSQL server of one's own, for tests and benchmarks: made, crashed and removed at will.

with PostgresServer() as server:
    url = server.new_database()
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import psycopg

from batonpass.testing import process_tree
from batonpass.testing.postgres_cluster import (
    PostgresFailedError,
    guarded,
    held_port,
    make_cluster,
    remove_cluster,
    server_folder,
)
from batonpass.testing.postgres_databases import create_database, drop_database
from batonpass.testing.postgres_programs import PostgresNotFoundError, as_account, environment, programs

__all__ = ["PostgresFailedError", "PostgresNotFoundError", "PostgresServer", "StopMode"]

StopMode = Literal["fast", "immediate", "smart"]
_SIGNALS: Final = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "smart": signal.SIGTERM}
_PATIENCE: Final = 60.0  # a start after a crash reads the log back, on a machine that may be busy


class PostgresServer:
    """One cluster in a temporary folder, on a loopback port of its own; everyone on this machine is trusted.

    It keeps its address and its data from the first `start` to `close`, whatever happens between.
    `owner` is the process that it ends with if nobody closes it: this one unless named.
    `folder` is an empty folder from `server_folder`: a new one unless named.
    """

    def __init__(
        self,
        *,
        fsync: bool = True,
        max_connections: int = 100,
        folder: Path | None = None,
        owner: int | None = None,
    ) -> None:
        self.fsync = fsync
        self.max_connections = max_connections
        self._folder = folder
        self._owner = os.getpid() if owner is None else owner
        self._port: int | None = None
        self._holding: socket.socket | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the server's own database, from which others are made."""
        if self._port is None:
            raise PostgresFailedError("this PostgreSQL server has no address yet: call start() first")
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start and wait until it answers. The first time, the cluster is made."""
        if self._process is not None and self._process.poll() is None:
            raise PostgresFailedError("this PostgreSQL server runs already: stop() or kill() it first")
        binaries = programs()
        folder, port = self._made(binaries)
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                [str(binaries / "postgres"), "-D", str(folder / "data"), *self._settings(folder, port)],
                cwd=folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, not for it
                **as_account(),
            )
        self._wait_until_ready(self._process, folder / "log")

    def stop(self, mode: StopMode = "fast", *, within: float = _PATIENCE) -> None:
        """`smart` waits until every client has left, `fast` cuts them off, `immediate` leaves recovery to the start."""
        process = self._running()
        process_tree.resume(process.pid)
        process_tree.send(process.pid, _SIGNALS[mode])
        try:
            process.wait(within)
        except subprocess.TimeoutExpired as error:
            raise PostgresFailedError(f"PostgreSQL still runs {within:g} s after stop({mode!r})") from error

    def restart(self, mode: StopMode = "fast") -> None:
        self.stop(mode)
        self.start()

    def kill(self) -> None:
        """A crash: SIGKILL to every process of the server. `start` brings it back with what was committed."""
        process = self._running()
        killed = process_tree.kill(process.pid)
        process.wait(_PATIENCE)
        if not process_tree.gone(killed, within=_PATIENCE):
            raise PostgresFailedError(f"PostgreSQL still has processes {_PATIENCE:g} s after SIGKILL")

    def pause(self) -> None:
        """A hang: connections stay open and nothing answers, until `resume`."""
        process_tree.pause(self._running().pid)

    def resume(self) -> None:
        process_tree.resume(self._running().pid)

    def new_database(self) -> str:
        """A fresh, empty database; gives its URL."""
        return create_database(self.url)

    def drop(self, url: str) -> None:
        """Remove a database that `new_database` gave; whoever is still connected to it is cut off."""
        drop_database(url)

    def close(self) -> None:
        """End the server if it runs and remove everything it left. Closing twice is no error."""
        if self._folder is not None:
            remove_cluster(self._folder)
        if self._process is not None:
            self._process.wait(_PATIENCE)
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()
        if self._holding is not None:
            self._holding.close()
        self._folder = self._port = self._holding = self._guard = self._process = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise PostgresFailedError("this PostgreSQL server does not run: call start() first")
        return self._process

    def _made(self, binaries: Path) -> tuple[Path, int]:
        if self._folder is not None and self._port is not None:
            return self._folder, self._port
        self._folder = self._folder or server_folder()
        self._guard = guarded(self._folder, self._owner)
        make_cluster(binaries, self._folder)
        self._holding = held_port()
        self._port = int(self._holding.getsockname()[1])
        if sys.platform != "linux":
            self._holding.close()
        return self._folder, self._port

    def _settings(self, folder: Path, port: int) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "max_connections": self.max_connections,
            "fsync": "on" if self.fsync else "off",
            # In the folder: a crash leaves none of it in the machine's shared memory.
            "dynamic_shared_memory_type": "mmap",
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + _PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        said = " / ".join(log.read_text(errors="replace").splitlines()[-5:])
        raise PostgresFailedError(f"PostgreSQL did not start; its log ends with: {said}")
