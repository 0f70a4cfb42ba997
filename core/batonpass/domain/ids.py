"""Ids of our own: sortable by time, safe in URLs, never guessable."""

from __future__ import annotations

import secrets
import time
from typing import NewType

HandoffId = NewType("HandoffId", str)
"""`ho_` and 26 characters."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, as ULIDs use


def new_handoff_id() -> HandoffId:
    """A new id: 48 bits of milliseconds, then 80 random bits (https://github.com/ulid/spec)."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return HandoffId("ho_" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)))
