"""`batonpass export`."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from batonpass.app.exporting import ExportFormat, Tell, Wanted, export_view, known_connections, whole_file
from batonpass.app.table_words import as_markdown
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, ConfigPath, store_of
from batonpass.cli.person import Email, address
from batonpass.cli.terminal import json_line, print_json, stderr
from batonpass.cli.times import moment
from batonpass.diagnostics import did_you_mean
from batonpass.domain.clock import SystemClock
from batonpass.store import StoreAddress
from batonpass.store.personal import exported
from batonpass.store.reading import look
from batonpass.store.views import VIEWS

TOLD_EVERY = 10.0
STDOUT = Path("-")

Table = Annotated[
    str | None,
    typer.Argument(
        metavar="TABLE",
        help=f"One of {', '.join(VIEWS)}; docs/tables.md says what is in each.",
        show_default=False,
    ),
]
Format = Annotated[ExportFormat, typer.Option("--format", help="Of a table.")]
Since = Annotated[
    str | None,
    typer.Option(help="Of a table: what has changed since then (2h, 30d, 2026-11-21).", show_default=False),
]
Connection = Annotated[
    str | None, typer.Option(help="Of a table: this connection's rows only.", show_default=False)
]
To = Annotated[
    Path | None,
    typer.Option(help="Write into this file, which only you can read; else to stdout.", show_default=False),
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json", help="Errors as JSON on stderr; with a table and --to, what was written on stdout."
    ),
]
AsMarkdown = Annotated[bool, typer.Option("--markdown", help="Print the tables of docs/tables.md on stdout.")]


def export(  # noqa: PLR0917 - Typer reads the parameters by their names
    table: Table = None,
    email: Email = None,
    format: Format = ExportFormat.CSV,  # noqa: A002 - the option's name
    since: Since = None,
    connection: Connection = None,
    config: ConfigPath = DEFAULT_CONFIG,
    to: To = None,
    as_json: AsJson = False,
    markdown: AsMarkdown = False,
) -> None:
    """Print a table, or all that is kept about one person.

    A table: the vendors' records as they were read last, or the times of handoffs. In CSV, what a spreadsheet would run
    begins with an apostrophe. A file is there whole or not at all, and takes the place of one that is there.

    A person (no table): their handoffs and the vendors' records of them, found by the e-mail address, as JSON, into a
    new file; where others mention them, the place only. What stands at the helpdesk is not in it.

    A server may be running. Exit codes: 0 done, 2 wrong usage, no journal, or the file cannot be written.
    """
    if markdown:
        print(as_markdown())  # noqa: T201 - the data itself, unstyled
    elif table is None:
        _export_person(address(email), config, to)
    elif email is not None:
        raise typer.BadParameter("a table or a person, not both", param_hint="--email")
    else:
        if table not in VIEWS:
            raise _no_such("table", table, list(VIEWS))
        store, at = store_of(config), moment(since, SystemClock().now(), "--since")
        if connection is not None and connection not in (known := known_connections(store)):
            raise _no_such("connection", connection, known)
        wanted = Wanted(view=VIEWS[table], format=format, connection=connection, since=at)
        _export_table(store, wanted, None if to == STDOUT else to, as_json=as_json)


def _export_table(store: StoreAddress, wanted: Wanted, to: Path | None, *, as_json: bool) -> None:
    table = wanted.view.name
    rows = _to_stdout(store, wanted) if to is None else _to_file(store, wanted, to)
    if as_json and to is not None:
        print_json("batonpass.export/1", table=table, format=wanted.format.value, rows=rows, path=to)
    elif rows is not None:
        stderr().print(f"{table}: {rows} rows")


def _to_stdout(store: StoreAddress, wanted: Wanted) -> int | None:
    """None where whoever reads it wanted no more."""
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="")
    try:
        with _watched(wanted.view.name, quiet=sys.stdout.isatty()) as tell:
            rows = export_view(store, wanted, out, tell=tell)
        out.flush()
    except BrokenPipeError:
        # What is left in the buffers must not be tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return None
    finally:
        out.detach()
    return rows


def _to_file(store: StoreAddress, wanted: Wanted, path: Path) -> int:
    try:
        with whole_file(path) as file, _watched(wanted.view.name) as tell:
            return export_view(store, wanted, file, tell=tell)
    except OSError as error:
        raise _not_written(path, error, then="--to another file") from None


@contextmanager
def _watched(table: str, *, quiet: bool = False) -> Iterator[Tell]:
    """On a terminal how many rows and how fast; else a line now and then."""
    console, began = stderr(), time.monotonic()
    if quiet or not console.is_terminal:
        told = began

        def line(rows: int) -> None:
            nonlocal told
            if time.monotonic() - told >= TOLD_EVERY:
                told = time.monotonic()
                console.print(f"{table}: {rows} rows")

        yield line
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(table, total=None)

        def show(rows: int) -> None:
            speed = rows / max(time.monotonic() - began, 0.001)
            progress.update(task, description=f"{table}: {rows} rows, {speed:.0f} a second")

        yield show


def _no_such(what: str, name: str, known: list[str]) -> CommandError:
    there = f"there are: {', '.join(known)}" if known else "none has been read yet"
    hint = did_you_mean(name, known, at_most=0)
    return CommandError(
        f"there is no {what} {name!r} here; {f'{hint} ' if hint else ''}{there}",
        then="batonpass sync status" if what == "connection" else "batonpass export --help",
        exit_code=ExitCode.UNUSABLE,
        code=f"no_such_{what}",
    )


def _export_person(email: str, config: Path, to: Path | None) -> None:
    found = look(store_of(config), lambda tx: exported(tx, email))
    text = json_line("batonpass.person/1", indent=2, email=email, **found)
    if to is None:
        print(text, flush=True)  # noqa: T201 - the data itself
    else:
        _written(to, text)
    stderr().print(
        f"{len(found['handoffs'])} handoffs, {len(found['records'])} vendors' records, "
        f"mentioned in {len(found['mentioned_elsewhere'])} other places"
    )


def _written(path: Path, text: str) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(text + "\n")
    except OSError as error:
        raise _not_written(path, error, then="--to another file, one that is not there yet") from None


def _not_written(path: Path, error: OSError, *, then: str) -> CommandError:
    return CommandError(
        f"{path}: {error.strerror}", then=then, exit_code=ExitCode.UNUSABLE, code="not_written"
    )
