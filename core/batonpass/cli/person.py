"""What commands about one person share: the address, which need not stand in the shell's history."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from batonpass.app.forgetting import usable_address
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError

Email = Annotated[
    str | None,
    typer.Option(
        help="The person's address; - reads it from stdin. Asked for unless given, so that it need not stand in the "
        "shell's history.",
        metavar="ADDRESS",
        show_default=False,
    ),
]


def address(email: str | None) -> str:
    """Raises `CommandError` where none is given and nobody is there to be asked, `BadAddressError` for what is none."""
    if email is not None and email != "-":
        return usable_address(email)
    if email == "-":
        return usable_address(sys.stdin.readline())
    if not sys.stdin.isatty():
        raise CommandError(
            "no address was given, and nobody is here to be asked",
            then="--email - (reads it from stdin)",
            exit_code=ExitCode.UNUSABLE,
            code="no_address",
        )
    asked: str = typer.prompt("E-mail address", err=True)
    return usable_address(asked)
