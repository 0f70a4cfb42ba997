"""Whether a SQLite store is as new as when it was last open here. One that was restored from a backup, or whose -wal
file was deleted, is not: what it has forgotten would be done again.

A number grows in the store and in a file beside it, in the store first: a process that dies between the two leaves the
store ahead, never behind.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from batonpass.domain.handoff import StepKind
from batonpass.store import checkpoints, handoffs, steps
from batonpass.store.instants import to_ms
from batonpass.store.transaction import Database, StoreError, Transaction

BEARS_EVERY = 60.0
"""Seconds: so much may be forgotten without being noticed."""
RESTORED = "the store was restored: look in the helpdesk for this handoff's id; cancel it if it has a ticket, else retry"
_NAME = "witness"
_MAKES_TICKET = (StepKind.OPEN_TICKET, StepKind.PASS_CONVERSATION, StepKind.ENRICH_TICKET)


class Witness:
    """Of a store that is open. One in PostgreSQL has none: it is one server's, whatever process comes."""

    def __init__(self, database: Database, path: Path | None) -> None:
        self._database = database
        self._path = None if path is None else path.with_name(f"{path.name}.seen")

    async def check(self) -> None:
        """Raises `StoreError` where the store is older than it was."""
        seen = self._seen()
        if seen is None:
            return
        identity, count = await self._kept()
        if identity == seen[0] and count < seen[1]:
            raise StoreError(
                f"{self._database.name}: this is an older state of the store than was open here before: it was "
                "restored from a backup, or its -wal file was deleted. Started as it is, it would do again what it has "
                "forgotten. If it is meant to be used: batonpass store restored",
                code="store_older",
            )

    async def bear(self, now: datetime) -> None:
        """Count on. Raises `StoreError` and OSError."""
        if self._path is None:
            return
        identity, count = await self._kept()
        seen = self._seen()
        count = max(count, seen[1] if seen is not None and seen[0] == identity else 0) + 1
        identity = identity or secrets.token_hex(8)
        text = json.dumps([identity, count])
        await self._database.run(lambda tx: checkpoints.write(tx, _NAME, text, to_ms(now)))
        _write(self._path, text)

    async def _kept(self) -> tuple[str, int]:
        kept = await self._database.run(lambda tx: checkpoints.read(tx, _NAME))
        return _read(kept) or ("", 0)

    def _seen(self) -> tuple[str, int] | None:
        if self._path is None:
            return None
        try:
            return _read(self._path.read_text(encoding="utf-8"))
        except OSError:
            return None


@asynccontextmanager
async def witnessed(database: Database, path: Path | None, now: datetime) -> AsyncIterator[Witness]:
    """Raises `StoreError` where the store is older than it was; while inside, call `bear` every `BEARS_EVERY`."""
    witness = Witness(database, path)
    await witness.check()
    await witness.bear(now)
    yield witness


async def restored(database: Database, path: Path | None, now: datetime) -> tuple[int, int]:
    """Take the store as it is: every effect that is still to be done is looked for first, and what cannot be looked for
    is parked. Gives how many steps and how many handoffs."""
    at = to_ms(now)

    async def work(tx: Transaction) -> tuple[int, int]:
        looked = await tx.execute("UPDATE steps SET fence = fence + 1 WHERE status <> 'done'")
        marks = ",".join("?" * len(_MAKES_TICKET))
        found = await tx.rows(
            f"SELECT id FROM handoffs WHERE {handoffs.BEFORE_TICKET} AND NOT EXISTS (SELECT 1 FROM steps"
            f" WHERE handoff_id = handoffs.id AND kind IN ({marks}))",
            [kind.value for kind in _MAKES_TICKET],
        )
        for (id_,) in found:
            held = await handoffs.held(tx, id_)
            assert held is not None
            for step in await steps.unfinished(tx, id_):
                await steps.set_aside(tx, id_, step.name, RESTORED)
            await handoffs.park(tx, held, RESTORED, at, deadline_at=at)
        return looked, len(found)

    done = await database.run(work)
    await Witness(database, path).bear(now)
    return done


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
    part.replace(path)


def _read(text: str | None) -> tuple[str, int] | None:
    try:
        identity, count = json.loads(text or "")
        return str(identity), int(count)
    except (ValueError, TypeError):
        return None
