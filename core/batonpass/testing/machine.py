"""A state machine over the whole of batonpass: whatever people, vendors, clocks and power cuts do in whatever order,
every invariant holds.

Made for Hypothesis, which chooses the order: `run_state_machine_as_test(lambda: HandoffMachine(staged, …))`.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from batonpass.app.operator import Operator
from batonpass.domain.event import EventKind
from batonpass.domain.handoff import HandoffRecord
from batonpass.store.queue import Why
from batonpass.store.selection import Action, Selection
from batonpass.testing.crash_scene import Staged
from batonpass.testing.faults import Fault
from batonpass.testing.invariants import INVARIANTS, describe
from batonpass.testing.machine_agent import Asking
from batonpass.testing.machine_verdict import history, waits_for_a_person, wrong
from batonpass.testing.machine_world import CALL_DEADLINE, World
from batonpass.testing.outbox import Order

RULE_WITHIN = 120.0
"""Seconds, of the real ones: whatever takes longer stands still."""
ENDS_WITHIN = timedelta(days=3)
"""After the faults have ended: the longest wait between two attempts is half a day."""
AFTER_EACH_STEP = ("I2", "I9")
TURNS = (
    EventKind.AGENT_REPLIED,
    EventKind.CUSTOMER_REPLIED,
    EventKind.NOTE_ADDED,
    EventKind.TICKET_ASSIGNED,
    EventKind.STATUS_CHANGED,
)
FAULTS = (
    Fault.RATE_LIMITED,
    Fault.SERVER_ERROR,
    Fault.ERROR_AFTER_COMMIT,
    Fault.ANSWER_LOST,
    Fault.ANSWER_TRUNCATED,
    Fault.ANSWER_EMPTY,
    Fault.NEVER_ANSWERED,
    Fault.ANSWERED_LATE,
    Fault.RESET,
    Fault.BROKEN_JSON,
    Fault.UNAUTHORISED,
)
OUTAGE = 10_000
"""Calls: until it is mended."""
MOST_SILENCES = 2
"""In an example: each costs the next call seconds of the callback's schedule."""

which = st.integers(0, 7)
pauses = st.sampled_from([0.0, 0.0, 0.003, 0.01, 0.03])
"""Real seconds for which all may go on before the next rule."""


class HandoffMachine(RuleBasedStateMachine):
    def __init__(self, staged: Staged, store: Callable[[Path], str] | None = None) -> None:
        """`store`: makes a fresh one, which may be in this folder, and gives its URL; None: SQLite."""
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="batonpass-machine-")
        folder = Path(self._folder.name)
        url = store(folder) if store is not None else "sqlite:///machine.db"
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._wrong: Exception | None = None
        self._silences = 0
        self._before: dict[str, HandoffRecord] = {}
        self.world = World(staged=staged, folder=folder, store=url)
        self._run(partial(self.world.open, self._stack))
        if self._wrong is not None:
            raise self._wrong

    def _run(self, act: Callable[[], Coroutine[Any, Any, object]], *, pause: float = 0.0) -> None:
        """What goes wrong is raised at the end: Hypothesis expects that its choices do not hang on how a run goes, and
        two runs of one machine are never quite alike. After it nothing more is done."""

        async def both() -> None:
            async with asyncio.timeout(RULE_WITHIN):
                await act()
            await asyncio.sleep(pause)

        if self._wrong is not None:
            return
        try:
            self._runner.run(both())
        except Exception as error:  # noqa: BLE001 - raised at the end
            self._wrong = error

    # The AI agent -----------------------------------------------------------------------------------------------

    @rule(talk=st.integers(0, 3), pause=pauses)
    def ask(self, talk: int, pause: float) -> None:
        self._run(partial(self._ask, self._asking(talk)), pause=pause)

    @rule(talk=st.integers(0, 3), which=which, pause=pauses)
    def ask_about_a_ticket(self, talk: int, which: int, pause: float) -> None:
        async def act() -> None:
            ticket = await self._ticket(which)
            await self._ask(self._asking(talk, ticket))

        self._run(act, pause=pause)

    @rule(which=which, pause=pauses)
    def ask_again(self, which: int, pause: float) -> None:
        asked = self.world.agent.asked
        if not asked:
            return
        self._run(partial(self._ask, asked[which % len(asked)]), pause=pause)

    @rule(talk=st.integers(0, 3), after=pauses)
    def crash_while_asked(self, talk: int, after: float) -> None:
        async def act() -> None:
            asking = self._asking(talk)
            under_way = asyncio.create_task(self._ask(asking))
            await asyncio.sleep(after)
            await self.world.process.crash()
            await under_way
            self.world.agent.refused.clear()  # by the dropped process
            await self.world.start()
            await self._ask(asking)

        self._run(act)

    def _asking(self, talk: int, ticket: str | None = None) -> Asking:
        number = len(self.world.agent.asked)
        return Asking(
            key=f"key-{number}", conversation=f"talk-{talk}", canary=f"canary7x{talk}", ticket=ticket
        )

    async def _ask(self, asking: Asking) -> None:
        await self.world.agent.ask(self.world.http, self.world.url, asking)

    @rule(times=st.integers(1, 3))
    @precondition(lambda self: self._silences < MOST_SILENCES)
    def callback_fails(self, times: int) -> None:
        self._silences += 1
        self.world.agent.fails += times
        self.world.late += 60.0

    # People at the helpdesk -------------------------------------------------------------------------------------

    @rule(pause=pauses)
    def customer_opens_a_ticket_that_asks(self, pause: float) -> None:
        async def act() -> None:
            number = len(self.world.people.tickets)
            told = {"text": "I was charged twice.", "email": f"customer{number}@example.com"}
            ticket = await self.world.people.happens(EventKind.TICKET_OPENED, **told)
            if ticket is not None:
                await self.world.people.happens(
                    EventKind.HANDOFF_ASKED, ticket=ticket, **self.world.staged.asks
                )

        self._run(act, pause=pause)

    @rule(which=which, kind=st.sampled_from(TURNS), pause=pauses)
    def turn(self, which: int, kind: EventKind, pause: float) -> None:
        self._run(partial(self._happens, kind, which), pause=pause)

    @rule(which=which, pause=pauses)
    def solve(self, which: int, pause: float) -> None:
        self._run(partial(self._happens, EventKind.TICKET_SOLVED, which), pause=pause)

    @rule(which=which, pause=pauses)
    def reopen(self, which: int, pause: float) -> None:
        self._run(partial(self._happens, EventKind.TICKET_REOPENED, which), pause=pause)

    @rule(which=which, score=st.sampled_from([0.0, 1.0]), pause=pauses)
    def rate(self, which: int, score: float, pause: float) -> None:
        self._run(partial(self._happens, EventKind.TICKET_RATED, which, score=score), pause=pause)

    @rule(which=which)
    def delete(self, which: int) -> None:
        """One that has its handoff: whose ticket goes before anybody knows it gets another."""

        async def act() -> None:
            ours = [each.ticket_id for each in (await self.world.rest()).values() if each.ticket_id]
            ticket = ours[which % len(ours)] if ours else None
            if ticket is None or ticket not in await self.world.known_tickets():
                return
            await self.world.people.happens(EventKind.TICKET_SOLVED, ticket=ticket)
            self.world.emulator.delete_ticket(ticket)
            self.world.people.tickets[ticket].deleted = True

        self._run(act)

    async def _happens(self, kind: EventKind, which: int, **told: object) -> None:
        ticket = await self._ticket(which)
        if ticket is not None:
            await self.world.people.happens(kind, ticket=ticket, **told)

    async def _ticket(self, which: int) -> str | None:
        known = await self.world.known_tickets()
        return known[which % len(known)] if known else None

    # The way of the webhooks ------------------------------------------------------------------------------------

    @rule()
    def webhooks_wait(self) -> None:
        self._run(self.world.people.hold)

    @rule(order=st.sampled_from(Order), pause=pauses)
    def webhooks_arrive(self, order: Order, pause: float) -> None:
        self._run(partial(self.world.people.release, order), pause=pause)

    @rule()
    def webhooks_are_lost(self) -> None:
        self._run(self.world.people.drop)

    @rule(twice=st.booleans())
    def webhooks_arrive_twice(self, twice: bool) -> None:
        self.world.emulator.outbox.twice = twice

    # Faults -----------------------------------------------------------------------------------------------------

    @rule(after=pauses)
    def crash(self, after: float) -> None:
        async def act() -> None:
            await asyncio.sleep(after)
            await self.world.crash()

        self._run(act)

    @rule(
        fault=st.sampled_from(FAULTS),
        times=st.integers(1, 4),
        of_source=st.booleans(),
        status=st.sampled_from([500, 503]),
    )
    def calls_fail(self, fault: Fault, times: int, of_source: bool, status: int) -> None:
        vendor = self.world.source if of_source else self.world.emulator
        vendor.next_call(fault, times=times, seconds=CALL_DEADLINE * 1.5, status=status, retry_after=2.0)

    @rule(fault=st.sampled_from([Fault.SERVER_ERROR, Fault.RESET]), of_source=st.booleans())
    def outage(self, fault: Fault, of_source: bool) -> None:
        vendor = self.world.source if of_source else self.world.emulator
        vendor.next_call(fault, times=OUTAGE)

    @rule()
    def outage_ends(self) -> None:
        self._heal()

    def _heal(self) -> None:
        self.world.emulator.heal()
        self.world.source.heal()

    @rule(ahead=st.sampled_from([-3600.0, 0.0, 3600.0]))
    def machine_clock_is_set(self, ahead: float) -> None:
        self.world.jumped = self.world.jumped or ahead != 0.0
        self.world.machine.ahead = ahead

    @rule(how=st.sampled_from(["edited", "broken", "mended"]))
    def mapping_is_changed(self, how: str) -> None:
        text = self.world.staged.mapping
        more = {"edited": f"\n# edited {len(self.world.versions)}\n", "broken": "\n[[[\n", "mended": ""}
        self.world.mapping.write_text(text + more[how], encoding="utf-8")
        self._run(self.world.reloaded)

    @rule(seconds=st.sampled_from([1.0, 15.0, 130.0, 1000.0, 4000.0, 20_000.0]))
    def time_passes(self, seconds: float) -> None:
        self._run(partial(self.world.go_on, seconds))

    # The operator -----------------------------------------------------------------------------------------------

    @rule(action=st.sampled_from(Action), which=which, pause=pauses)
    def operator_acts(self, action: Action, which: int, pause: float) -> None:
        async def act() -> None:
            kept = list(await self.world.kept())
            if kept:
                await self._operator().act(action, Selection(ids=(kept[which % len(kept)],)))

        self._run(act, pause=pause)

    def _operator(self) -> Operator:
        service = self.world.process.service
        return Operator(
            service.config, service.journal.database, service.webhooks, service.clock, self.world.wake
        )

    # What must be so --------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_undone_and_nothing_is_twice(self) -> None:
        self._run(self._look)

    async def _look(self) -> None:
        kept = await self.world.kept()
        seen = history(self.world, kept, self._before)
        found = [each for name in AFTER_EACH_STEP for each in INVARIANTS[name](seen)]
        self._before = kept
        assert not found, describe(found)

    def teardown(self) -> None:
        """The faults end, an operator looks at what waits for one, all is done, and every invariant is checked."""
        try:
            self._run(self._end)
            if self._wrong is not None:
                raise self._wrong
        finally:
            self._runner.run(self._stack.aclose())
            self._runner.close()
            self._folder.cleanup()

    async def _end(self) -> None:
        world = self.world
        self._heal()
        world.agent.fails = 0
        world.machine.ahead = 0.0
        world.mapping.write_text(world.staged.mapping, encoding="utf-8")
        await world.people.release(Order.AS_IT_WAS)
        kept = await world.settle(most=ENDS_WITHIN)
        waiting = [id_ for id_, each in kept.items() if any(map(waits_for_a_person, each.steps))]
        for id_ in waiting:
            done = await self._operator().act(Action.RETRY, Selection(ids=(id_,)))
            if Why.SUPERSEDED in done.left:
                world.superseded.add(id_)
        if waiting:
            kept = await world.settle(most=ENDS_WITHIN)
        found = await wrong(world, kept, self._before)
        assert not found, "\n".join(found)
