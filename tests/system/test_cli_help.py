"""What every command says of itself, and how the command line ends when we are wrong."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

from batonpass import __version__, cli
from batonpass.cli import app, main
from batonpass.cli.exit_codes import ExitCode
from cli_rig import run, words

COMMANDS = (
    "demo", "init", "check", "plan", "apply", "landing", "doctor", "serve", "worker", "handoff", "trace", "verify", "discover", "provision",
    "trigger", "emulate", "connectors", "audit", "export", "erase", "webhooks", "queue", "store", "sync", "user",
)  # fmt: skip
WITH_SUBCOMMANDS = {
    "webhooks": ("register", "list", "check"),
    "queue": ("list", "show", "retry", "cancel", "park", "replay"),
    "store": ("migrate", "backup", "verify", "copy"),
    "sync": ("run", "status", "verify", "reset", "person"),
    "user": ("add",),
}


@pytest.mark.parametrize(
    "command",
    [
        *((name,) for name in COMMANDS if name not in WITH_SUBCOMMANDS),
        *((name, each) for name, several in WITH_SUBCOMMANDS.items() for each in several),
    ],
    ids=" ".join,
)
def test_help_says_what_it_does_and_its_exit_codes(command):
    shown = run(*command, "--help")

    assert shown.exit_code == 0
    assert "Exit codes:" in words(shown.stdout) or "exit code 2" in words(shown.stdout)


def test_help_lists_every_command_in_whole_sentences():
    shown = run("--help")

    listed = shown.stdout.split("Commands:")[1].split("Exit codes:")[0].strip().splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert not [line for line in listed if line.endswith("...")]


def test_version():
    assert run("--version").stdout == f"batonpass {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("check", "--nonsense"), ("trace",)], ids=["command", "option", "id"]
)
def test_bad_usage_ends_with_2(arguments):
    assert run(*arguments).exit_code == 2


def test_bug_of_ours_ends_with_2_and_says_so(monkeypatch, capsys):
    def broken(**_):
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "app", broken)

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == ExitCode.UNUSABLE
    assert "this is a bug in batonpass" in capsys.readouterr().err


def test_interrupted_command_ends_with_130(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["batonpass.cli.check"], "check_files", interrupted)

    assert CliRunner().invoke(app, ["check", "--config", __file__]).exit_code == 130
