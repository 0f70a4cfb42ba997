"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batonpass.app.checking import check_files
from batonpass.app.config import Config, load_config, store_address
from batonpass.app.new_folder import CONFIG
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.diagnostics import FileProblemsError, Severity
from batonpass.store import StoreAddress

DEFAULT_CONFIG = Path(CONFIG)

ConfigPath = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="BATONPASS_CONFIG", help="The configuration.", show_default="./config.toml"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def usable_config(path: Path) -> Config:
    """The configuration, its mapping files checked. Raises `FileProblemsError` with all that is wrong."""
    if not path.exists():
        raise no_config(path)
    checked = check_files(path)
    if checked.config is None or not checked.usable:
        raise FileProblemsError([each for each in checked.findings if each.severity is Severity.ERROR])
    return checked.config


def store_of(path: Path) -> StoreAddress:
    """Where the journal is; other mistakes in the configuration do not matter here."""
    if not path.exists():
        raise no_config(path)
    return store_address(path)


def no_config(path: Path) -> CommandError:
    return CommandError(
        f"{path}: there is no configuration here",
        then="batonpass init (or --config PATH, or BATONPASS_CONFIG)",
        exit_code=ExitCode.UNUSABLE,
        code="no_config",
    )


def readable_config(path: Path) -> Config:
    """The configuration, whatever its mapping files say. Raises `FileProblemsError` with what is wrong with it."""
    if not path.exists():
        raise no_config(path)
    return load_config(path)
