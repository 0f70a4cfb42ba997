"""Named places in the code where a test can kill, stop or break the process.

`BATONPASS_FAILPOINT=step.open_ticket.called:kill:3` kills the process the third time that it gets there. Actions:
`kill` (SIGKILL, as a power cut does), `exception`, `hang`. Without the variable a failpoint costs one comparison.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

VARIABLE = "BATONPASS_FAILPOINT"


class FailpointError(Exception):
    """Raised by the action `exception`."""


@dataclass(slots=True)
class _Armed:
    name: str
    action: str
    visits_left: int


def _armed_from(setting: str | None) -> _Armed | None:
    if not setting:
        return None
    name, action, *count = setting.split(":")
    if action not in {"kill", "exception", "hang"}:
        raise ValueError(f"{VARIABLE}: unknown action {action!r}; known: kill, exception, hang")
    return _Armed(name, action, int(count[0]) if count else 1)


_armed = _armed_from(os.environ.get(VARIABLE))


def failpoint(name: str) -> None:
    """Do here what the environment says, if it names this place."""
    if _armed is None or _armed.name != name:
        return
    _armed.visits_left -= 1
    if _armed.visits_left != 0:
        return
    if _armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if _armed.action == "hang":
        time.sleep(3600)
    raise FailpointError(name)
