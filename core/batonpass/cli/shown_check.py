"""How `batonpass check` shows what it has found."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from enum import StrEnum

from rich.console import Console
from rich.text import Text

from batonpass import __version__
from batonpass.app.checking import Account, Checked
from batonpass.app.mending import Mending
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.cli.times import said
from batonpass.diagnostics import Severity, github, has_errors, in_order, render, sarif, to_json

_OLD = timedelta(days=7)
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


class Format(StrEnum):
    CONCISE = "concise"
    FULL = "full"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"

    @property
    def for_people(self) -> bool:
        return self in {Format.CONCISE, Format.FULL}


def show(checked: Checked, form: Format, *, now: datetime) -> None:
    """Findings on stdout; for people the rest on stderr."""
    match form:
        case Format.JSON:
            print_json(
                "batonpass.check/1",
                ok=not has_errors(checked.findings),
                files=[str(path) for path in checked.files],
                accounts=[
                    {
                        "connection": each.connection,
                        "as_of": each.as_of,
                        "live": each.live,
                        "problem": each.problem,
                    }
                    for each in checked.accounts
                ],
                findings=to_json(in_order(checked.findings)),
            )
        case Format.SARIF:
            text = json.dumps(sarif(checked.findings, version=__version__), ensure_ascii=False, indent=2)
            print(text, flush=True)  # noqa: T201 - the data itself, without any styling
        case Format.GITHUB:
            if checked.findings:
                print(github(checked.findings), flush=True)  # noqa: T201 - commands, without any styling
        case _:
            _in_words(checked, full=form is Format.FULL, now=now)


def show_mending(console: Console, mending: Mending) -> None:
    for line in mending.difference.split("\n"):
        console.print(Text(line, style=_COLOURS.get(line[:1], "")), soft_wrap=True)


def _in_words(checked: Checked, *, full: bool, now: datetime) -> None:
    if checked.findings:
        stdout().print(render(checked.findings, full=full, advice=full), soft_wrap=True)
    console = stderr()
    for account in checked.accounts:
        console.print(_told(account, now), soft_wrap=True)
    errors = sum(finding.severity is Severity.ERROR for finding in checked.findings)
    others = len(checked.findings) - errors
    console.print(
        f"{_counted(len(checked.files), 'file')}: {_counted(errors, 'error')}, {_counted(others, 'warning')}"
    )
    console.print(_next(checked, errors), soft_wrap=True)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _or_anew(checked: Checked) -> str:
    """How to look again where the account, not the file, may have changed."""
    missed = any(each.code.startswith("HM2") for each in checked.findings)
    saved = next((each for each in checked.accounts if each.schema is not None and not each.live), None)
    if saved is None or not missed:
        return ""
    return f" (the account has changed since? batonpass discover {saved.connection} --save)"


def _next(checked: Checked, errors: int) -> str:
    failed = next((each for each in checked.accounts if each.error is not None), None)
    if failed is not None:
        return "next: batonpass doctor (tries every account)"
    if any(each.edit is not None for each in checked.findings):
        return "next: batonpass check --fix (mends what is certain), then: batonpass check"
    if errors:
        return f"next: mend the lines above, then: batonpass check{_or_anew(checked)}"
    unknown = next((each for each in checked.accounts if each.schema is None and not each.live), None)
    if unknown is not None:
        return f"next: batonpass discover {unknown.connection} --save, then: batonpass check"
    return "next: batonpass doctor (tries the accounts)"


def _told(account: Account, now: datetime) -> str:
    name = account.connection
    if account.as_of is None:
        return f"{name}: not held against the account: {account.problem}"
    if account.live:
        return f"{name}: held against the account as it is now"
    age = now - account.as_of
    told = f"{name}: held against the account as it was {said(age)} ago"
    return f"{told}; batonpass discover {name} --save reads it anew" if age > _OLD else told
