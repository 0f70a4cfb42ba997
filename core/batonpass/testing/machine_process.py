"""One batonpass that can be dropped without a goodbye and started again on its store, within one process of ours."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from batonpass.app.config import Config
from batonpass.app.wiring import Service, running
from batonpass.domain.clock import Clock
from batonpass.engine import Engine
from batonpass.store import StoreError
from batonpass.testing.faults import Reset
from batonpass.web import create_app


class Door:
    """The address of batonpass: while nobody is behind it, connections are reset."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is None:
            await Reset(Request(scope, receive))(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class Process:
    """What would be a process of its own elsewhere."""

    def __init__(self, config: Config, door: Door) -> None:
        self._config = config
        self._door = door
        self._stack: AsyncExitStack | None = None
        self._service: Service | None = None

    @property
    def service(self) -> Service:
        assert self._service is not None, "it does not run"
        return self._service

    async def start(self, clock: Clock) -> None:
        """Raises what `running` raises."""
        stack = AsyncExitStack()
        self._service = await stack.enter_async_context(running(self._config, clock=clock))
        self._stack = stack
        self._door.app = create_app(self._service)

    async def crash(self) -> None:
        """From one moment on nothing more is written and no step goes on. What the store had begun by then is done or
        undone, as a database does it after a power cut; what was claimed stays claimed."""
        service, stack = self.service, self._stack
        assert stack is not None
        self._door.app = None
        self._service = self._stack = None
        database: Any = service.journal.database
        alive, database.run = database.run, _gone
        _drop(service.engine)
        await alive(_nothing)
        with suppress(asyncio.CancelledError):  # how the dropped engine's thread ends
            await stack.aclose()

    async def stop(self) -> None:
        """As told, with a goodbye."""
        if self._stack is not None:
            await self._stack.aclose()


async def _gone(work: object) -> Any:
    del work
    raise StoreError("the process has been dropped", code="store_unavailable")


async def _nothing(tx: object) -> None:
    del tx


def _drop(engine: Engine | None) -> None:
    """Cancel all that the engine does, in its own thread. Nobody else may: it would leave steps claimed for ever."""
    home = None if engine is None else engine._home  # noqa: SLF001 - as above
    if engine is None or home is None:
        return
    for task in (engine._loop, *engine._tasks):  # noqa: SLF001 - as above
        if task is not None:
            home.call_soon_threadsafe(task.cancel)
