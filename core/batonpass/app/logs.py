"""Logs: one JSON object a line on stderr, with codes, names and ids; no message text, no addresses, no secrets.

Whoever serves never waits for a log: a thread writes the lines, and where stderr takes none for long, further ones are
dropped and counted.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import sys
import threading
from contextlib import suppress

import structlog

MOST_LINES = 10_000
"""Lines that may wait to be written."""
LAST_LINES_WITHIN = 1.0
"""Seconds that a process which ends waits for its last lines."""

_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
_render = structlog.processors.JSONRenderer()


class LineWriter:
    """Writes lines to stderr from a thread of its own."""

    def __init__(self, *, most: int = MOST_LINES) -> None:
        self._lines: queue.Queue[str] = queue.Queue(maxsize=most)
        self._dropped = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, line: str) -> None:
        """Never waits. Callable from any thread."""
        if self._thread is None:
            self._start()
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            with self._lock:
                self._dropped += 1

    def flush(self, seconds: float) -> None:
        """Wait for the lines that were put, but not for longer."""
        lines = self._lines
        with lines.all_tasks_done:
            lines.all_tasks_done.wait_for(lambda: not lines.unfinished_tasks, seconds)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._write_for_ever, name="batonpass-log", daemon=True
                )
                self._thread.start()
                atexit.register(self.flush, LAST_LINES_WITHIN)

    def _write_for_ever(self) -> None:
        while True:
            _write(self._lines.get())
            with self._lock:
                dropped, self._dropped = self._dropped, 0
            if dropped:
                told = {"event": "log_lines_dropped", "level": "warning", "lines": dropped}
                _write(str(_render(None, "", _stamp(None, "", told))))
            self._lines.task_done()


def _write(line: str) -> None:
    """To whatever is stderr now. Past its buffer, whose lock a write that blocks would keep until the process ends."""
    with suppress(OSError, ValueError):  # a reader that went away, a stream that was closed
        try:
            place = sys.stderr.fileno()
        except (OSError, ValueError, AttributeError):
            print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is where logs are printed
            return
        left = f"{line}\n".encode(errors="replace")
        while left:
            left = left[os.write(place, left) :]


_writer = LineWriter()


class _Waiting:
    """Puts lines where the thread takes them."""

    def __init__(self, *_: object) -> None:
        """structlog passes what `get_logger` was given."""

    def msg(self, line: str) -> None:
        _writer.put(line)

    debug = info = warning = error = critical = msg


class _AtOnce(_Waiting):
    """For a command that prints for people: its lines stand where they belong among what else it prints."""

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):
            print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is where logs are printed

    debug = info = warning = error = critical = msg


class _LibraryLines(logging.Handler):
    """What libraries log, on the same way: what they say, not about whom or what, for that may be a customer's."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        told = {
            "event": "library_says",
            "level": record.levelname.lower(),
            "library": record.name,
            "says": str(record.msg)[:200],
            **({"error": error} if error else {}),
        }
        _writer.put(str(_render(None, "", _stamp(None, "", told))))


def write_logs(*, level: int = logging.INFO, waits: bool = False) -> None:
    """Set logging up for a process that serves; `waits`: for a command, whose lines are written at once."""
    handler = logging.StreamHandler(sys.stderr) if waits else _LibraryLines()
    logging.basicConfig(
        level=logging.WARNING, handlers=[handler], format="%(name)s %(levelname)s %(message)s"
    )
    for noisy in ("httpx", "aiohttp", "apscheduler", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # httpx prints whole URLs with their query at INFO
    structlog.configure(
        processors=[structlog.processors.add_log_level, _stamp, _render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_AtOnce if waits else _Waiting,
        cache_logger_on_first_use=True,
    )


def keep_quiet() -> None:
    """For commands that print for people: only errors."""
    write_logs(level=logging.ERROR, waits=True)
