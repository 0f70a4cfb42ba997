"""Named places in the code where a test can kill, stop or break the process.

`BATONPASS_FAILPOINT=step.open_ticket.called:kill:3` kills the process the third time that it gets there; several stand
with commas between them, and each fires once. Actions:
`kill` (SIGKILL, as a power cut does), `exception`, `hang` (the event loop stands still), `disk_full` (no commit
succeeds for `DISK_FULL_SECONDS` from then on). Without the variable a failpoint costs one comparison.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

VARIABLE = "BATONPASS_FAILPOINT"
ACTIONS = ("kill", "exception", "hang", "disk_full")
DISK_FULL_SECONDS = 1.5


class FailpointError(Exception):
    """Raised by the action `exception`."""


def _always(setting: str) -> bool:
    del setting
    return True


@dataclass(slots=True)
class _Armed:
    setting: str
    action: str
    visits_left: int
    may_fire: Callable[[str], bool]


_armed: dict[str, list[_Armed]] = {}
_full_until = 0.0


def arm(settings: Sequence[str], *, may_fire: Callable[[str], bool] = _always) -> None:
    """Set the failpoints of this process, for one that was not started with the variable. `may_fire` is asked with
    the setting just before one does what it is there for. Raises ValueError for an action that there is not."""
    global _armed  # noqa: PLW0603 - a process has one set of them
    armed = defaultdict(list)
    for setting in settings:
        name, action, *count = setting.split(":")
        if action not in ACTIONS:
            raise ValueError(f"{VARIABLE}: unknown action {action!r}; known: {', '.join(ACTIONS)}")
        armed[name].append(_Armed(setting, action, int(count[0]) if count else 1, may_fire))
    _armed = dict(armed)


arm([each for each in os.environ.get(VARIABLE, "").split(",") if each])


def failpoint(name: str, raising: type[Exception] = FailpointError) -> None:
    """Do here what the environment says, if it names this place. `raising`: what `exception` raises, where code can
    only fail in one way."""
    if not _armed:
        return
    for each in _armed.get(name, ()):
        each.visits_left -= 1
        if each.visits_left == 0 and each.may_fire(each.setting):
            _fire(each.action, name, raising)


def _fire(action: str, name: str, raising: type[Exception]) -> None:
    global _full_until  # noqa: PLW0603 - of the process, as `_armed`
    match action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(3600)
        case "disk_full":
            _full_until = time.monotonic() + DISK_FULL_SECONDS
        case _:
            raise raising(name)


def disk_is_full(store: str) -> None:
    """Where a store is about to commit: raises OSError (ENOSPC) while a failpoint has filled the disk."""
    if _armed and _full_until > time.monotonic():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), store)
