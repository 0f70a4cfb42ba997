"""How a command ends badly: what is wrong, what to do next, and the exit code."""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperGroup

from batonpass.app.intake import InvalidRequestError, UnreadableRequestError
from batonpass.app.new_folder import FolderInUseError
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.terminal import stderr
from batonpass.diagnostics import FileProblemsError, render, to_json
from batonpass.domain.errors import (
    BatonpassError,
    ConfigurationError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    RetryLaterError,
)
from batonpass.store import StoreError


class CommandError(BatonpassError):
    """The command cannot do what was asked. `then` is what to do next, as a rule another command."""

    def __init__(
        self, message: str, *, then: str, exit_code: ExitCode, code: str, retryable: bool = False
    ) -> None:
        super().__init__(message, code=code)
        self.then = then
        self.exit_code = exit_code
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class _Ending:
    exit_code: ExitCode
    then: str


# The first that fits.
_ENDINGS: tuple[tuple[type[BatonpassError], _Ending], ...] = (
    (FileProblemsError, _Ending(ExitCode.UNUSABLE, "mend the files, then: batonpass check")),
    (FolderInUseError, _Ending(ExitCode.UNUSABLE, "choose another folder: batonpass init FOLDER")),
    (
        InvalidRequestError,
        _Ending(ExitCode.UNUSABLE, "correct the named fields, then the same command again"),
    ),
    (UnreadableRequestError, _Ending(ExitCode.UNUSABLE, "correct the JSON, then the same command again")),
    (ConfigurationError, _Ending(ExitCode.UNUSABLE, "batonpass doctor")),
    (StoreError, _Ending(ExitCode.UNUSABLE, "batonpass doctor")),
    (CredentialsRefusedError, _Ending(ExitCode.CREDENTIALS, "batonpass doctor")),
    (RetryLaterError, _Ending(ExitCode.UNREACHABLE, "try again in a minute, or: batonpass doctor")),
    (OutcomeUnknownError, _Ending(ExitCode.UNREACHABLE, "batonpass doctor")),
    (BatonpassError, _Ending(ExitCode.UNUSABLE, "batonpass doctor")),
)


class Commands(TyperGroup):
    """All commands: their errors end here, as text or, with `--json`, as one JSON object on stderr."""

    def invoke(self, ctx: Any) -> Any:
        as_json = _wants_json(ctx.args)
        try:
            return super().invoke(ctx)
        except BatonpassError as error:
            ending = _ending(error)
            _tell_as_json(error, ending) if as_json else _tell(error, ending)
            raise typer.Exit(ending.exit_code) from None
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None


def _wants_json(arguments: list[str]) -> bool:
    if {"--json", "--format=json"} & set(arguments):
        return True
    return ("--format", "json") in pairwise(arguments)


def report_bug() -> None:
    """An error that nobody raised on purpose: the lines that we need, and what to do with them."""
    traceback.print_exc(file=sys.stderr)
    stderr().print("error: this is a bug in batonpass; please report the lines above\nnext: batonpass doctor")


def _ending(error: BatonpassError) -> _Ending:
    if isinstance(error, CommandError):
        return _Ending(error.exit_code, error.then)
    if error.code == "store_locked":
        return _Ending(ExitCode.UNUSABLE, "stop that process, or use it: batonpass handoff FILE --url URL")
    if error.code == "store_older":
        return _Ending(ExitCode.UNUSABLE, "batonpass store restored")
    return next(ending for kind, ending in _ENDINGS if isinstance(error, kind))


def _tell(error: BatonpassError, ending: _Ending) -> None:
    console = stderr()
    if isinstance(error, FileProblemsError):
        console.print(render(error.findings), soft_wrap=True)
    elif isinstance(error, InvalidRequestError):
        for each in error.problems:
            console.print(f"error: {each.field}: {each.problem}", soft_wrap=True)
    else:
        console.print(f"error: {error}", soft_wrap=True)
    console.print(f"next: {ending.then}", soft_wrap=True)


def _tell_as_json(error: BatonpassError, ending: _Ending) -> None:
    """Keys stay; new ones may come."""
    told: dict[str, Any] = {
        "code": error.code,
        "title": type(error).__name__.removesuffix("Error"),
        "detail": str(error),
        "hint": ending.then,
        "retryable": ending.exit_code is ExitCode.UNREACHABLE,
        "vendor_request_id": error.request_id,
    }
    if isinstance(error, FileProblemsError):
        told["findings"] = to_json(error.findings)
    print(json.dumps(told, ensure_ascii=False), file=sys.stderr)  # noqa: T201 - one object for machines, unstyled
