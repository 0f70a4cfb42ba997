"""`batonpass check`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from batonpass.app.checking import Account, Accounts, Checked, check_files, saved_accounts
from batonpass.app.checking_live import live_accounts
from batonpass.app.config import read_config
from batonpass.app.logs import keep_quiet
from batonpass.app.mending import Mending, mendings, write
from batonpass.cli.check_again import changes, whenever_changed
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, no_config
from batonpass.cli.shown_check import Format, show, show_mending
from batonpass.cli.terminal import stderr, stdout
from batonpass.diagnostics import FileProblemsError, did_you_mean, has_errors, pages, whole_page
from batonpass.domain.clock import SystemClock
from batonpass.domain.errors import (
    BatonpassError,
    ConfigurationError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    RetryLaterError,
)

Files = Annotated[
    list[Path] | None, typer.Argument(help="Only these files; all unless given.", show_default=False)
]
Live = Annotated[
    bool, typer.Option("--live", help="Against the accounts as they are now, not as `discover` saved them.")
]
Form = Annotated[Format, typer.Option("--format", help="How the findings are printed.")]
Fix = Annotated[bool, typer.Option("--fix", help="Mend what is certain, and show the difference.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="With --fix: only show what would be mended.")]
Watch = Annotated[bool, typer.Option("--watch", help="Check again whenever a file changes.")]
Explain = Annotated[
    str | None,
    typer.Option("--explain", metavar="CODE", help="Say what a code (or all) means, and how it is mended."),
]


def check(  # noqa: PLR0917 - the command's options
    files: Files = None,
    config: ConfigPath = DEFAULT_CONFIG,
    live: Live = False,
    form: Form = Format.FULL,
    as_json: AsJson = False,
    fix: Fix = False,
    dry_run: DryRun = False,
    watch: Watch = False,
    explain: Explain = None,
) -> None:
    """Check config.toml and the mapping files.

    All findings in one run. Calls nobody: the mapping is held against what `discover --save` found last, with --live
    against the account itself.

    Exit codes: 0 nothing wrong (warnings are no errors), 1 errors were found, 2 config.toml cannot be read or wrong
    usage, 4 with --live: credentials refused or a permission missing, 5 with --live: no answer.
    """
    if explain is not None:
        _explain(explain)
        return
    if dry_run and not fix:
        raise _usage("--dry-run goes with --fix", "batonpass check --fix --dry-run")
    if fix and watch:
        raise _usage("--fix and --watch do not go together", "batonpass check --fix")
    if not config.exists():
        raise no_config(config)
    keep_quiet()
    run = _Run(config, tuple(files or ()), live=live, form=Format.JSON if as_json else form)
    if watch:
        whenever_changed(run.again, run.folders, changes)
        return
    raise typer.Exit(run.fixed(dry_run=dry_run) if fix else run.shown())


class _Run:
    """One call of the command; with --watch it checks again and again."""

    def __init__(self, config: Path, files: tuple[Path, ...], *, live: bool, form: Format) -> None:
        self._config = config
        self._files = files
        self._live = live
        self._form = form
        self._accounts: Accounts | None = None

    def shown(self) -> ExitCode:
        checked = self._checked()
        if checked.unreadable and self._form.for_people:
            raise FileProblemsError(checked.findings)
        show(checked, self._form, now=SystemClock().now())
        return exit_code(checked)

    def fixed(self, *, dry_run: bool) -> ExitCode:
        checked = self._checked()
        made = mendings(checked.findings, checked.files)
        if not dry_run:
            for each in made:
                write(each)
        self._told(made, dry_run=dry_run)
        return self.shown()

    def again(self, changed: frozenset[Path]) -> None:
        """The accounts are read again only for another config.toml."""
        if self._config.resolve() in changed:
            self._accounts = None
        checked = self._checked()
        show(checked, self._form, now=SystemClock().now())

    def folders(self) -> tuple[Path, ...]:
        """Those whose files matter."""
        files = check_files(self._config).files
        return tuple(sorted({each.parent.resolve() for each in files if each.parent.is_dir()}))

    def _checked(self) -> Checked:
        if self._accounts is None or not self._live:
            self._accounts = self._asked()
        checked = check_files(self._config, accounts=self._accounts)
        return _only(checked, self._files) if self._files and not checked.unreadable else checked

    def _asked(self) -> Accounts:
        if not self._live:
            return saved_accounts(self._config.parent)
        config, _ = read_config(self._config)
        if config is None:
            return _not_asked
        return asyncio.run(live_accounts(config, SystemClock()))

    def _told(self, made: tuple[Mending, ...], *, dry_run: bool) -> None:
        console = stdout() if self._form.for_people else stderr()
        for each in made:
            show_mending(console, each)
        count = sum(len(each.mended) for each in made)
        done = "would be mended" if dry_run else "mended"
        stderr().print(f"{count} findings {done} in {len(made)} files")


def exit_code(checked: Checked) -> ExitCode:
    if checked.unreadable:
        return ExitCode.UNUSABLE
    errors = [each.error for each in checked.accounts if each.error is not None]
    if any(_is_refused(error) for error in errors):
        return ExitCode.CREDENTIALS
    if any(isinstance(error, RetryLaterError | OutcomeUnknownError) for error in errors):
        return ExitCode.UNREACHABLE
    return ExitCode.PROBLEMS if errors or has_errors(checked.findings) else ExitCode.DONE


def _is_refused(error: BatonpassError) -> bool:
    return isinstance(error, CredentialsRefusedError | ConfigurationError) or error.code == "forbidden"


def _not_asked(connection: str) -> Account:
    return Account(connection=connection, live=True, problem="not asked: config.toml has to be mended first")


def _only(checked: Checked, files: tuple[Path, ...]) -> Checked:
    """What was found in these files."""
    known = {each.resolve(): each for each in checked.files}
    for file in files:
        if file.resolve() not in known:
            raise _usage(
                f"{file}: no file of this configuration",
                f"name one of {', '.join(str(each) for each in checked.files)}",
            )
    wanted = tuple(dict.fromkeys(known[file.resolve()] for file in files))
    names = {str(each) for each in wanted}
    findings = tuple(each for each in checked.findings if each.file in names)
    return replace(checked, findings=findings, files=wanted)


def _explain(code: str) -> None:
    if code == "all":
        stdout().print(whole_page(), soft_wrap=True, end="")
        return
    page = pages().get(code.strip().upper())
    if page is None:
        hint = did_you_mean(code.upper(), pages(), at_most=0)
        raise _usage(
            f"there is no code {code}{f'; {hint}' if hint else ''}", "batonpass check --explain HM204"
        )
    stdout().print(page.markdown(), soft_wrap=True)


def _usage(message: str, then: str) -> CommandError:
    return CommandError(message, then=then, exit_code=ExitCode.UNUSABLE, code="usage")
