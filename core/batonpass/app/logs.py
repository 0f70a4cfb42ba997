"""Logs: one JSON object a line on stderr, with codes, names and ids; no message text, no addresses, no secrets."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress

import structlog


class _StandardError:
    """Writes lines to whatever is stderr now. A log that cannot be written must not stop a handoff."""

    def __init__(self, *_: object) -> None:
        """structlog passes what `get_logger` was given."""

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):  # a reader that went away, a stream that was closed
            print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is where logs are printed

    debug = info = warning = error = critical = msg


def write_logs(*, level: int = logging.INFO) -> None:
    """Set logging up for a process that serves."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s %(levelname)s %(message)s")
    for noisy in ("httpx", "aiohttp", "apscheduler", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # httpx prints whole URLs with their query at INFO
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_StandardError,
        cache_logger_on_first_use=True,
    )


def keep_quiet() -> None:
    """For commands that print for people: only errors."""
    write_logs(level=logging.ERROR)
