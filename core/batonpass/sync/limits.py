"""How much a round may do, and what stops it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from batonpass.domain.errors import BatonpassError

PATIENCE = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    slices: int = 4
    """Parts of a round that are read at the same time, where the vendor's limits gain by it."""
    patience: float = PATIENCE
    """Seconds that a slice waits for a vendor that does not answer, without having kept a page meanwhile."""
    pages: int = 200_000
    """Of one slice: more are a list without an end."""
    idle_pages: int = 2_000
    """Pages in a row that give only what the round has given before: a list that has no end in sight. (20,000 records of
    one instant, read twice to be sure of them, are 200.)"""
    gone_share: float = 0.2
    """Of a stream's records: where more are missing from a complete round, a person must say that they are gone."""
    gone_at_least: int = 25
    """So many may be missing, whatever their share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What whoever asks for a round wants of it."""

    since: datetime | None = None
    """Read what has changed since then, once; the place where the next round begins stays as it is."""
    everything: bool = False
    """Read all again, whatever is known to have changed."""
    accept_gone: bool = False
    """What the round does not give is gone, however much that is."""
    dry_run: bool = False
    """Keep nothing: count what would be read."""


class StuckError(BatonpassError):
    """The vendor's list does not come to its end. What was read is kept; the next round begins where this one did."""

    code = "endless_list"
