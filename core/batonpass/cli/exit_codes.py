"""What the exit code of every command means."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    PROBLEMS = 1
    """Finished, and found problems."""
    UNUSABLE = 2
    """Bad usage, bad configuration, internal error."""
    CHANGES = 3
    """Only `plan --detailed-exitcode`: there is something to apply."""
    CREDENTIALS = 4
    """Credentials refused, or a permission missing."""
    UNREACHABLE = 5
    """A vendor or the server cannot be reached, or is not done yet: try again later."""
    PARTLY = 6
    """Partly done."""
    INTERRUPTED = 130
    TERMINATED = 143
