"""What became of the values that were meant for a ticket's fields: counts, nothing of any customer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    SENT = "sent"
    """It stood in what the helpdesk has accepted."""
    LANDED = "landed"
    """Read back as it was sent."""
    ALTERED = "altered"
    """Read back as something else: the helpdesk or one of its rules has changed it."""
    DROPPED = "dropped"
    """Not there any more, though the helpdesk had answered that it was."""
    REFUSED = "refused"
    """The helpdesk took the ticket only without it."""
    UNFIT = "unfit"
    """There was a value, but the mapping could not bring it into the field: no such option, no such field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """One field of one ticket, and what became of its value."""

    field: str
    """Its name as people see it."""
    fate: Fate
