"""A process that has imported everything and forks a copy of itself for each order: ready in milliseconds.

    zygote = Zygote.begin(serve)        # before this process has an event loop or a thread of its own
    async with zygote:
        child = await zygote.fork({"port": 8080})
        await child.ended

What runs in a child is `run(order)`; its result is the child's exit code. Children end with the zygote, and the
zygote with the process that began it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

Order = Mapping[str, Any]
"""What JSON can carry."""
Run = Callable[[Order], int]


@dataclass(frozen=True, slots=True)
class Child:
    pid: int
    ended: asyncio.Future[int]
    """Its exit code; negative where a signal ended it."""
    _zygote: Zygote

    @property
    def runs(self) -> bool:
        return not self.ended.done()

    def send(self, sent: signal.Signals) -> None:
        """To one that has ended: nothing. The zygote sends it, which knows whether the number is still the child's."""
        if self.runs:
            self._zygote.tell({"pid": self.pid, "signal": int(sent)})


class Zygote:
    """The side of whoever gives the orders. Awaited in one event loop."""

    def __init__(self, pid: int, control: socket.socket) -> None:
        self.pid = pid
        self._control = control
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._asked: list[asyncio.Future[Child]] = []
        self._endings: dict[int, asyncio.Future[int]] = {}

    @classmethod
    def begin(cls, run: Run) -> Self:
        """Fork the zygote itself. Raises RuntimeError where a fork would copy only one of several threads."""
        if threading.active_count() > 1:
            raise RuntimeError("a zygote is begun before there are threads: a fork copies only one of them")
        ours, its = socket.socketpair()
        gc.collect()
        gc.freeze()  # so that the copies do not touch, and copy, what all share
        pid = os.fork()
        if pid == 0:
            ours.close()
            _live(its, run)
        its.close()
        return cls(pid, ours)

    async def __aenter__(self) -> Self:
        reader, self._writer = await asyncio.open_connection(sock=self._control)
        self._reading = asyncio.create_task(self._read(reader))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._writer is not None
        self._writer.close()  # the zygote sees the end, ends its children and itself
        if self._reading is not None:
            await self._reading
        await asyncio.to_thread(os.waitpid, self.pid, 0)

    async def fork(self, order: Order) -> Child:
        asked: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self.tell({"order": dict(order)})
        return await asked

    def tell(self, message: Mapping[str, Any]) -> None:
        assert self._writer is not None
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            told = json.loads(line)
            if "begun" in told:
                child = Child(told["begun"], asyncio.get_running_loop().create_future(), self)
                self._endings[child.pid] = child.ended
                self._asked.pop(0).set_result(child)
            else:
                self._endings.pop(told["ended"]).set_result(told["code"])
        for asked in self._asked:
            asked.cancel()
        for ended in self._endings.values():
            ended.cancel()


def _live(control: socket.socket, run: Run) -> None:
    """The zygote's whole life; never returns."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever gives the orders
        _Forking(control, run).for_ever()
        code = 0
    except BaseException:  # noqa: BLE001 - nobody above may see a second return of the fork
        traceback.print_exc()
    finally:
        os._exit(code)


class _Forking:
    """Reads orders, forks, tells of every child that has ended."""

    def __init__(self, control: socket.socket, run: Run) -> None:
        self._control = control
        self._run = run
        self._children: set[int] = set()
        self._woken, self._waking = socket.socketpair()
        self._woken.setblocking(False)
        self._waking.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler, so that the wake-up socket is written to
        signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)

    def for_ever(self) -> None:
        """Until whoever gives the orders has gone."""
        try:
            with contextlib.suppress(ConnectionError), selectors.DefaultSelector() as selector:
                selector.register(self._control, selectors.EVENT_READ)
                selector.register(self._woken, selectors.EVENT_READ)
                self._serve(selector)
        finally:
            for pid in self._children:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def _serve(self, selector: selectors.BaseSelector) -> None:
        unread = b""
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if self._woken in ready:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(4096)
                self._reap()
            if self._control in ready:
                read = self._control.recv(65536)
                if not read:
                    return
                *lines, unread = (unread + read).split(b"\n")
                for line in lines:
                    self._follow(json.loads(line), selector)

    def _follow(self, told: Mapping[str, Any], selector: selectors.BaseSelector) -> None:
        if "order" in told:
            self._fork(told["order"], selector)
        elif told["pid"] in self._children:
            os.kill(told["pid"], told["signal"])

    def _fork(self, order: Order, selector: selectors.BaseSelector) -> None:
        pid = os.fork()
        if pid == 0:
            self._become(order, selector)
        self._children.add(pid)
        self._say({"begun": pid})

    def _become(self, order: Order, selector: selectors.BaseSelector) -> None:
        """The child's whole life; never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            selector.close()
            for each in (self._control, self._woken, self._waking):
                each.close()
            code = self._run(order)
        except BaseException:  # noqa: BLE001 - as above
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.discard(pid)
            self._say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})

    def _say(self, message: Mapping[str, Any]) -> None:
        self._control.sendall(json.dumps(message).encode() + b"\n")
