"""How far a round has come, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    connection: str
    stream: str
    read: int
    """Records in this round so far, what was read before a restart included."""
    total: int | None
    """Of all, as far as the vendor tells."""


Tell = Callable[[Progress], None]
