"""Signals to a process and to everything it started."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

_PROC = Path("/proc")


def _has_proc() -> bool:
    return (_PROC / "self" / "stat").exists()


def _from_proc() -> dict[int, int]:
    """Each running process and its parent; a zombie runs no more and is left out."""
    parents: dict[int, int] = {}
    for folder in _PROC.glob("[0-9]*"):
        try:
            # The name stands in brackets and may hold anything, brackets too.
            state, parent, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue  # it ended while we looked
        if state not in "ZX":
            parents[int(folder.name)] = int(parent)
    return parents


def _ps() -> str:
    return shutil.which("ps") or "/bin/ps"


def _from_ps() -> dict[int, int]:
    listed = subprocess.run(  # noqa: S603 - a fixed command
        [_ps(), "-A", "-o", "pid=,ppid=,stat="], check=True, capture_output=True, text=True
    )
    rows = (line.split() for line in listed.stdout.splitlines())
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def _parents() -> dict[int, int]:
    return _from_proc() if _has_proc() else _from_ps()


def children(pid: int) -> list[int]:
    """The processes that `pid` started and that still run."""
    return sorted(child for child, parent in _parents().items() if parent == pid)


def runs(pid: int, *, naming: str) -> bool:
    """Whether `pid` still is the process whose command names `naming`, and not another that got its number."""
    if _has_proc():
        try:
            return naming.encode() in (_PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            return False
    shown = subprocess.run(  # noqa: S603 - a number
        [_ps(), "-o", "args=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return naming in shown.stdout


def send(pid: int, sent: signal.Signals) -> None:
    """Like os.kill; a process that has just ended is no error."""
    try:
        os.kill(pid, sent)
    except ProcessLookupError:
        return


def pause(pid: int) -> None:
    """Stop `pid` and its children; the parent first, so that it starts no further child meanwhile."""
    send(pid, signal.SIGSTOP)
    for child in children(pid):
        send(child, signal.SIGSTOP)


def resume(pid: int) -> None:
    """Undo `pause`."""
    for child in children(pid):
        send(child, signal.SIGCONT)
    send(pid, signal.SIGCONT)


def kill(pid: int) -> list[int]:
    """SIGKILL to `pid` and its children, as a machine that loses power; gives all that were killed."""
    send(pid, signal.SIGSTOP)
    killed = [*children(pid), pid]
    for each in killed:
        send(each, signal.SIGKILL)
    return killed


def gone(pids: list[int], *, within: float) -> bool:
    """Whether none of `pids` runs any more, waiting up to `within` seconds for it."""
    deadline = time.monotonic() + within
    while not _parents().keys().isdisjoint(pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
