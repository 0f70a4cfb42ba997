"""Serve an ASGI application on a real loopback socket, from tests and from the demo."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from batonpass.testing.faults import SOCKET_EXTENSION


class _OpenProtocol(HttpToolsProtocol):
    """Lets the application see its socket, so that an emulator can reset the connection as a vendor may."""

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
        extensions[SOCKET_EXTENSION] = self.transport


class _QuietServer(uvicorn.Server):
    """Leaves signals to whoever runs it, and stops at once."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """uvicorn's own looks every 0.1 s whether to stop; hundreds of tests would wait for it."""
        ticks = 0
        while not self.should_exit:
            await self.on_tick(ticks)
            ticks += 1
            await asyncio.sleep(0.02)


def loopback_socket(port: int = 0) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one. Raises OSError where the port is taken."""
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is: 40 ms for each answer else.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError:
        listening.close()
        raise
    listening.listen(2048)
    return listening


def _server(app: ASGIApp | Any, lifespan: str) -> _QuietServer:
    return _QuietServer(
        uvicorn.Config(
            app,
            http=_OpenProtocol,
            ws="none",
            lifespan=lifespan,  # type: ignore[arg-type]
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_keep_alive=75,  # as vendors' load balancers keep them; uvicorn's 5 s closes some in mid-use
            timeout_graceful_shutdown=1,
        )
    )


@asynccontextmanager
async def served(app: ASGIApp | Any, *, port: int = 0, lifespan: str = "off") -> AsyncIterator[str]:
    """Serve `app` in the running loop; gives its base URL."""
    listening = loopback_socket(port)
    server = _server(app, lifespan)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn gives a flag, no event
            await asyncio.sleep(0.005)
        if running.done():
            running.result()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()


@contextmanager
def served_in_thread(app: ASGIApp | Any, *, port: int = 0) -> Iterator[str]:
    """Serve `app` from a thread with a loop of its own, for clients that block."""
    ready = threading.Event()
    stop = threading.Event()
    address: list[str] = []

    async def run() -> None:
        async with served(app, port=port) as url:
            address.append(url)
            ready.set()
            while not stop.is_set():  # noqa: ASYNC110 - set from another thread
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the server did not start within 10 s")
    try:
        yield address[0]
    finally:
        stop.set()
        thread.join(10)
