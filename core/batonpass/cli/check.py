"""`batonpass check`."""

from __future__ import annotations

import typer

from batonpass.app.checking import Checked, check_files
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, no_config
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.diagnostics import FileProblemsError, Severity, has_errors, render, to_json


def check(config: ConfigPath = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Check config.toml and the mapping files.

    All findings in one run; calls nobody: `doctor` does that.

    Exit codes: 0 nothing wrong (warnings are no errors), 1 errors were found, 2 config.toml cannot be read.
    """
    if not config.exists():
        raise no_config(config)
    checked = check_files(config)
    if checked.unreadable and not as_json:
        raise FileProblemsError(checked.findings)
    if as_json:
        print_json(
            "batonpass.check/1",
            ok=not has_errors(checked.findings),
            files=[str(path) for path in checked.files],
            findings=to_json(checked.findings),
        )
    else:
        _show(checked)
    raise typer.Exit(_exit_code(checked))


def _exit_code(checked: Checked) -> ExitCode:
    if checked.unreadable:
        return ExitCode.UNUSABLE
    return ExitCode.PROBLEMS if has_errors(checked.findings) else ExitCode.DONE


def _show(checked: Checked) -> None:
    errors = sum(finding.severity is Severity.ERROR for finding in checked.findings)
    others = len(checked.findings) - errors
    if checked.findings:
        stdout().print(render(checked.findings), soft_wrap=True)
    console = stderr()
    console.print(f"{len(checked.files)} files: {errors} errors, {others} warnings")
    if errors:
        console.print("next: mend the lines above, then: batonpass check")
    else:
        console.print("next: batonpass doctor (tries the accounts)")
