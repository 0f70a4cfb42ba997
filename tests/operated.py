"""A folder with handoffs in its store, a server on it, and an operator: for the tests of the operator's commands."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from batonpass.app.config import load_config
from batonpass.domain.handoff import AttemptRecord, HandoffState, StepKind
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.engine import decide
from batonpass.store import Journal, NewHandoff, StoreAddress, database_at
from batonpass.store.reading import read_handoff
from cli_rig import (
    DOUBLE_CHARGE,
    SECRETS,
    Desk,
    run,
    subprocess_environment,
)

COMMAND = [sys.executable, "-m", "batonpass"]
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def store_of(desk: Desk) -> StoreAddress:
    return load_config(desk.config, SECRETS).store


def with_journal(desk: Desk, work: Callable[[Journal], Any]) -> Any:
    async def inside() -> Any:
        journal = Journal(database_at(store_of(desk)))
        await journal.open()
        try:
            return await work(journal)
        finally:
            await journal.close()

    return asyncio.run(inside())


async def hand_over(journal: Journal, n: int = 1) -> list[HandoffId]:
    made = []
    for _ in range(n):
        new = NewHandoff(
            id=new_handoff_id(), ai_agent="ai-agent", conversation_id=None, body=DOUBLE_CHARGE.read_bytes(),
            request=DOUBLE_CHARGE.read_bytes(), mended=False, idempotency_key=None, body_sha256=b"", received_at=NOW,
            helpdesk="zendesk",
        )  # fmt: skip
        await journal.accept(new, decide.on_request())
        made.append(new.id)
    return made


async def park(journal: Journal, n: int = 1) -> list[HandoffId]:
    made = await hand_over(journal, n)
    for step in await journal.claim([StepKind.GATHER_FACTS], now=NOW, most=n):
        attempt = AttemptRecord(step=step.name, number=1, started_at=NOW, seconds=0.1, outcome="refused")
        await journal.park(step, because="refused: no such group", attempt=attempt, now=NOW)
    return made


def queue(desk: Desk, *arguments: object) -> Any:
    return run("queue", *arguments, "--config", desk.config, env=SECRETS)


def state(desk: Desk, handoff_id: HandoffId) -> HandoffState:
    record = read_handoff(store_of(desk), handoff_id)
    assert record is not None
    return record.state


@contextmanager
def serving(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    server = subprocess.Popen(
        [*COMMAND, "serve", "--config", str(desk.config), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=subprocess_environment(),
    )  # fmt: skip
    try:
        assert server.stdout is not None
        assert "takes handoffs" in server.stdout.readline()
        yield server
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    finally:
        server.kill()
        server.communicate()


def until(met: Callable[[], bool]) -> None:
    for _ in range(400):
        if met():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that within 20 s")
