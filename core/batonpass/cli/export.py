"""`batonpass export`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, ConfigPath, store_of
from batonpass.cli.person import Email, address
from batonpass.cli.terminal import json_line, stderr
from batonpass.store.personal import exported
from batonpass.store.reading import look

To = Annotated[
    Path | None,
    typer.Option(
        help="Write into this new file, which only you can read; else to stdout.", show_default=False
    ),
]


def export(email: Email = None, config: ConfigPath = DEFAULT_CONFIG, to: To = None) -> None:
    """Print everything that is kept about one person, as JSON.

    Their handoffs with the conversation, facts, steps and deliveries, found by the e-mail address; where others mention
    them, the place only. What stands at the helpdesk is not in it. A server may be running. Exit codes: 0 done, 2 wrong
    usage or no journal.
    """
    who = address(email)
    found = look(store_of(config), lambda tx: exported(tx, who))
    text = json_line("batonpass.person/1", indent=2, email=who, **found)
    if to is None:
        print(text, flush=True)  # noqa: T201 - the data itself
    else:
        _written(to, text)
    stderr().print(
        f"{len(found['handoffs'])} handoffs, mentioned in {len(found['mentioned_elsewhere'])} other places"
    )


def _written(path: Path, text: str) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(text + "\n")
    except OSError as error:
        raise CommandError(
            f"{path}: {error.strerror}",
            then="--to another file, one that is not there yet",
            exit_code=ExitCode.UNUSABLE,
            code="not_written",
        ) from None
