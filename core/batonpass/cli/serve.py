"""`batonpass serve`."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvicorn
import uvloop
from fastapi import FastAPI

from batonpass import __version__
from batonpass.app.config import Config
from batonpass.app.logs import write_logs
from batonpass.app.wiring import running
from batonpass.cli.exit_codes import ExitCode
from batonpass.cli.failing import CommandError
from batonpass.cli.options import DEFAULT_CONFIG, ConfigPath, usable_config
from batonpass.cli.stopping import Stopping, stopping
from batonpass.cli.terminal import stdout
from batonpass.web import create_app

Host = Annotated[str | None, typer.Option(help="Instead of server.host.", show_default=False)]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Instead of server.port; 0 takes a free one.", show_default=False),
]

_SECONDS_TO_END_ANSWERS = 10
_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


def serve(config: ConfigPath = DEFAULT_CONFIG, host: Host = None, port: Port = None) -> None:
    """Take handoffs over HTTP, until Ctrl-C or SIGTERM.

    Prints one line with the address on stdout; logs go to stderr, one JSON object a line. Mapping files are
    read again when they change. Exit codes: 2 something is wrong with the files, the store or the address;
    130 or 143 stopped by Ctrl-C or SIGTERM, everything accepted is on the disk and goes on at the next start.
    """
    usable = usable_config(config)
    write_logs()
    listening = listen(host or usable.server.host, usable.server.port if port is None else port)
    raise typer.Exit(uvloop.run(_serve(usable, listening)))


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


async def _serve(config: Config, listening: socket.socket) -> ExitCode:
    with stopping() as told:
        async with running(config) as service:
            address, port, *_ = listening.getsockname()
            shown = f"[{address}]" if ":" in address else address
            stdout().print(
                f"batonpass {__version__} takes handoffs at http://{shown}:{port}/v1/handoffs "
                f"for {', '.join(config.agents) or 'no AI agent: add one to config.toml'}",
                soft_wrap=True,
            )
            await _answer(create_app(service), listening, told)
        return _CODES[told.by] if told.by is not None else ExitCode.DONE


async def _answer(app: FastAPI, listening: socket.socket, told: Stopping) -> None:
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SECONDS_TO_END_ANSWERS,
        )
    )

    def stop() -> None:
        server.should_exit = True

    told.tell(stop)
    await server.serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would raise them again before the journal is closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
