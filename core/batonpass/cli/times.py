"""Times as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_LENGTH = re.compile(r"(\d{1,6})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def length_of(text: str) -> timedelta | None:
    """`90s`, `30m`, `2h`, `3d`, `1w`; None where it is none of these."""
    found = _LENGTH.fullmatch(text.strip())
    return None if found is None else timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment(text: str | None, now: datetime, option: str) -> datetime | None:
    """So long ago (`2h`), or a time (`2026-11-21`, `2026-11-21T10:00:00Z`; without a zone: UTC)."""
    if text is None:
        return None
    length = length_of(text)
    if length is not None:
        return now - length
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither a length (30m, 2h, 3d) nor a time (2026-11-21T10:00:00Z)", param_hint=option
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def said(length: timedelta) -> str:
    """In the largest unit of which there are two."""
    seconds = max(0.0, length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
