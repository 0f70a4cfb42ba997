"""uvicorn as we run it: quiet, and without a hand on the process's signals."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

SECONDS_TO_END_ANSWERS = 5


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn would raise them again before the journal is closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def quiet_server(app: ASGIApp) -> uvicorn.Server:
    return _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_END_ANSWERS,
        )
    )


@asynccontextmanager
async def served_beside(app: ASGIApp, listening: socket.socket) -> AsyncIterator[None]:
    """Serve the application on this socket while inside."""
    server = quiet_server(app)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await running
