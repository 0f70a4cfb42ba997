"""The book of the scheduled sync: what has been read, how far each stream has come, who is reading it.

Every page is kept together with the place where its slice goes on, in one transaction: whoever is killed begins with
the page after the last one that was kept. Who has been taken for dead keeps nothing more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from batonpass.domain.synced import KeptRecord, Key, KeyKind, RecordKind
from batonpass.ports import Page
from batonpass.store import events, keeping, sync_streams, synced
from batonpass.store.instants import to_ms
from batonpass.store.sync_streams import PlannedRound, StreamState
from batonpass.store.synced import Put
from batonpass.store.transaction import Result, StoreError, Transaction, Work
from batonpass.store.values import StaleClaimError

LEASE = timedelta(seconds=90)
"""Longer than the longest call with its wait; each kept page begins it anew."""
AT_ONCE = 500
"""Records that one transaction marks as deleted."""
DONE = "done"
Change = Callable[[StreamState], StreamState]


class Runs(Protocol):
    """A database, for whoever neither opens nor closes it."""

    async def run(self, work: Work[Result]) -> Result:
        """As `Database.run`."""
        ...


class SyncBook:
    """Of one process."""

    def __init__(self, database: Runs, *, node: str, alone: bool = False) -> None:
        """`alone`: no other process can have the store open, so that whoever else has claimed a stream is dead."""
        self._database = database
        self._node = node
        self._alone = alone

    # Who reads it ---------------------------------------------------------------------------------------------------

    async def claim(
        self, connection: str, stream: str, *, now: datetime, dead: Sequence[str] = ()
    ) -> StreamState | None:
        """This process is to read it; None where another one does. `dead` are processes that are gone."""

        async def work(tx: Transaction) -> StreamState | None:
            await tx.lock(f"sync {connection}/{stream}")
            state = await sync_streams.read(tx, connection, stream)
            state = state or StreamState(connection=connection, stream=stream)
            if state.owner not in {self._node, *dead} and self._is_held(state, now):
                return None
            mine = replace(state, owner=self._node, lease_until=now + LEASE, fence=state.fence + 1)
            await sync_streams.write(tx, mine)
            return mine

        return await self._database.run(work)

    async def release(self, state: StreamState, *, ended_as: str, now: datetime) -> None:
        """Nobody reads it any more; a round under way stays where it is. `ended_as`: the code of what stopped it."""
        await self._change(
            state, lambda known: replace(known, owner=None, lease_until=None, ended_as=ended_as, ended_at=now)
        )

    async def hold(self, state: StreamState, *, now: datetime) -> None:
        """Go on holding it while waiting."""
        await self._change(state, lambda known: replace(known, lease_until=now + LEASE))

    # A round --------------------------------------------------------------------------------------------------------

    async def begin(
        self, state: StreamState, plan: PlannedRound, *, rules: str, reads_all: bool, now: datetime
    ) -> StreamState:
        return await self._change(
            state,
            lambda known: replace(
                known,
                plan=plan,
                rules=rules,
                round=known.round + 1,
                counts=Counter(),
                begun_at=now,
                ended_at=None,
                ended_as=None,
                read_all_at=now if reads_all else known.read_all_at,
                lease_until=now + LEASE,
            ),
        )

    async def keep(
        self, state: StreamState, slice_: str, page: Page, *, read_at: datetime, now: datetime
    ) -> Counter[Put]:
        """Keep a page and the place where its slice goes on. Raises `StaleClaimError`."""

        async def work(tx: Transaction) -> Counter[Put]:
            known = await self._mine(tx, state)
            reading = synced.Reading(
                connection=state.connection, stream=state.stream, round=known.round, at=to_ms(read_at)
            )
            counts = await keeping.keep(tx, reading, page.records)
            told = Counter({each.value: number for each, number in counts.items()})
            told += Counter(pages=1, read=len(page.records))
            await sync_streams.write(
                tx,
                replace(
                    known,
                    plan=_advanced(known.plan, slice_, page),
                    counts=known.counts + told,
                    lease_until=now + LEASE,
                ),
            )
            return counts

        return await self._database.run(work)

    async def again(self, state: StreamState, slice_: str) -> None:
        """The slice is read from its beginning: its cursor is good no more."""

        def changed(known: StreamState) -> StreamState:
            assert known.plan is not None
            slices = [
                replace(each, cursor=None, done=False) if each.name == slice_ else each
                for each in known.plan.slices
            ]
            return replace(known, plan=replace(known.plan, slices=tuple(slices)))

        await self._change(state, changed)

    async def left_out(self, state: StreamState) -> tuple[int, int]:
        """(How many of the stream's records the round under way has not given, how many there are)."""
        return await self._database.run(
            lambda tx: synced.left_out(tx, state.connection, state.stream, state.round)
        )

    async def end(
        self, state: StreamState, *, position: str | None, clear: bool, confirms: bool, now: datetime
    ) -> int:
        """The round has been read to its end. `clear`: what it has not given is gone; `confirms`: what it has not given
        is as it was. Gives how many are gone."""
        gone = await self._clear(state, now) if clear else 0
        await self._change(
            state,
            lambda known: replace(
                known,
                plan=None,
                position=position,
                done_up_to=known.begun_at if confirms else known.done_up_to,
                counts=known.counts + Counter(gone=gone),
                ended_at=now,
                ended_as=DONE,
                owner=None,
                lease_until=None,
            ),
        )
        return gone

    async def _clear(self, state: StreamState, now: datetime) -> int:
        gone = 0

        async def some(tx: Transaction) -> int:
            await self._mine(tx, state)
            return await synced.end_left_out(
                tx, state.connection, state.stream, state.round, at=to_ms(now), most=AT_ONCE
            )

        while ended := await self._database.run(some):
            gone += ended
        return gone

    async def has_been_read(self, connection: str, streams: Collection[str]) -> bool:
        """Whether each of these streams has been read to its end at least once."""
        states = {each.stream: each for each in await self.states() if each.connection == connection}
        return all(name in states and states[name].done_up_to is not None for name in streams)

    # For people -----------------------------------------------------------------------------------------------------

    async def state(self, connection: str, stream: str) -> StreamState | None:
        return await self._database.run(lambda tx: sync_streams.read(tx, connection, stream))

    async def states(self) -> list[StreamState]:
        return await self._database.run(sync_streams.all_of)

    async def counts(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(connection, stream) → how many records are kept, and when the oldest was read (ms)."""
        return await self._database.run(synced.count)

    async def set_position(
        self, connection: str, stream: str, position: str | None, *, now: datetime
    ) -> None:
        """The next round begins there; a round under way is given up. Raises `StoreError` while it is read."""

        async def work(tx: Transaction) -> None:
            await tx.lock(f"sync {connection}/{stream}")
            state = await sync_streams.read(tx, connection, stream)
            state = state or StreamState(connection=connection, stream=stream)
            if self._is_held(state, now):
                raise StoreError(f"{connection}/{stream} is being read just now", code="sync_under_way")
            await sync_streams.write(
                tx, replace(state, plan=None, position=position, read_all_at=None, owner=None)
            )

        await self._database.run(work)

    async def events_after(self, last: int | None) -> events.Heard:
        """What has happened since the event with that number; None: nothing before now counts."""
        return await self._database.run(lambda tx: events.heard_after(tx, last))

    # The copy -------------------------------------------------------------------------------------------------------

    async def record(self, connection: str, kind: RecordKind, id_: str) -> KeptRecord | None:
        return await self._database.run(lambda tx: synced.record(tx, connection, kind, id_))

    async def known_by(self, connection: str, kind: RecordKind, key: KeyKind, text: str) -> list[KeptRecord]:
        known = Key(kind=key, value=text)
        return await self._database.run(lambda tx: synced.known_by(tx, connection, kind, known))

    async def after(
        self, connection: str, kind: RecordKind, id_: str, *, most: int = AT_ONCE
    ) -> list[KeptRecord]:
        """Those of this kind whose ids come after that one, in their order."""
        return await self._database.run(lambda tx: synced.after(tx, connection, kind, id_, most=most))

    async def with_ids(self, connection: str, kind: RecordKind, ids: Sequence[str]) -> list[KeptRecord]:
        """Those of these that are kept."""
        found: list[KeptRecord] = []
        for start in range(0, len(ids), synced.MOST_KNOWN_BY):
            some = ids[start : start + synced.MOST_KNOWN_BY]
            found += await self._database.run(
                lambda tx, some=some: synced.with_ids(tx, connection, kind, some)  # type: ignore[misc]
            )
        return found

    async def forgotten(self, connection: str, kind: RecordKind, ids: Sequence[str]) -> frozenset[str]:
        """Those of these ids whose person has asked to be forgotten."""
        return await self._database.run(lambda tx: synced.forgotten(tx, connection, kind, ids))

    async def ids_after(self, connection: str, stream: str, kind: RecordKind, id_: str) -> list[str]:
        """The ids of this kind that the stream has given, after that one, in their order; some of them."""
        return await self._database.run(
            lambda tx: synced.ids_after(tx, connection, stream, kind, id_, most=AT_ONCE)
        )

    def _is_held(self, state: StreamState, now: datetime) -> bool:
        """Whether another process may be reading it."""
        if self._alone or state.owner is None:
            return False
        return state.lease_until is not None and state.lease_until > now

    async def _mine(self, tx: Transaction, state: StreamState) -> StreamState:
        known = await sync_streams.read(tx, state.connection, state.stream)
        if known is None or known.fence != state.fence:
            raise StaleClaimError(f"{state.connection}/{state.stream} is read by another process meanwhile")
        return known

    async def _change(self, state: StreamState, change: Change) -> StreamState:
        async def work(tx: Transaction) -> StreamState:
            changed = change(await self._mine(tx, state))
            await sync_streams.write(tx, changed)
            return changed

        return await self._database.run(work)


def _advanced(plan: PlannedRound | None, slice_: str, page: Page) -> PlannedRound:
    assert plan is not None
    slices = [
        replace(
            each,
            cursor=page.cursor,
            done=page.cursor is None,
            position=page.position,
            pages=each.pages + 1,
        )
        if each.name == slice_
        else each
        for each in plan.slices
    ]
    return replace(plan, slices=tuple(slices))
