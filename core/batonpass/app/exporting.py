"""A view as a file for others' programs: CSV that no spreadsheet runs, or JSON lines. One page is in memory."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO

from batonpass.domain.text import mend
from batonpass.mapping.wording import is_formula
from batonpass.store import StoreAddress
from batonpass.store.reading import look
from batonpass.store.transaction import Row, Transaction
from batonpass.store.view_rows import connections, pages
from batonpass.store.views import BOOLEAN, LIST, View

Tell = Callable[[int], None]
"""Rows so far."""


class ExportFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    view: View
    format: ExportFormat = ExportFormat.CSV
    connection: str | None = None
    since: datetime | None = None
    """Only what has changed since then."""


def known_connections(store: StoreAddress) -> list[str]:
    """Of which there is anything to export. Raises `StoreError`."""
    return look(store, connections)


def export_view(store: StoreAddress, wanted: Wanted, to: TextIO, *, tell: Tell = lambda _: None) -> int:
    """Write the rows, after a header in CSV; gives their number. `to` must not change line ends.

    What changes while it is read may stand in it as it was before or after. Raises `StoreError` and `OSError`.
    """
    write = _WRITERS[wanted.format](wanted.view, to)

    async def work(tx: Transaction) -> int:
        rows = 0
        async for page in pages(tx, wanted.view, connection=wanted.connection, since=wanted.since):
            write(page)
            rows += len(page)
            tell(rows)
        return rows

    return look(store, work)


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A file of which there is all or nothing: what stood there is replaced once the new one is on the disk. Only its
    owner can read it. Raises `OSError`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with suppress(FileNotFoundError):
        part.unlink()  # of a process that was killed, and had this number
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


# How a row is written -------------------------------------------------------------------------------------------------

_Write = Callable[[Sequence[Row]], object]


def _as_csv(view: View, to: TextIO) -> _Write:
    """RFC 4180: commas, line ends of CR LF, quotes where they are needed."""
    writer = csv.writer(to)
    writer.writerow(view.names)
    return lambda page: writer.writerows([[cell(each) for each in row] for row in page])


def cell(held: Any) -> Any:
    """As it stands in a cell: what a spreadsheet would take for a formula begins with an apostrophe.

    https://owasp.org/www-community/attacks/CSV_Injection; a number or a telephone number stays as it is."""
    if not isinstance(held, str) or not held:
        return held
    text = mend(held)
    return f"'{text}" if text.lstrip()[:1] in _COMMANDS or is_formula(text) else text


_COMMANDS = frozenset("|%")
"""What some spreadsheets take for the beginning of a command."""


def _as_json_lines(view: View, to: TextIO) -> _Write:
    read = [(each.name, _JSON_TYPES.get(each.type, _same)) for each in view.columns]

    def write(page: Sequence[Row]) -> None:
        for row in page:
            told = {
                name: None if held is None else typed(held)
                for (name, typed), held in zip(read, row, strict=True)
            }
            to.write(json.dumps(told, ensure_ascii=False) + "\n")

    return write


def _same(held: Any) -> Any:
    return held


def _list(held: Any) -> Any:
    try:
        return json.loads(held)
    except (ValueError, TypeError):
        return held


def _yes(held: Any) -> Any:
    return bool(held) if isinstance(held, int) else held


_JSON_TYPES: Mapping[str, Callable[[Any], Any]] = MappingProxyType({BOOLEAN: _yes, LIST: _list})
_WRITERS: Mapping[ExportFormat, Callable[[View, TextIO], _Write]] = MappingProxyType(
    {ExportFormat.CSV: _as_csv, ExportFormat.JSONL: _as_json_lines}
)
