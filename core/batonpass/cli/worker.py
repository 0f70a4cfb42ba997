"""`batonpass worker`."""

from __future__ import annotations

import typer
import uvloop

from batonpass import __version__
from batonpass.app.config import Config
from batonpass.app.logs import write_logs
from batonpass.app.wiring import running
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.options import DEFAULT_CONFIG, ConfigPath, usable_config
from batonpass.cli.serve import exit_code, measured, several_processes
from batonpass.cli.stopping import stopping
from batonpass.cli.terminal import stdout


def worker(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Do the steps of handoffs that others accept, until Ctrl-C.

    Any number of workers share the work of one PostgreSQL database; what a dead one has left is taken over after 15 s.
    Told to stop, it finishes or releases what is under way and is gone within 25 s. Metrics and `/livez` are on the port
    of `[metrics]`. Exit codes: 2 something is wrong with the files or the store; 130 or 143 stopped by Ctrl-C or
    SIGTERM.
    """
    usable = usable_config(config)
    several_processes(usable)
    write_logs()
    raise typer.Exit(uvloop.run(_work(usable)))


async def _work(config: Config) -> ExitCode:
    with stopping() as told:
        async with running(config) as service, measured(service):
            stdout().print(f"batonpass {__version__} works on {config.store.name}", soft_wrap=True)
            await told.wait()
            service.health.drain()
        return exit_code(told)
