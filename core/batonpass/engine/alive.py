"""Being one of several processes: say that this one is alive, take over what the dead have left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from batonpass.domain.handoff import StepKind
from batonpass.domain.ids import HandoffId
from batonpass.engine.world import World
from batonpass.store import StoreError
from batonpass.testing.failpoints import failpoint

log = structlog.get_logger()

BEAT_EVERY = 5.0
"""Seconds; `DEAD_AFTER` of the store is three of them."""
ACTS_FOR = 10.0
"""Seconds after the last beat that was written for which this process may begin an effect. With the deadline of a call it
has ended before another process, which waits for `DEAD_AFTER` and then for that deadline, looks whether it happened."""
AWAITED_CLAIM = timedelta(seconds=10)
"""A claim that is younger may still be on its way to us from the database."""


class Alive:
    def __init__(
        self,
        world: World,
        waits: Mapping[StepKind, float],
        *,
        mine: Callable[[], frozenset[tuple[HandoffId, str, int]]],
        wake: Callable[[], None],
    ) -> None:
        """`waits`: kind of an effect → seconds for which a call of it may still be under way; `mine`: the claims that a
        task of this process carries."""
        self._world = world
        self._waits = waits
        self._mine = mine
        self._wake = wake
        self._shared = world.journal.database.is_shared
        self._beaten_at = 0.0

    def may_act(self) -> bool:
        """Whether nobody can have taken this process for dead yet."""
        return not self._shared or self._world.clock.monotonic() - self._beaten_at < ACTS_FOR

    may_claim = may_act

    async def begin(self) -> None:
        """The first beat; and what is known to have died already is taken over."""
        await self._beat()
        await self._take_over()

    async def stay(self) -> None:
        """Beat for ever."""
        while True:
            await asyncio.sleep(BEAT_EVERY)
            try:
                await self._beat()
                await self._take_over()
                await self._release_lost_claims()
            except StoreError as error:
                log.warning("node_not_heard", code=error.code, detail=str(error))
            except Exception as error:  # noqa: BLE001 - whatever it was, a node that falls silent is taken for dead
                log.error("node_not_heard", error=type(error).__name__)  # noqa: TRY400 - its text may quote a customer

    async def end(self) -> None:
        """Let go of everything that is still claimed."""
        world = self._world
        try:
            left = await world.recovery.let_go(now=world.clock.now(), waits=self._waits)
            await world.installation.leave()
        except StoreError as error:
            log.warning("node_not_signed_off", code=error.code, detail=str(error))
            return
        if left:
            log.info("released", steps=left)

    async def _beat(self) -> None:
        begun = self._world.clock.monotonic()  # before the call: it is as of then that others know
        await self._world.installation.beat(self._world.clock.now())
        failpoint("alive.beaten")
        self._beaten_at = begun

    async def _take_over(self) -> None:
        world = self._world
        now = world.clock.now()
        dead = await world.installation.dead(world.clock.monotonic())
        taken = 0
        if dead or not self._shared:
            # a process that held this file alone is gone; one on another machine may have begun a call until just now
            taken = await world.recovery.take_back(
                now=now, owners=dead, waits=self._waits, from_claim=not self._shared
            )
            await world.installation.forget_nodes(dead)
        taken_late = await world.recovery.take_back(now=now, waits=self._waits)
        if taken:
            log.info("recovered", steps=taken, nodes=len(dead))
        if taken or taken_late:
            self._wake()

    async def _release_lost_claims(self) -> None:
        """A claim of ours whose answer never came is carried by nobody."""
        world = self._world
        now = world.clock.now()
        released = await world.recovery.let_go(
            now=now, keep=self._mine(), claimed_before=now - AWAITED_CLAIM, waits=self._waits
        )
        if released:
            log.warning("claims_released", steps=released)
            self._wake()
