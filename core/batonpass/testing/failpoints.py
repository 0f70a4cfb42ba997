"""Named places in the code where a test can kill, stop or break the process.

`BATONPASS_FAILPOINT=step.open_ticket.called:kill:3` kills the process the third time that it gets there. Actions:
`kill` (SIGKILL, as a power cut does), `exception`, `hang` (the event loop stands still), `disk_full` (no commit
succeeds for `DISK_FULL_SECONDS` from then on). Without the variable a failpoint costs one comparison.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

VARIABLE = "BATONPASS_FAILPOINT"
ACTIONS = ("kill", "exception", "hang", "disk_full")
DISK_FULL_SECONDS = 1.5


class FailpointError(Exception):
    """Raised by the action `exception`."""


def _always() -> bool:
    return True


@dataclass(slots=True)
class _Armed:
    name: str
    action: str
    visits_left: int
    full_until: float = 0.0
    may_fire: Callable[[], bool] = _always


def _armed_from(setting: str | None) -> _Armed | None:
    if not setting:
        return None
    name, action, *count = setting.split(":")
    if action not in ACTIONS:
        raise ValueError(f"{VARIABLE}: unknown action {action!r}; known: {', '.join(ACTIONS)}")
    return _Armed(name, action, int(count[0]) if count else 1)


_armed = _armed_from(os.environ.get(VARIABLE))


def arm(setting: str | None, *, may_fire: Callable[[], bool] = _always) -> None:
    """Set the failpoint of this process, for one that was not started with the variable; None: none. `may_fire` is
    asked just before it does what it is there for."""
    global _armed  # noqa: PLW0603 - one failpoint for each process
    _armed = _armed_from(setting)
    if _armed is not None:
        _armed.may_fire = may_fire


def failpoint(name: str, raising: type[Exception] = FailpointError) -> None:
    """Do here what the environment says, if it names this place. `raising`: what `exception` raises, where code can
    only fail in one way."""
    if _armed is None or _armed.name != name:
        return
    _armed.visits_left -= 1
    if _armed.visits_left != 0 or not _armed.may_fire():
        return
    if _armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if _armed.action == "hang":
        time.sleep(3600)
    if _armed.action == "disk_full":
        _armed.full_until = time.monotonic() + DISK_FULL_SECONDS
        return
    raise raising(name)


def disk_is_full(store: str) -> None:
    """Where a store is about to commit: raises OSError (ENOSPC) while a failpoint has filled the disk."""
    if _armed is not None and _armed.full_until > time.monotonic():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), store)
