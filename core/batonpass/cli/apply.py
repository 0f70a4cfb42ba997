"""`batonpass apply`."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from batonpass.app.config import Config
from batonpass.app.discovery import Lack
from batonpass.app.logs import keep_quiet
from batonpass.app.planning.applying import (
    PlanStaleError,
    lacks_of_plan,
    put_in_place,
    refuse_moved_files,
)
from batonpass.app.planning.document import PlanDocument, read_plan
from batonpass.app.planning.taking_up import keep_versions, server_runs, taken_up
from batonpass.app.planning.texts import MappingText, text_at
from batonpass.app.provisioning import Provisioned, provisioned
from batonpass.cli.connecting import Yes, connection_named, permissions_told
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, ConfigPath, readable_config
from batonpass.cli.saved_account import saved_anew
from batonpass.cli.shown_plan import created
from batonpass.cli.terminal import stderr, stdout
from batonpass.diagnostics import Severity
from batonpass.domain.clock import SystemClock

PlanFile = Annotated[Path, typer.Argument(help="What `batonpass plan --out` wrote.", metavar="PLAN")]


def apply(plan: PlanFile, config: ConfigPath = DEFAULT_CONFIG, yes: Yes = False) -> None:
    """Put a plan in force.

    Creates the fields and options that are missing in the helpdesk (asks for each; never removes any), then puts the
    files in their places; the former texts stay in the store as versions. Refuses where the files or the account have
    moved since the plan was made. Interrupted, the same command goes on. Exit codes: 0 in force, 1 you said no, the
    helpdesk refuses a field or the plan has errors, 2 wrong usage or configuration, or something has moved since,
    4 credentials refused or a permission missing, 5 the helpdesk does not answer, 6 some fields were created,
    others not: the files are not in force.
    """
    document = read_plan(plan)
    read = readable_config(config)
    keep_quiet()
    if any(each.severity == Severity.ERROR for each in document.findings):
        raise CommandError(
            f"{plan}: the planned files have errors", then="mend them, then: batonpass plan --out plan.json",
            exit_code=ExitCode.PROBLEMS, code="plan_has_errors",
        )  # fmt: skip
    try:
        refuse_moved_files(document, read)
        _create(document, read, yes=yes)
        _put(document, read)
    except PlanStaleError as error:
        raise CommandError(
            str(error), then="batonpass plan --out plan.json (look at it again)",
            exit_code=ExitCode.UNUSABLE, code=error.code,
        ) from None  # fmt: skip


def _create(document: PlanDocument, config: Config, *, yes: bool) -> None:
    connection, clock = config.helpdesk, SystemClock()
    with permissions_told(connection):
        lacks = asyncio.run(lacks_of_plan(document, config, clock))
    for each in lacks.done:
        stderr().print(f'"{each.field.name}" is there already', soft_wrap=True)
    for planned in document.creates:
        if planned.meant is not None:
            stderr().print(created(planned), soft_wrap=True)
    if not lacks.lacks:
        return
    _ask(lacks.lacks, document, yes=yes)
    with permissions_told(connection):
        outcome = asyncio.run(provisioned(connection, clock, lacks.lacks))
    _tell(outcome)
    if outcome.stored:
        saved_anew(config, connection, clock)
    if outcome.refused:
        raise typer.Exit(ExitCode.PARTLY if outcome.stored else ExitCode.PROBLEMS)


def _ask(lacks: Sequence[Lack], document: PlanDocument, *, yes: bool) -> None:
    """One by one. Whoever says no to one leaves everything as it is."""
    planned = {each.name: each for each in document.creates if each.meant is None}
    for lack in lacks:
        line = f"create {created(planned[lack.field.name])}"
        if yes:
            stderr().print(line, soft_wrap=True)
            continue
        if not sys.stdin.isatty():
            raise CommandError(
                f"{line}: this changes the account, and nobody is here to be asked",
                then="the same command with --yes, or at a terminal", exit_code=ExitCode.UNUSABLE, code="not_agreed",
            )  # fmt: skip
        typer.confirm(f"{line}?", default=False, abort=True, err=True)


def _tell(outcome: Provisioned) -> None:
    for field in outcome.stored:
        stdout().print(f'"{field.name}" ({field.kind}) stands as {field.id}', soft_wrap=True)
    for each in outcome.refused:
        stderr().print(f'error: "{each.name}": {each.why}', soft_wrap=True)
    if outcome.refused:
        stderr().print("next: mend that in the helpdesk or in the file, then: batonpass plan", soft_wrap=True)


def _put(document: PlanDocument, config: Config) -> None:
    """The files, one after the other: what is in its place already stays."""
    clock, user = SystemClock(), _user()
    runs = server_runs(config)
    standing = _texts(document, config)
    if standing:  # so that what is about to be replaced can be put back
        asyncio.run(keep_versions(config, clock, standing, put_by="file"))
    for each in document.files:
        if put_in_place(each, config):
            stdout().print(f"{each.place}: in place", soft_wrap=True)
        else:
            stdout().print(f"{each.place}: was in place already", soft_wrap=True)
    wanted = _texts(document, config)
    asyncio.run(keep_versions(config, clock, wanted, put_by=user))
    if not runs:
        stderr().print("no server is running: the next one starts with these files", soft_wrap=True)
        return
    silent = asyncio.run(taken_up(config, wanted))
    if silent:
        raise CommandError(
            f"the running server has not taken up the mapping of {', '.join(silent)} yet",
            then="batonpass doctor (its log says why: mapping_broken_last_good_in_force)",
            exit_code=ExitCode.UNREACHABLE, code="not_taken_up", retryable=True,
        )  # fmt: skip
    versions = ", ".join(f"{name} {text.version}" for name, text in wanted.items())
    stdout().print(f"in force in the running server: {versions}", soft_wrap=True)


def _texts(document: PlanDocument, config: Config) -> dict[str, MappingText]:
    """As the files stand now."""
    found = {}
    for each in document.files:
        connection = connection_named(config, each.connection)
        if connection.mapping.exists():
            found[each.connection] = text_at(connection, connection.mapping)
    return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # in a container, for instance
        return "apply"
