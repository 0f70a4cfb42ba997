"""`batonpass serve`."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
import uvloop

from batonpass import __version__
from batonpass.app.config import Config
from batonpass.app.logs import write_logs
from batonpass.app.metrics import metrics_app
from batonpass.app.wiring import Service, running
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, ConfigPath, usable_config
from batonpass.cli.stopping import Stopping, stopping
from batonpass.cli.terminal import stdout
from batonpass.web import create_app
from batonpass.web.control import controlled
from batonpass.web.server import quiet_server, served_beside

Host = Annotated[str | None, typer.Option(help="Instead of server.host.", show_default=False)]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Instead of server.port; 0 takes a free one.", show_default=False),
]

NoWork = Annotated[
    bool,
    typer.Option("--no-work", help="Only accept; `batonpass worker` elsewhere does the steps (PostgreSQL)."),
]

DRAIN_SECONDS = 1.0
"""For which a server that was told to stop still answers, that it is ending."""
_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


def serve(
    config: ConfigPath = DEFAULT_CONFIG, host: Host = None, port: Port = None, no_work: NoWork = False
) -> None:
    """Take handoffs over HTTP, until Ctrl-C or SIGTERM.

    Prints one line with the address on stdout; logs go to stderr, one JSON object a line. Mapping files are
    read again when they change. On PostgreSQL any number of these may run, and of `batonpass worker`. Told to stop, it
    takes nothing new, finishes or releases what is under way and is gone within 25 s. Exit codes: 2 something is wrong with the files, the store or the address;
    130 or 143 stopped by Ctrl-C or SIGTERM, everything accepted is on the disk and goes on at the next start.
    """
    usable = usable_config(config)
    if no_work:
        several_processes(usable)
    write_logs()
    with listen(host or usable.server.host, usable.server.port if port is None else port) as listening:
        raise typer.Exit(uvloop.run(_serve(usable, listening, works=not no_work)))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `CommandError` where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        raise CommandError(
            f"{host}:{port}: {'another process listens there' if taken else error.strerror or 'no such address'}",
            then="stop that process, or: batonpass serve --port PORT"
            if taken
            else "batonpass serve --host 127.0.0.1",
            exit_code=ExitCode.UNUSABLE,
            code="address_taken" if taken else "address_unusable",
        ) from None


async def _serve(config: Config, listening: socket.socket, *, works: bool) -> ExitCode:
    with stopping() as told:
        async with (
            running(config, works=works) as service,
            measured(service),
            controlled(service),
        ):
            address, port, *_ = listening.getsockname()
            shown = f"[{address}]" if ":" in address else address
            stdout().print(
                f"batonpass {__version__} takes handoffs at http://{shown}:{port}/v1/handoffs "
                f"for {', '.join(config.agents) or 'no AI agent: add one to config.toml'}",
                soft_wrap=True,
            )
            await _answer(service, listening, told)
        return exit_code(told)


def exit_code(told: Stopping) -> ExitCode:
    return _CODES[told.by] if told.by is not None else ExitCode.DONE


def several_processes(config: Config) -> None:
    """Raises `CommandError` where only one process can have the store open."""
    if config.store.path is None:
        return
    raise CommandError(
        f"{config.store.name}: SQLite serves exactly one process, `batonpass serve`",
        then='set store.url to a PostgreSQL database ("postgresql://…"), or: batonpass serve',
        exit_code=ExitCode.UNUSABLE,
        code="store_for_one_process",
    )


async def _answer(service: Service, listening: socket.socket, told: Stopping) -> None:
    """Until we are told to stop; then say so for a moment, so that nobody sends us more, and end."""
    server = quiet_server(create_app(service))

    async def end() -> None:
        await told.wait()
        service.health.drain()
        await asyncio.sleep(DRAIN_SECONDS)
        server.should_exit = True

    ending = asyncio.create_task(end())
    await server.serve(sockets=[listening])
    ending.cancel()


@asynccontextmanager
async def measured(service: Service) -> AsyncIterator[None]:
    """Serve the metrics on a port of their own, where one is configured. Raises `CommandError`."""
    settings = service.config.metrics
    if settings.port is None:
        yield
        return
    app = metrics_app(service.metrics, service.health, service.clock)
    async with served_beside(app, listen(settings.host, settings.port)):
        yield
