"""A PostgreSQL cluster in a folder: made, guarded, removed. `postgres.py` runs the server over it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from batonpass.testing import process_tree
from batonpass.testing.postgres_programs import account, as_account, environment

_LONGEST_PARENT: Final = 60  # a Unix socket's whole path has 103 bytes on the meanest system
# $1 is the owner, $2 the folder. Where there is no /proc the server ends within a minute: it misses its folder.
_GUARD: Final = """
while kill -0 "$1"; do sleep 1; done
pid=$(head -n 1 "$2/data/postmaster.pid") && grep -qF "$2" "/proc/$pid/cmdline" && kill -QUIT "$pid" && kill -CONT "$pid"
until rm -rf "$2"; do sleep 1; done
"""


class PostgresFailedError(Exception):
    """PostgreSQL did not do what was asked; the message says what it said."""


def server_folder() -> Path:
    """A new, empty folder for one server, short enough for a socket and open to the server's account only."""
    parent = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=parent if len(parent) < _LONGEST_PARENT else "/tmp"))  # noqa: S108
    if who := account():
        os.chown(folder, who.pw_uid, who.pw_gid)
    return folder


def make_cluster(programs: Path, folder: Path) -> None:
    """Write an empty cluster below `folder`, where everyone on this machine is trusted."""
    made = subprocess.run(  # noqa: S603 - our own arguments
        [
            str(programs / "initdb"),
            *("--pgdata", str(folder / "data"), "--username=postgres", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
        ],
        cwd=folder,
        env=environment(),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **as_account(),
    )
    if made.returncode != 0:
        said = " / ".join(made.stdout.decode(errors="replace").split("\n")).strip(" /")
        raise PostgresFailedError(f"initdb failed: {said}")


def guarded(folder: Path, owner: int) -> subprocess.Popen[bytes]:
    """A process that ends the server and removes `folder` once the process `owner` has ended, however it ended."""
    return subprocess.Popen(  # noqa: S603 - our own arguments
        ["/bin/sh", "-c", _GUARD, "guard", str(owner), str(folder)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def held_port() -> socket.socket:
    """A free loopback port, held without listening, so that nobody else is given it while the server is down.

    Linux lets the server listen beside such a socket; elsewhere it must be closed first.
    """
    holding = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holding.bind(("127.0.0.1", 0))
    return holding


def remove_cluster(folder: Path) -> None:
    """End the server that runs over `folder`, whoever started it, and remove all it left. Nothing there is no error."""
    lock = _lock_file(folder)
    if len(lock) > 6 and process_tree.runs(pid := int(lock[0]), naming=str(folder)):
        process_tree.resume(pid)
        process_tree.send(pid, signal.SIGQUIT)
        if not process_tree.gone([pid], within=10):
            process_tree.gone(process_tree.kill(pid), within=10)
    if len(lock := _lock_file(folder)) > 6:  # it did not end in peace
        _forget_shared_memory(lock[6].split()[-1])
    shutil.rmtree(folder, ignore_errors=True)


def _lock_file(folder: Path) -> list[str]:
    try:
        return (folder / "data" / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _forget_shared_memory(segment: str) -> None:
    """A killed server leaves a segment of a few bytes in the kernel, which else only its next start would remove."""
    if ipcrm := shutil.which("ipcrm"):
        subprocess.run([ipcrm, "-m", segment], check=False, capture_output=True)  # noqa: S603 - a number
