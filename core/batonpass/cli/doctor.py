"""`batonpass doctor`."""

from __future__ import annotations

import asyncio

import typer
from rich.table import Table
from rich.text import Text

from batonpass.app.doctor import Cause, Examination, Examined, Verdict, examine
from batonpass.app.logs import keep_quiet
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, no_config
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.diagnostics import render, to_json
from batonpass.domain.clock import SystemClock

# Words as well as signs and colours: a log file and a screen reader have no colours.
_MARKS = {
    Verdict.OK: ("✓ ok", "green"),
    Verdict.WARNING: ("! warning", "yellow"),
    Verdict.FAILED: ("✗ failed", "red"),
}
# The first cause that is there decides.
_CODES = (
    (Cause.FILES, ExitCode.UNUSABLE),
    (Cause.CREDENTIALS, ExitCode.CREDENTIALS),
    (Cause.UNREACHABLE, ExitCode.UNREACHABLE),
    (Cause.OTHER, ExitCode.PROBLEMS),
)


def doctor(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Try everything out: files, store, clock, accounts, fields.

    Checks each account's credentials and the mapping against the helpdesk's live fields. Changes nothing; a server may be running. Exit codes: 0 all is well (warnings included), 1 something else
    failed, 2 config.toml or a mapping file is wrong, 4 an account refuses the credentials, 5 one does not answer.
    """
    if not config.exists():
        raise no_config(config)
    keep_quiet()
    examination = asyncio.run(examine(config, SystemClock()))
    if as_json:
        _as_json(examination)
    else:
        _show(examination)
    raise typer.Exit(_exit_code(examination))


def _exit_code(examination: Examination) -> ExitCode:
    causes = {row.cause for row in examination.rows if row.verdict is Verdict.FAILED}
    return next((code for cause, code in _CODES if cause in causes), ExitCode.DONE)


def _as_json(examination: Examination) -> None:
    print_json(
        "batonpass.doctor/1",
        ok=_exit_code(examination) is ExitCode.DONE,
        examined=[
            {"topic": row.topic, "verdict": row.verdict, "says": row.says, "fix": row.fix, "cause": row.cause}
            for row in examination.rows
        ],
        findings=to_json(examination.findings),
    )


def _show(examination: Examination) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in examination.rows:
        mark, colour = _MARKS[row.verdict]
        table.add_row(Text(mark, style=colour), row.topic, Text(_told(row)))
    stdout().print(table)
    if examination.findings:
        stdout().print()
        stdout().print(render(examination.findings), soft_wrap=True)
    hints = stderr()
    failures = sum(row.verdict is Verdict.FAILED for row in examination.rows)
    warnings = sum(row.verdict is Verdict.WARNING for row in examination.rows)
    hints.print(f"\n{failures} failed, {warnings} {'warning' if warnings == 1 else 'warnings'}")
    hints.print(
        f"next: {'do what stands behind “fix”, then: batonpass doctor' if failures else 'batonpass serve, unless it runs already'}"
    )


def _told(row: Examined) -> str:
    return f"{row.says}\nfix: {row.fix}" if row.fix else row.says
