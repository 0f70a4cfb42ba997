"""What commands print: data on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

WIDTH_OF_A_FILE = 110
"""Columns where the output is no terminal."""


def stdout() -> Console:
    """For data."""
    return _console(stderr=False)


def stderr() -> Console:
    """For progress, hints and errors."""
    return _console(stderr=True)


def print_json(schema: str, /, **content: Any) -> None:
    """One document with its `schema` on stdout."""
    print(json_line(schema, indent=2, **content), flush=True)  # noqa: T201 - the data itself, without any styling


def json_line(schema: str, /, *, indent: int | None = None, **content: Any) -> str:
    return json.dumps({"schema": schema, **content}, ensure_ascii=False, indent=indent, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


def _console(*, stderr: bool) -> Console:
    # Made anew each time: it looks at the stream and the terminal as they are now.
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH_OF_A_FILE
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)
