"""Processes that play cases of the crash test, several at once each, and tell the results as they come."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import socket
import sys
import tempfile
import traceback
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from batonpass.testing.crash_node import run_node
from batonpass.testing.crash_plan import Case
from batonpass.testing.crash_scene import Staged
from batonpass.testing.crash_slot import Slot, slot
from batonpass.testing.crash_store import Emptied, Files, Store
from batonpass.testing.crashing import Played, play
from batonpass.testing.zygote import Zygote

TOO_BUSY = 0.2
"""Seconds for which our own loop stood still: half of what a call may take."""
MOST_TRIES = 3
NODES = {"sqlite": 1, "postgres": 2}


def as_json(played: Played) -> dict[str, Any]:
    verdict = asdict(played.verdict)
    return {
        "case": played.case.name,
        "fired": list(played.fired),
        "seconds": round(played.seconds, 2),
        "lag": round(played.lag, 3),
        **{key: list(value) if isinstance(value, tuple) else value for key, value in verdict.items()},
    }


def work(
    cases: Sequence[Case],
    staged: dict[str, Staged],
    *,
    databases: Sequence[str],
    slots: int,
    keep: bool,
) -> tuple[int, socket.socket]:
    """Fork a worker: its process and where its lines come from. To be called before there is a loop or a thread."""
    ours, its = socket.socketpair()
    if pid := os.fork():
        its.close()
        return pid, ours
    ours.close()
    code = 1
    if importlib.util.find_spec("sniffio") is None:
        # httpcore looks for it on the disk at every lock: half of a worker's time
        sys.modules["sniffio"] = None  # type: ignore[assignment]
    try:
        zygote = Zygote.begin(run_node)
        uvloop.run(_play_all(zygote, cases, staged, its, databases=databases, slots=slots, keep=keep))
        code = 0
    except BaseException:  # noqa: BLE001 - nobody above may see a second return of the fork
        traceback.print_exc()
    finally:
        os._exit(code)


async def _play_all(
    zygote: Zygote,
    cases: Sequence[Case],
    staged: dict[str, Staged],
    tell: socket.socket,
    *,
    databases: Sequence[str],
    slots: int,
    keep: bool,
) -> None:
    waiting = {store: deque(case for case in cases if case.store == store) for store in NODES}
    async with zygote, AsyncExitStack() as stack:

        async def run(store: str, at: Slot) -> None:
            while waiting[store]:
                case = waiting[store].popleft()
                tell.sendall(
                    json.dumps(await _played(case, staged[case.helpdesk], at, keep)).encode() + b"\n"
                )

        tasks = []
        for store, nodes in NODES.items():
            for number in range(min(slots, len(waiting[store]))):
                made: Store = Files() if store == "sqlite" else Emptied(databases[number])
                at = await stack.enter_async_context(slot(zygote, nodes=nodes, store=made))
                tasks.append(asyncio.create_task(run(store, at)))
        await asyncio.gather(*tasks)


async def _played(case: Case, staged: Staged, at: Slot, keep: bool) -> dict[str, Any]:
    """One run; again where the test itself broke, or where it went wrong while this machine was too busy for deadlines
    of tenths of a second."""
    for left in reversed(range(MOST_TRIES)):
        found = await _once(case, staged, at, keep)
        too_busy = found.get("wrong") and found["lag"] >= TOO_BUSY
        if not left or not ("broken" in found or too_busy):
            break
    return {**found, "tries": MOST_TRIES - left}


async def _once(case: Case, staged: Staged, at: Slot, keep: bool) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    try:
        async with asyncio.timeout(90):
            played = await play(case, staged, at, folder)
    except Exception as error:  # noqa: BLE001 - one run that the test itself breaks must not end the others
        traceback.print_exc()
        return {"case": case.name, "broken": f"{type(error).__name__}: {error}"}
    if not played.verdict.wrong or not keep:
        shutil.rmtree(folder, ignore_errors=True)
    found = as_json(played)
    return {**found, "folder": str(folder)} if folder.exists() else found
