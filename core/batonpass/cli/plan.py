"""`batonpass plan`."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from batonpass.app.config import Config
from batonpass.app.logs import keep_quiet
from batonpass.app.planning.document import PlanDocument
from batonpass.app.planning.making import made_plan
from batonpass.cli.connecting import connection_named, permissions_told
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, ConfigPath, readable_config
from batonpass.cli.shown_plan import shown_plan
from batonpass.cli.terminal import stderr, stdout
from batonpass.diagnostics import Severity
from batonpass.domain.clock import SystemClock


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


Candidates = Annotated[
    list[str] | None,
    typer.Argument(
        help="The file that is to take the place of a connection's mapping; without any, all files as they stand.",
        metavar="CONNECTION=FILE",
        show_default=False,
    ),
]
FromLast = Annotated[int, typer.Option("--from-last", min=0, max=1000, help="So many handoffs of the past.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Write the plan there, for `batonpass apply`.", show_default=False),
]
Detailed = Annotated[
    bool,
    typer.Option(
        "--detailed-exitcode",
        help="End with 3 where there is something to apply. (2, as others have it, is taken.)",
    ),
]
AsFormat = Annotated[Format, typer.Option("--format", help="How it is printed.")]
Redact = Annotated[
    bool,
    typer.Option("--redact", help="Hide the values of fields, which may hold customers' words."),
]


def plan(  # noqa: PLR0917 - Typer reads the parameters by their names
    candidates: Candidates = None,
    config: ConfigPath = DEFAULT_CONFIG,
    newest: FromLast = 50,
    out: Out = None,
    detailed: Detailed = False,
    form: AsFormat = Format.TEXT,
    redact: Redact = False,
) -> None:
    """Show what a change of the mappings would do.

    Which rules differ from the version in force, what would become of the last handoffs field by field, what must be
    created in the helpdesk, and what is wrong with the files. Changes nothing; a server may be running. Of customers it
    shows the values that the mapping writes into fields (not with --redact), nothing else. Exit codes: 0 done, 1 errors
    in the files, 2 wrong usage or configuration, 3 only with --detailed-exitcode: there is something to apply,
    4 credentials refused or a permission missing, 5 the helpdesk does not answer.
    """
    read = readable_config(config)
    chosen = _chosen(read, candidates or [])
    keep_quiet()
    with permissions_told(read.helpdesk):
        made = asyncio.run(made_plan(read, chosen, clock=SystemClock(), newest=newest, redact=redact))
    if out is not None:
        _write(out, made)
    if form is Format.JSON:
        print(made.text(), end="")  # noqa: T201 - the data itself, without any styling
    else:
        for line in shown_plan(made):
            stdout().print(line, soft_wrap=True)
    _tell_next(made, out)
    raise typer.Exit(_exit_code(made, detailed=detailed))


def _chosen(config: Config, given: list[str]) -> dict[str, Path]:
    chosen: dict[str, Path] = {}
    for each in given:
        name, equals, file = each.partition("=")
        if not equals or not file:
            raise typer.BadParameter(f"{each!r} is not CONNECTION=FILE", param_hint="CONNECTION=FILE")
        connection_named(config, name)
        chosen[name] = Path(file)
    return chosen


def _write(path: Path, made: PlanDocument) -> None:
    try:
        path.write_text(made.text(), encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{path}: cannot be written: {error.strerror}",
            then="batonpass plan --out FILE, at a place that can be written",
            exit_code=ExitCode.UNUSABLE,
            code="unwritable",
        ) from None


def _tell_next(made: PlanDocument, out: Path | None) -> None:
    if _has_errors(made):
        then = "mend the lines above, then the same command again"
    elif not made.has_changes:
        then = "nothing to do: all of it is in force. To look at a change first, make it in a copy: batonpass plan CONNECTION=COPY"
    else:
        then = f"batonpass apply {out}" if out is not None else "the same command with --out plan.json"
    stderr().print(f"next: {then}", soft_wrap=True)


def _has_errors(made: PlanDocument) -> bool:
    return any(each.severity == Severity.ERROR for each in made.findings)


def _exit_code(made: PlanDocument, *, detailed: bool) -> ExitCode:
    if _has_errors(made):
        return ExitCode.PROBLEMS
    return ExitCode.CHANGES if detailed and made.has_changes else ExitCode.DONE
