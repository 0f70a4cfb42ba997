"""The command `batonpass`."""

from __future__ import annotations

from typing import Annotated

import typer

from batonpass import __version__
from batonpass.cli.apply import apply
from batonpass.cli.audit import audit
from batonpass.cli.check import check
from batonpass.cli.connectors import connectors
from batonpass.cli.demo import demo
from batonpass.cli.discover import discover
from batonpass.cli.doctor import doctor
from batonpass.cli.emulate import emulate
from batonpass.cli.erase import erase
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.export import export
from batonpass.cli.failing import Commands, report_bug
from batonpass.cli.handoff import handoff
from batonpass.cli.init import init
from batonpass.cli.landing import landing
from batonpass.cli.plan import plan
from batonpass.cli.provision import provision
from batonpass.cli.queue import queue
from batonpass.cli.serve import serve
from batonpass.cli.store import store
from batonpass.cli.sync import sync
from batonpass.cli.trace import trace
from batonpass.cli.trigger import trigger
from batonpass.cli.user import user
from batonpass.cli.verify import verify
from batonpass.cli.webhooks import webhooks
from batonpass.cli.worker import worker

app = typer.Typer(
    name="batonpass",
    cls=Commands,
    help="Warm handoffs from an AI support agent to a person: one ticket, with the context, exactly once.",
    epilog="Exit codes: 0 done, 1 problems found, 2 bad usage or configuration, 3 only with plan --detailed-exitcode, 4 credentials refused, "
    "5 unreachable (try again later), 6 partly done, 130/143 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"batonpass {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
]


@app.callback()
def _options(version: Version = False) -> None:
    del version  # its callback has printed it


for command in (
    demo,
    init,
    check,
    plan,
    apply,
    landing,
    doctor,
    serve,
    worker,
    handoff,
    trace,
    verify,
    discover,
    provision,
    trigger,
    emulate,
    connectors,
    audit,
    export,
    erase,
):
    app.command()(command)
app.add_typer(webhooks)
app.add_typer(queue)
app.add_typer(store)
app.add_typer(sync)
app.add_typer(user)


def main() -> None:
    """The console script: like `app`, and a bug of ours ends with 2, as conventions have it."""
    try:
        app(prog_name="batonpass")
    except Exception:  # noqa: BLE001 - the last place that can say something about it
        report_bug()
        raise SystemExit(ExitCode.UNUSABLE) from None
