"""What commands that call one account share: which connection is meant, whether the person agrees, how a refusal ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from batonpass.app.config import Config, Connection
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.diagnostics import did_you_mean
from batonpass.domain.errors import RefusedError

HelpdeskName = Annotated[
    str | None,
    typer.Argument(
        help="The connection; the helpdesk unless given.", metavar="CONNECTION", show_default=False
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


def connection_named(config: Config, name: str) -> Connection:
    found = next((each for each in config.connections if each.name == name), None)
    if found is not None:
        return found
    hint = did_you_mean(name, [each.name for each in config.connections], listed="there are")
    raise CommandError(
        f"there is no [connections.{name}]{f'; {hint}' if hint else ''}",
        then="the same command with one of these names",
        exit_code=ExitCode.UNUSABLE,
        code="no_connection",
    )


def helpdesk_or(config: Config, name: str | None) -> Connection:
    return config.helpdesk if name is None else connection_named(config, name)


def agreed(question: str, lines: Sequence[str], *, yes: bool, again: str) -> None:
    """Show what would be done and ask. Ends the command with 1 where the person says no, with 2 where nobody is
    there to be asked."""
    for line in lines:
        typer.echo(line, err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(
            "this changes an account, and nobody is here to be asked", then=f"{again} --yes (or --dry-run)",
            exit_code=ExitCode.UNUSABLE, code="not_agreed",
        )  # fmt: skip
    typer.confirm(question, default=False, abort=True, err=True)


@contextmanager
def permissions_told(connection: Connection) -> Iterator[None]:
    """A missing permission ends with 4, as refused credentials do; another refusal with 1."""
    try:
        yield
    except RefusedError as error:
        raise refusal(connection, error) from None


def refusal(connection: Connection, error: RefusedError) -> CommandError:
    forbidden = error.code == "forbidden"
    return CommandError(
        f"{connection.manifest.title}: {'permission missing' if forbidden else 'refused'}: {error}",
        then="give the key the permission that is named here, then the same command again"
        if forbidden
        else f"batonpass doctor (tries [connections.{connection.name}])",
        exit_code=ExitCode.CREDENTIALS if forbidden else ExitCode.PROBLEMS,
        code=error.code,
    )
