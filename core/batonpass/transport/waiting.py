"""How long a vendor asks us to wait, in whatever form it says so."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from batonpass.domain.clock import Clock

LONGEST_RETRY_AFTER = 24 * 3600.0
_SECONDS = re.compile(r"[0-9]{1,20}(\.[0-9]{1,9})?")


def retry_after(value: str | None, clock: Clock, *, date: str | None = None) -> float | None:
    """The seconds of a `Retry-After` header (RFC 9110 §10.2.3), at most a day; None where it is absent, nonsense
    or over.

    A time in it is the vendor's: it is counted from the answer's own `Date`, and from our clock only where the
    answer has none.
    """
    if value is None:
        return None
    told = value.strip()
    if _SECONDS.fullmatch(told):
        return min(float(told), LONGEST_RETRY_AFTER)
    until = http_date(told)
    if until is None:
        return None
    seconds = (until - vendors_now(date, clock)).total_seconds()
    return min(seconds, LONGEST_RETRY_AFTER) if seconds > 0 else None


def vendors_now(date: str | None, clock: Clock) -> datetime:
    """The vendor's time when it answered, by the answer's `Date` header; ours where that is absent or nonsense."""
    told = None if date is None else http_date(date)
    return clock.now() if told is None else told


def http_date(value: str) -> datetime | None:
    """A time of HTTP's own form (RFC 9110 §5.6.7); None for anything else."""
    try:
        told = parsedate_to_datetime(value[:60])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return told if told.tzinfo is not None else None
