"""Servers that outlive a test: uvicorn takes a tenth of a second to stop one, and the suite needs hundreds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from batonpass.testing.serving import served


class _Switch:
    """Passes every call on to the application of the moment."""

    def __init__(self) -> None:
        self.app: ASGIApp | Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Servers:
    """Serves applications in the running loop, on as many sockets as are needed at once."""

    def __init__(self) -> None:
        self._free: list[tuple[_Switch, str]] = []
        self._stack = AsyncExitStack()

    @asynccontextmanager
    async def serving(self, app: ASGIApp | Any) -> AsyncIterator[str]:
        """Gives the base URL."""
        switch, url = self._free.pop() if self._free else await self._another()
        switch.app = app
        try:
            yield url
        finally:
            self._free.append((switch, url))

    async def aclose(self) -> None:
        await self._stack.aclose()

    async def _another(self) -> tuple[_Switch, str]:
        switch = _Switch()
        return switch, await self._stack.enter_async_context(served(switch))
