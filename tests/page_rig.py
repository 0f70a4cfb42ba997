"""What the tests of the pages share: a served batonpass with users, and handoffs to look at."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batonpass.domain.ids import HandoffId
from batonpass.testing.desk import Desk
from helpdesks import HELPDESKS, Known

PASSWORD = "correct horse battery"
PASSWORD_HASH = (
    "$argon2id$v=19$m=8,t=1,p=1$QdcH7AxPN7AKg3UztVH1nQ$1XjaZO/QiS2ZEXnpqVOQUe5xgQcd/mUFvaVaNs2/egU"
)
USERS = f"""
[pages.users.olga]
role = "ops"
password_argon2 = "{PASSWORD_HASH}"
[pages.users.lea]
role = "lead"
password_argon2 = "{PASSWORD_HASH}"
"""
ASK = "I was charged twice for my plan this month. Please refund one of the charges."


def conversation(*said: str, **more: Any) -> dict[str, Any]:
    """A handoff; the customer begins, then the AI agent and the customer take turns."""
    turns = [
        {
            "role": ("customer", "ai")[n % 2],
            "text": text,
            "at": f"2026-03-02T09:{n % 60:02}:00Z",
        }
        for n, text in enumerate(said or (ASK, "I can see two charges. Refunds need a colleague of mine."))
    ]
    customer = {"name": "Mia Keller", "email": "mia.keller@example.com", "identity": "verified"}
    reason = {"code": "billing_dispute", "text": "Refunds need a person"}
    return {"conversation": {"turns": turns}, "customer": customer, "reason": reason, **more}


@dataclass(frozen=True)
class Served:
    """A desk with users; the mapping is the one that ships."""

    desk: Desk
    folder: Path
    known: Known

    @property
    def url(self) -> str:
        return self.desk.url

    @property
    def mapping(self) -> Path:
        return self.folder / "mappings" / f"{self.known.name}.toml"

    async def link(self, handoff_id: str) -> str:
        record = await self.desk.record(handoff_id)
        made = self.desk.service.links.link(HandoffId(handoff_id), record.created_at)
        assert made is not None
        link: str = made
        return link


@asynccontextmanager
async def pages_served(
    folder: Path, *, known: Known = HELPDESKS[0], users: str = USERS, **told: Any
) -> AsyncIterator[Served]:
    async with known.plays(folder, more=users, **told) as desk:
        async with asyncio.timeout(10):
            while desk.service.engine.schema is None:
                await asyncio.sleep(0.02)
        yield Served(desk, folder, known)


@dataclass(frozen=True)
class InThread:
    """The same for tests that block: its loop runs in a thread."""

    served: Served
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return self.served.url

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(60)

    def handed_over(self, body: dict[str, Any]) -> str:
        """The link of a handoff whose ticket stands."""

        async def work() -> str:
            handoff_id = await self.served.desk.hand_over(body)
            await self.served.desk.settled()
            return await self.served.link(handoff_id)

        link: str = self.do(work())
        return link


@contextmanager
def pages_in_thread(folder: Path, **told: Any) -> Iterator[InThread]:
    ready, stop = threading.Event(), threading.Event()
    made: list[InThread] = []
    errors: list[BaseException] = []

    async def run() -> None:
        async with pages_served(folder, **told) as served:
            made.append(InThread(served, asyncio.get_running_loop()))
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.02)

    def thread() -> None:
        try:
            asyncio.run(run())
        except Exception as error:  # noqa: BLE001 - raised where somebody waits
            errors.append(error)
        finally:
            ready.set()

    running = threading.Thread(target=thread, daemon=True)
    running.start()
    ready.wait(30)
    if not made:
        raise AssertionError("the pages were not served") from (errors[0] if errors else None)
    try:
        yield made[0]
    finally:
        stop.set()
        running.join(30)
    if errors:
        raise errors[0]
