"""What the processes of one installation share besides handoffs: who is alive, whose turn a tick is, what is known of
the vendors, what people must hear of."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from batonpass.domain.alert import Alert, AlertKind, NewAlert
from batonpass.store import alerts, checkpoints, gates, handoffs, landings, nodes, people
from batonpass.store.gates import KeptGate
from batonpass.store.instants import from_ms, to_ms
from batonpass.store.transaction import Database, Transaction

DEAD_AFTER = 15.0
"""Seconds without a sign of life, by the clock of whoever looks: no two clocks are ever compared."""
LOOKS_WITHIN = 12.0
"""Seconds between two looks; after a longer gap (the database was away) all others count as heard of."""
TICKS_KEPT = timedelta(days=2)
ALERTS_KEPT = timedelta(days=90)
GATES_KEPT = timedelta(days=1)
PAGE_KEY = "page_key"
"""The checkpoint that keeps it, in hex."""


class Installation:
    def __init__(self, database: Database, *, node: str, name: str) -> None:
        """`node`: this process; `name`: what people call it (its host and process id)."""
        self.database = database
        self.node = node
        self._name = name
        self._looked_at = 0.0
        self._seen: dict[str, tuple[int, float]] = {}
        """Other node → its beats, and when (monotonic) they were first seen to be so many."""

    async def beat(self, now: datetime) -> None:
        """Say that this node is alive."""
        at = to_ms(now)
        await self.database.run(lambda tx: nodes.beat(tx, id=self.node, name=self._name, at=at))

    async def dead(self, monotonic: float) -> list[str]:
        """The nodes that have given no sign of life for `DEAD_AFTER`; where no other process can have the database
        open, all others."""
        beats = await self.database.run(nodes.all_beats)
        beats.pop(self.node, None)
        if not self.database.is_shared:
            return list(beats)
        if monotonic - self._looked_at > LOOKS_WITHIN:
            self._seen.clear()  # nobody was heard while nobody listened
        self._looked_at = monotonic
        for node in self._seen.keys() - beats.keys():
            del self._seen[node]
        for node, count in beats.items():
            if self._seen.get(node, (-1, 0.0))[0] != count:
                self._seen[node] = (count, monotonic)
        return [node for node, (_, since) in self._seen.items() if monotonic - since >= DEAD_AFTER]

    async def forget_nodes(self, dead: Sequence[str]) -> None:
        """Their steps have been taken back."""

        async def work(tx: Transaction) -> None:
            for node in dead:
                await nodes.forget(tx, node)

        await self.database.run(work)

    async def leave(self) -> None:
        """This node has let go of everything."""
        await self.database.run(lambda tx: nodes.forget(tx, self.node))

    async def nodes(self) -> list[tuple[str, str, datetime]]:
        """(id, name, last seen) of those that are alive or have died without a word."""
        found = await self.database.run(nodes.named)
        return [(id_, name, from_ms(seen)) for id_, name, seen in found]

    async def newest_stamp(self) -> datetime | None:
        """The newest time that this store has been given: by it, time has come so far. None in a new store."""
        found = await self.database.run(nodes.newest_stamp)
        return None if found is None else from_ms(found)

    async def take_tick(self, job: str, at: datetime) -> bool:
        """Whether this node is to run `job` at the tick of `at`: the first one that asks, over all nodes."""
        ms = to_ms(at)
        return await self.database.run(lambda tx: nodes.take_tick(tx, job=job, at=ms, node=self.node))

    async def post_gates(self, posted: Sequence[KeptGate], cleared: Sequence[str]) -> list[KeptGate]:
        """Tell the others what this node has found out about vendors; gives what all of them know."""

        async def work(tx: Transaction) -> list[KeptGate]:
            for gate in sorted(cleared):
                await gates.clear(tx, gate)
            for kept in sorted(posted, key=lambda kept: kept.gate):
                await gates.post(tx, kept)
            return await gates.all_kept(tx)

        return await self.database.run(work)

    async def take_probe(self, gate: str, *, now: datetime, seconds: float) -> bool:
        """Whether this node may find out, for all, whether the vendor answers again."""
        at = to_ms(now)
        until = at + int(seconds * 1000)
        return await self.database.run(lambda tx: gates.take_probe(tx, gate, now=at, until=until))

    async def alert(self, new: NewAlert, now: datetime) -> None:
        """People must hear of it, once."""
        await self.database.run(lambda tx: alerts.note(tx, new, to_ms(now)))

    async def over(self, kind: AlertKind, about: str, now: datetime) -> None:
        """It is so no more."""
        await self.database.run(lambda tx: alerts.close(tx, kind, about, to_ms(now)))

    async def quiet(self, kind: AlertKind, *, since: datetime, now: datetime) -> None:
        """Close the alerts of this kind that nothing has confirmed since then."""
        await self.database.run(
            lambda tx: alerts.close_quiet(tx, kind, last_before=to_ms(since), at=to_ms(now))
        )

    async def open_alerts(self) -> list[Alert]:
        return await self.database.run(alerts.opened)

    async def untold_alerts(self) -> list[Alert]:
        return await self.database.run(alerts.untold)

    async def told(self, numbers: Mapping[int, bool]) -> None:
        """People have been told of these alerts: that they are open, or (True) that they are over."""
        if not numbers:
            return
        await self.database.run(lambda tx: alerts.told(tx, numbers))

    async def checkpoint(self, name: str) -> str | None:
        return await self.database.run(lambda tx: checkpoints.read(tx, name))

    async def set_checkpoint(self, name: str, text: str, now: datetime) -> None:
        await self.database.run(lambda tx: checkpoints.write(tx, name, text, to_ms(now)))

    async def pepper(self, now: datetime) -> bytes:
        """The store's own key for hashes of people; made once."""
        made = secrets.token_hex(32)
        kept = await self.database.run(lambda tx: checkpoints.keep_first(tx, people.PEPPER, made, to_ms(now)))
        return bytes.fromhex(kept)

    async def page_key(self, now: datetime) -> bytes:
        """The installation's own key for links and sessions, the same in all its processes; made once."""
        made = secrets.token_hex(32)
        kept = await self.database.run(lambda tx: checkpoints.keep_first(tx, PAGE_KEY, made, to_ms(now)))
        return bytes.fromhex(kept)

    async def change_checkpoint(
        self, name: str, change: Callable[[str | None], str | None], now: datetime
    ) -> None:
        """Write what `change` makes of what is kept (None: leave it), as one step; it may be asked twice."""

        async def work(tx: Transaction) -> None:
            await tx.lock(f"checkpoint:{name}")
            text = change(await checkpoints.read(tx, name))
            if text is not None:
                await checkpoints.write(tx, name, text, to_ms(now))

        await self.database.run(work)

    async def tidy(self, now: datetime) -> None:
        """Forget ticks, gates and alerts that are long over; sum up what is counted."""

        async def work(tx: Transaction) -> None:
            await nodes.forget_ticks(tx, to_ms(now - TICKS_KEPT))
            await gates.forget_before(tx, to_ms(now - GATES_KEPT))
            await alerts.forget_before(tx, to_ms(now - ALERTS_KEPT))
            await handoffs.sum_up(tx)
            await landings.sum_up(tx)

        await self.database.run(work)
