"""`batonpass user`: who may sign in to the pages."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from batonpass.app.page_settings import UserRole, is_user_name
from batonpass.app.sign_in import LONGEST_PASSWORD, SHORTEST_PASSWORD, hashed
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.terminal import stderr, stdout

user = typer.Typer(
    name="user", help="Who may sign in to the pages.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(help="What they sign in with: small letters, digits, - and _.")]
Role = Annotated[UserRole, typer.Option(help="ops may edit mappings, lead may look.")]


@user.callback()
def _group() -> None:
    """A group, also while it has one command."""


@user.command()
def add(name: Name, role: Role = UserRole.LEAD) -> None:
    """Print the lines for config.toml that let somebody sign in.

    Asks for the password, or reads it from stdin where that is no terminal; it is never an option, for others can
    read those. Nothing is written: put the lines into config.toml, and restart the server. Exit codes: 0 printed, 2 the
    name or the password cannot be used.
    """
    if not is_user_name(name):
        raise typer.BadParameter("small letters, digits, - and _", param_hint="NAME")
    password = _password()
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise CommandError(
            f"the password has {len(password)} characters, and needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,}",
            then=f"batonpass user add {name} --role {role}",
            exit_code=ExitCode.UNUSABLE,
            code="bad_password",
        )
    stdout().print(
        f'[pages.users.{name}]\nrole = "{role}"\npassword_argon2 = "{hashed(password)}"', soft_wrap=True
    )
    stderr().print("\nPut these lines into config.toml, then restart batonpass serve.")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked
