"""What a vendor says of the end of an endpoint: told to people once, long before it ends.

`Deprecation` (RFC 9745) and `Sunset` (RFC 8594) stand beside answers that are otherwise in order.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import structlog

from batonpass.transport.limits import About, Told
from batonpass.transport.waiting import http_date

log = structlog.get_logger()
_END = About.END
_STRUCTURED = re.compile(r"@([0-9]{1,11})")


class Endings:
    """Warns once for each operation of a connection."""

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self._told: set[str] = set()

    def heed(self, operation: str, told: Told) -> None:
        """`told` is what `limits.notable` gives."""
        ends: dict[str, str] | None = None
        for name, value in told:
            if name.about is _END:
                ends = {**(ends or {}), name.low: _day(value.decode("latin-1"))}
        if ends is None or operation in self._told:
            return
        self._told.add(operation)
        log.warning(
            "the vendor is going to end an endpoint that we call",
            connection=self._connection,
            operation=operation,
            deprecated=ends.get("deprecation"),
            ends=ends.get("sunset"),
        )


def _day(value: str) -> str:
    """The day that is meant, else that there is none: a header's own text does not reach the log."""
    structured = _STRUCTURED.fullmatch(value.strip())
    at = datetime.fromtimestamp(int(structured[1]), UTC) if structured else http_date(value)
    return "without a date" if at is None else at.astimezone(UTC).date().isoformat()
