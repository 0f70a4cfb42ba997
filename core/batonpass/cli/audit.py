"""`batonpass audit`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from batonpass.app.audited_talks import audited_with_conversations
from batonpass.app.auditing import ReadPast, Wanted, read_past
from batonpass.app.config import Config, Connection
from batonpass.app.logs import keep_quiet
from batonpass.cli.connecting import helpdesk_or, permissions_told
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, readable_config
from batonpass.cli.shown_audit import shown_audit
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.domain.clock import Clock, SystemClock
from batonpass.insight import Audit, By
from batonpass.web.pages.audit_pages import audit_file

Named = Annotated[
    str | None,
    typer.Option(
        "--connection", help="Whose tickets; the helpdesk's unless given.", metavar="NAME", show_default=False
    ),
]
Days = Annotated[int, typer.Option("--days", min=1, max=1000, help="How far back.")]
Zone = Annotated[
    str, typer.Option("--zone", help="The time zone of days and hours: Europe/Berlin.", metavar="ZONE")
]
Sorted = Annotated[By, typer.Option("--by", help="What tickets are sorted by.")]
Read = Annotated[
    int,
    typer.Option(
        "--read", min=0, max=2000, help="Read a sample of so many conversations from the helpdesk: what was asked again?"
    ),
]  # fmt: skip
PageFile = Annotated[
    Path | None,
    typer.Option("--page", help="Write a page with charts into this file.", metavar="FILE.html", show_default=False),
]  # fmt: skip


def audit(  # noqa: PLR0917 - Typer reads the parameters by their names
    connection: Named = None,
    days: Days = 90,
    zone: Zone = "UTC",
    by: Sorted = By.AUTO,
    read: Read = 0,
    page: PageFile = None,
    as_json: AsJson = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say what the past says, in figures with their errors.

    Reads the copy that `batonpass sync` keeps, and only with --read the helpdesk; changes nothing. Every figure has its
    definition, its number of cases and how far it may be off; what the data cannot tell is "not known". A server may be
    running. Exit codes: 0 done, 1 nothing is synced yet, 2 wrong usage or configuration, 4 credentials refused or a
    permission missing, 5 the helpdesk does not answer, 6 done, but some of the conversations could not be read.
    """
    wanted_zone = _zone(zone)
    settings = readable_config(config)
    chosen = helpdesk_or(settings, connection)
    keep_quiet()
    clock = SystemClock()
    wanted = Wanted(
        connection=chosen.name,
        helpdesk=chosen.manifest.title,
        days=days,
        zone=wanted_zone,
        by=by,
        sample=read,
    )
    past = read_past(settings.store, wanted, now=clock.now())
    if past is None or not len(past.columns):
        raise _nothing(settings, chosen.name, past, days)
    made = _with_conversations(chosen, past, clock) if past.sample else past.audit()
    if page is not None:
        _write(page, made)
    if as_json:
        print_json("batonpass.audit/1", **asdict(made))
    else:
        data = stdout()
        for each in shown_audit(made, width=data.width):
            data.print(each)
    _tell_next(made, page)
    raise typer.Exit(ExitCode.PARTLY if made.asked.unread else ExitCode.DONE)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise typer.BadParameter(
            f"{name!r} is no time zone that this machine knows; for example: Europe/Berlin, America/New_York, UTC",
            param_hint="--zone",
        ) from None


def _nothing(config: Config, name: str, past: ReadPast | None, days: int) -> CommandError:
    what = "nothing is synced yet" if past is None else f"no ticket of the last {days} days is synced"
    is_set = any(each.connection == name for each in config.synced)
    first = "" if is_set else f"write [sync.{name}] into config.toml, then: "
    return CommandError(
        f"[connections.{name}]: {what}",
        then=f"{first}batonpass sync run --once --connection {name}",
        exit_code=ExitCode.PROBLEMS,
        code="nothing_synced",
    )


def _with_conversations(connection: Connection, past: ReadPast, clock: Clock) -> Audit:
    hints = stderr()
    bar = Progress(
        TextColumn("conversations"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=hints, transient=True, disable=not hints.is_terminal,
    )  # fmt: skip
    with bar, permissions_told(connection):
        task = bar.add_task("read", total=len(past.sample))
        return asyncio.run(
            audited_with_conversations(
                connection, past, clock, done=lambda n, _: bar.update(task, completed=n)
            )
        )


def _write(path: Path, made: Audit) -> None:
    try:
        path.write_text(audit_file(made), encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{path}: cannot be written: {error.strerror}",
            then="--page FILE.html, at a place that can be written",
            exit_code=ExitCode.UNUSABLE,
            code="unwritable",
        ) from None


def _tell_next(made: Audit, page: Path | None) -> None:
    hints = stderr()
    for each in made.warnings:
        hints.print(f"note: {each}", soft_wrap=True)
    if page is not None:
        hints.print(f"written: {page}", soft_wrap=True)
    else:
        hints.print(
            "next: the same with --page audit.html, for the charts and the definition of every figure"
        )
