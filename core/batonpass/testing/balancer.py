"""A load balancer: one loopback address in front of several, byte by byte, for tests with several nodes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import cast

from batonpass.testing.serving import loopback_socket


class _Pipe(asyncio.Protocol):
    """One direction of a connection, until either side ends."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _Pipe | None = None
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own are no subclasses of it

    def data_received(self, data: bytes) -> None:
        if self.other is None or self.other.transport is None:
            self._early.append(data)
        else:
            self.other.transport.write(data)

    def join(self, other: _Pipe) -> None:
        self.other, other.other = other, self
        assert other.transport is not None
        for data in self._early:
            other.transport.write(data)
        if self.transport is None or self.transport.is_closing():
            other.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


@asynccontextmanager
async def balancing(ports: Sequence[int], *, port: int = 0) -> AsyncIterator[str]:
    """Serve in the running loop; gives the base URL. Each connection goes to the next of `ports` that takes it; to
    nobody where none does."""
    loop = asyncio.get_running_loop()
    turn = count()
    connecting = set[asyncio.Task[None]]()

    async def connect(client: _Pipe) -> None:
        first = next(turn)
        for offset in range(len(ports)):
            node = ports[(first + offset) % len(ports)]
            try:
                _, served = await loop.create_connection(_Pipe, "127.0.0.1", node)
            except OSError:
                continue
            client.join(served)
            return
        if client.transport is not None:
            client.transport.abort()

    class Accepted(_Pipe):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            task = loop.create_task(connect(self))
            connecting.add(task)
            task.add_done_callback(connecting.discard)

    listening = loopback_socket(port)
    server = await loop.create_server(Accepted, sock=listening)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.close()
        for task in connecting:
            task.cancel()
