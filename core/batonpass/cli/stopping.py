"""Ctrl-C and SIGTERM, for commands that run until they are told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Whether we were told to stop, and by which signal."""

    def __init__(self) -> None:
        self.by: signal.Signals | None = None
        self._told = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []

    def tell(self, listener: Callable[[], None]) -> None:
        """Call `listener` once we are told; at once where we were told already."""
        self._listeners.append(listener)
        if self.by is not None:
            listener()

    async def wait(self) -> None:
        await self._told.wait()

    def _stop(self, number: signal.Signals) -> None:
        self.by = number
        self._told.set()
        for listener in self._listeners:
            listener()


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Inside, the signals end nothing by themselves. Needs a running loop in the main thread."""
    loop = asyncio.get_running_loop()
    told = Stopping()
    for number in _SIGNALS:
        loop.add_signal_handler(number, told._stop, number)  # noqa: SLF001 - of this module
    try:
        yield told
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
