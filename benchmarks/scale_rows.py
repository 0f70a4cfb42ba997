"""What a store that holds a million handoffs costs, beside an empty one: the same calls to both, in turns."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
import rig
from scale_filling import fill, id_of

from batonpass.app.config import load_config
from batonpass.app.wiring import Service, running
from batonpass.domain.handoff import AttemptRecord, ClaimedStep, HandoffState, NewStep, Plan, StepKind
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.domain.overdue import Overdue, Verdict
from batonpass.engine.execute import KINDS
from batonpass.store import NewHandoff, Recovery
from batonpass.store.reading import look
from batonpass.store.selection import Selection, counted, listed
from batonpass.testing.postgres import PostgresServer
from batonpass.web import create_app

NEW = 100
"""Handoffs that wait beside those that are over."""
LOOKS = 60
AT_MOST = 1.5
_FIRST = Plan(state=HandoffState.REQUESTED, steps=(NewStep(kind=StepKind.GATHER_FACTS),))
_NEXT = Plan(state=HandoffState.ENRICHED, steps=(NewStep(kind=StepKind.OPEN_TICKET),))


@dataclass
class Side:
    """One of the two stores, in use."""

    service: Service
    http: httpx.AsyncClient
    recovery: Recovery
    known: list[str]
    """Handoffs to ask for."""
    times: dict[str, list[float]] = field(default_factory=dict)
    claimed: list[ClaimedStep] = field(default_factory=list)

    def now(self) -> datetime:
        return self.service.clock.now()

    async def timed(self, what: str, call: Callable[[], Awaitable[object]]) -> None:
        began = time.perf_counter()
        await call()
        self.times.setdefault(what, []).append((time.perf_counter() - began) * 1000)


async def compare(folder: Path, *, rows: int, shared: bool) -> bool:
    """Fill one, measure both, print; whether every ratio is at most `AT_MOST`."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(PostgresServer()) if shared else None
        sides = [
            await _side(stack, folder / name, None if server is None else server.new_database())
            for name in ("full", "empty")
        ]
        full, empty = sides
        seconds = await fill(full.service.journal.database, rows)
        await fill(empty.service.journal.database, LOOKS)  # some must be there to be asked for
        full.known = [id_of(1 + rows * n // LOOKS) for n in range(LOOKS)]
        empty.known = [id_of(1 + n) for n in range(LOOKS)]
        name = "PostgreSQL" if shared else "SQLite"
        print(f"{name}: {rows:,} handoffs that are over, with all that belongs to them, in {seconds:.0f} s")
        for call in (_claim_nothing, _read_first, _read_again, _accept, _watch, _claim, _finish):
            for number in range(LOOKS):
                for side in sides if number % 2 else sides[::-1]:
                    await call(side)
        return _told(full.times, empty.times)


async def _side(stack: AsyncExitStack, folder: Path, url: str | None) -> Side:
    folder.mkdir(parents=True)
    nobody = dict.fromkeys(rig.VENDORS, "http://127.0.0.1:9")
    path = rig.write_config(
        folder, nobody, more=f'[store]\nurl = "{url or f"sqlite:///{folder}/journal.db"}"\n'
    )
    service = await stack.enter_async_context(running(load_config(path, rig.SECRETS), works=False))
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(service)), base_url="http://desk", headers=rig.AUTHORISED
    )
    return Side(service, await stack.enter_async_context(http), Recovery(service.journal), [])


# What is measured -------------------------------------------------------------------------------------------------


async def _claim_nothing(side: Side) -> None:
    await side.timed(
        "claim, nothing waits", lambda: side.service.journal.claim(KINDS, now=side.now(), most=8)
    )
    await side.timed("when is the next due", side.service.journal.next_due)


async def _accept(side: Side) -> None:
    for _ in range(NEW // LOOKS + 1):
        new = _new(side.now())
        await side.timed("accept", lambda new=new: side.service.journal.accept(new, _FIRST))  # type: ignore[misc]


async def _claim(side: Side) -> None:
    async def claim() -> None:
        side.claimed += await side.service.journal.claim(KINDS, now=side.now(), most=2)

    await side.timed(f"claim 2 of {NEW}", claim)


async def _finish(side: Side) -> None:
    if not side.claimed:
        return
    step = side.claimed.pop()
    now = side.now()
    attempt = AttemptRecord(step=step.name, number=step.fence, started_at=now, seconds=0.1, outcome="done")
    journal = side.service.journal
    await side.timed(
        "finish", lambda: journal.finish(step, result={"x": 1}, plan=_NEXT, attempt=attempt, now=now)
    )


async def _read_first(side: Side) -> None:
    await _read(side, "GET /v1/handoffs/{id}, the first time")


async def _read_again(side: Side) -> None:
    await _read(side, "GET /v1/handoffs/{id}, again")


async def _read(side: Side, what: str) -> None:
    asked = side.known[len(side.times.get(what, ()))]

    async def get() -> None:
        (await side.http.get(f"/v1/handoffs/{asked}")).raise_for_status()

    await side.timed(what, get)


async def _watch(side: Side) -> None:
    async def backlog() -> None:
        await side.service.journal.backlog()
        side.service.metrics.render()

    await side.timed("backlog and metrics", backlog)
    await side.timed("overdue", lambda: side.recovery.overdue(now=side.now(), decide=_let_be))
    store = side.service.config.store

    async def queue_list() -> None:
        look(store, lambda tx: counted(tx, Selection()))
        look(store, lambda tx: listed(tx, Selection(), most=50))

    await side.timed("queue list", queue_list)


def _let_be(overdue: Overdue, now: datetime) -> Verdict:
    del overdue, now
    return Verdict()


def _new(now: datetime) -> NewHandoff:
    id_: HandoffId = new_handoff_id()
    body = b'{"conversation": {"turns": [{"role": "customer", "text": "I was charged twice."}]}}'
    return NewHandoff(
        id=id_, ai_agent="benchmark", conversation_id=id_, body=body, request=body, mended=False,
        idempotency_key=id_, body_sha256=hashlib.sha256(body).digest(), received_at=now, helpdesk="zendesk",
    )  # fmt: skip


def _told(full: dict[str, list[float]], empty: dict[str, list[float]]) -> bool:
    print("| | full, ms | empty, ms | ratio |\n|--|--|--|--|")
    good = True
    for what, times in full.items():
        mine, theirs = statistics.median(times), statistics.median(empty[what])
        good &= mine / theirs <= AT_MOST
        print(f"| {what} | {mine:.2f} | {theirs:.2f} | {mine / theirs:.2f} |")
    return good
