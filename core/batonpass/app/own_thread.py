"""A thread with an event loop of its own, for what may keep a loop busy."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias, TypeVar

import uvloop

T = TypeVar("T")

_Entered: TypeAlias = tuple[T, asyncio.AbstractEventLoop, asyncio.Event]

SWITCH_SECONDS = 0.001
"""How long one thread may keep the interpreter from another; Python's own 5 ms add up over the steps of an answer."""


@asynccontextmanager
async def in_own_thread(make: Callable[[], AbstractAsyncContextManager[T]], *, name: str) -> AsyncIterator[T]:
    """Enter `make()` in a thread of its own and stay in it; what it gives must be safe to use from here.

    An error on entering is raised here. Leaving waits until it has been left there.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    here = asyncio.get_running_loop()
    entered: asyncio.Future[_Entered[T]] = here.create_future()
    left: asyncio.Future[None] = here.create_future()

    async def stay() -> None:
        loop, leave = asyncio.get_running_loop(), asyncio.Event()
        async with make() as made:
            here.call_soon_threadsafe(entered.set_result, (made, loop, leave))
            await leave.wait()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(stay())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits for it
            here.call_soon_threadsafe(_end, entered, left, error)
        else:
            here.call_soon_threadsafe(left.set_result, None)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    made, loop, leave = await entered
    try:
        yield made
    finally:
        if not left.done():
            loop.call_soon_threadsafe(leave.set)
        await left
        thread.join()


def _end(entered: asyncio.Future[_Entered[T]], left: asyncio.Future[None], error: BaseException) -> None:
    (left if entered.done() else entered).set_exception(error)
