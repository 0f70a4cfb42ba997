"""Claims steps, runs them, writes what came of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog

from batonpass.domain.errors import (
    BatonpassError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    RefusedError,
    RetryLaterError,
)
from batonpass.domain.handoff import AttemptRecord, ClaimedStep, Lane, StepKind
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import FieldSchema
from batonpass.engine.alive import Alive
from batonpass.engine.announcing import announce, tell_delay
from batonpass.engine.asking import read_conversation
from batonpass.engine.enriching import enrich_ticket, pass_conversation
from batonpass.engine.following import follow_ticket
from batonpass.engine.held import Held
from batonpass.engine.pace import Pace
from batonpass.engine.packing import gather_facts, late_facts
from batonpass.engine.retry import Park, Postpone, after_failure, inside_a_step
from batonpass.engine.ticketing import (
    note_context,
    note_late_facts,
    note_not_landed,
    open_ticket,
    read_back,
    tell_customer,
)
from batonpass.engine.work import Done
from batonpass.engine.world import World
from batonpass.ports import Capability
from batonpass.store import StaleClaimError, StoreError
from batonpass.testing.failpoints import failpoint
from batonpass.transport.lanes import acting_while, in_lane

log = structlog.get_logger()

T = TypeVar("T")

Handler = Callable[[World, ClaimedStep], Awaitable[Done]]

HANDLERS: Mapping[StepKind, Handler] = {
    StepKind.READ_CONVERSATION: read_conversation,
    StepKind.GATHER_FACTS: gather_facts,
    StepKind.OPEN_TICKET: open_ticket,
    StepKind.PASS_CONVERSATION: pass_conversation,
    StepKind.ENRICH_TICKET: enrich_ticket,
    StepKind.NOTE_CONTEXT: note_context,
    StepKind.READ_BACK: read_back,
    StepKind.NOTE_NOT_LANDED: note_not_landed,
    StepKind.LATE_FACTS: late_facts,
    StepKind.NOTE_LATE_FACTS: note_late_facts,
    StepKind.TELL_CUSTOMER: tell_customer,
    StepKind.TELL_DELAY: tell_delay,
    StepKind.ANNOUNCE: announce,
    StepKind.FOLLOW_TICKET: follow_ticket,
}
KINDS = tuple(HANDLERS)

GRACE = 15.0
"""Seconds for the steps under way when the process is told to stop."""
STEP_DEADLINE = 45.0
"""Seconds for one attempt at a step: less than its lease, so that no second worker meets the first."""
LONGEST_SLEEP = 30.0
LONGEST_SLEEP_SHARED = 1.0
"""Where other processes may have put something into the database: a ring may be lost."""
WHILE_CROWDED = 0.1
CLAIMED_AT_ONCE = 8
"""While there is a backlog, steps are claimed when an eighth of the slots is free: a claim costs a transaction."""
AFTER_STORE_ERROR = 1.0
RECORD_WITHIN = 30.0
"""Seconds for which the result of a step is tried to be written while the store does not answer."""
BEHIND_SHARE = 0.5
"""Of the slots that steps may have for which no customer waits."""
MOST_BUGS = 10
"""Attempts at a step that fails for a reason of our own making before a person must look."""


class Engine:
    """Runs the steps of one process. `start`, then `wake` whenever something was accepted, `stop` at the end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._awake = asyncio.Event()
        self._stopping = False
        self._backlog = False
        self._tasks: dict[asyncio.Task[None], Lane] = {}
        self._held = Held()
        self._mine: set[tuple[HandoffId, str, int]] = set()
        """The claims (handoff, step, fence) that a task of ours carries."""
        self._home: asyncio.AbstractEventLoop | None = None
        self._loop: asyncio.Task[None] | None = None
        self._pace = Pace(world.settings.concurrency)
        self._alive = Alive(world, self._waits(), mine=lambda: frozenset(self._mine), wake=self.wake)
        self._beside: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take back what a dead process left running, then work."""
        self._home = asyncio.get_running_loop()
        await self._alive.begin()
        self._beside = [
            asyncio.create_task(self._pace.watch(), name="pace"),
            asyncio.create_task(self._alive.stay(), name="alive"),
            asyncio.create_task(self._world.journal.database.listen(self._awake.set), name="listen"),
        ]
        self._loop = asyncio.create_task(self._claim_for_ever(), name="engine")

    def wake(self) -> None:
        """There may be something to do. Callable from any thread, once started."""
        if self._home is not None:
            self._home.call_soon_threadsafe(self._awake.set)

    def forget(self, handoff_id: HandoffId) -> None:
        """Keep nothing of this handoff in memory. Callable from any thread."""
        self._world.recent.forget(handoff_id)

    def still_for(self) -> float:
        """Seconds since its event loop last moved. Callable from any thread."""
        return self._pace.still_for()

    @property
    def schema(self) -> FieldSchema | None:
        """What the helpdesk's tickets can hold, as it was read last. Callable from any thread."""
        return self._world.schema.known

    @property
    def busy(self) -> int:
        """Steps under way."""
        return len(self._tasks)

    async def stop(self, *, grace: float = GRACE) -> None:
        """Claim nothing more, let what is under way end within `grace` seconds; the rest is released for others, or for
        the next start."""
        self._stopping = True
        self.wake()
        if self._loop is not None:
            await self._loop
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=grace)
        cut = list(self._tasks)
        for task in (*cut, *self._beside):
            task.cancel()
        await asyncio.gather(*cut, *self._beside, return_exceptions=True)
        await self._alive.end()

    async def _claim_for_ever(self) -> None:
        while not self._stopping:
            self._awake.clear()
            try:
                await self._claim_and_wait()
            except StoreError as error:
                log.warning("journal_unavailable", code=error.code, detail=str(error))
                await asyncio.sleep(AFTER_STORE_ERROR)
            except Exception as error:  # noqa: BLE001 - a bug must not end the work of all others
                log.error("claim_failed", error=type(error).__name__)  # noqa: TRY400 - its text may quote a customer
                await asyncio.sleep(AFTER_STORE_ERROR)

    async def _claim_and_wait(self) -> None:
        """Begin what is due, as far as the pace allows; then wait to be woken, or for the next step to be due."""
        world = self._world
        free = self._pace.limit - len(self._tasks)
        claimed: list[ClaimedStep] = []
        if free > 0 and self._alive.may_claim():
            claimed = await world.journal.claim(
                KINDS, now=world.clock.now(), most=free, most_behind=self._free_behind()
            )
        self._backlog = len(claimed) >= free
        for step in claimed:
            self._begin(step)
        seconds = LONGEST_SLEEP_SHARED if world.journal.database.is_shared else LONGEST_SLEEP
        if self._backlog:
            seconds = WHILE_CROWDED  # a step that ends wakes us; so may a pace that has grown
        elif (due := await world.journal.next_due()) is not None:
            seconds = min(seconds, max(0.0, (due - world.clock.now()).total_seconds()))
        try:
            async with asyncio.timeout(seconds):
                await self._awake.wait()
        except TimeoutError:
            return

    def _free_behind(self) -> int:
        """How many more steps may begin for which nobody waits."""
        behind = sum(lane > Lane.LIVE for lane in self._tasks.values())
        return max(0, int(self._pace.limit * BEHIND_SHARE) - behind)

    def _begin(self, step: ClaimedStep) -> None:
        self._mine.add(_claim(step))  # before the task begins: what nobody carries is released
        task = asyncio.create_task(self._carry(step))
        self._tasks[task] = step.lane
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        free = self._pace.limit - len(self._tasks)
        if (
            self._stopping
            or not self._tasks
            or (self._backlog and free * CLAIMED_AT_ONCE >= self._pace.limit)
        ):
            self._awake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            detail = (
                str(error) if isinstance(error, BatonpassError) else ""
            )  # another's text may quote the customer
            log.error("step_not_recorded", error=type(error).__name__, detail=detail)

    async def _carry(self, step: ClaimedStep | None) -> None:
        """Do the step and go on with the first that follows; the others get tasks of their own."""
        while step is not None:
            self._mine.add(_claim(step))
            try:
                with in_lane(step.lane), acting_while(self._alive.may_act):
                    following = await self._do(step)
            finally:
                self._mine.discard(_claim(step))
            for other in following[1:]:
                self._begin(other)
            step = following[0] if following else None

    async def _do(self, step: ClaimedStep) -> list[ClaimedStep]:
        """One attempt at one step; gives the following steps, claimed."""
        world = self._world
        started_at, started = world.clock.now(), world.clock.monotonic()
        failpoint(f"step.{step.kind}.claimed")
        try:
            done = await self._handled(step)
        except Exception as error:  # noqa: BLE001 - every failure is recorded with its step
            self._held.heed(step.kind, error)
            attempt = _attempt(step, started_at, world.clock.monotonic() - started, error)
            world.observer.step_finished(step.kind, attempt.seconds)
            await self._failed(step, error, attempt)
            return []
        failpoint(f"step.{step.kind}.called")
        attempt = _attempt(step, started_at, world.clock.monotonic() - started, None)
        world.observer.step_finished(step.kind, attempt.seconds)
        try:
            following = await self._recorded(step, done, attempt)
        except StaleClaimError as stale:
            log.warning("stale_claim", handoff=step.handoff_id, step=step.name, detail=str(stale))
            return []
        world.recent.keep(step.handoff_id, step.name, done.result)
        if done.landings:
            world.observer.landed(done.landings)
        if done.ticket is not None:
            await self._count_ticket(step.handoff_id)
        if done.ticket is not None or done.followed_to is not None:
            self.wake()  # events may have come meanwhile: then the ticket is to be read again
        failpoint(f"step.{step.kind}.stored")
        return following

    async def _count_ticket(self, handoff_id: HandoffId) -> None:
        with suppress(BatonpassError):  # what has been committed goes on, counted or not
            asked_at = (await self._world.recent.asked(handoff_id)).stored.created_at
            self._world.observer.ticketed((self._world.clock.now() - asked_at).total_seconds())

    async def _recorded(self, step: ClaimedStep, done: Done, attempt: AttemptRecord) -> list[ClaimedStep]:
        """Write it, also where the store does not answer for a while: what has been done need not be looked for then.
        Raises `StaleClaimError`, and `StoreError` where it does not come back in time."""
        world = self._world
        return await self._written(
            step,
            lambda: world.journal.finish(
                step,
                result=done.result,
                plan=done.plan,
                attempt=attempt,
                now=world.clock.now(),
                ticket=done.ticket,
                request=done.request,
                followed_to=done.followed_to,
                look_again_at=done.look_again_at,
                landings=done.landings,
            ),
        )

    async def _written(self, step: ClaimedStep, write: Callable[[], Awaitable[T]]) -> T:
        clock = self._world.clock
        until = clock.monotonic() + RECORD_WITHIN
        while True:
            try:
                return await write()
            except StoreError as error:
                if clock.monotonic() > until or self._stopping:
                    raise
                log.warning(
                    "result_not_written",
                    handoff=step.handoff_id,
                    step=step.name,
                    code=error.code,
                    detail=str(error),
                )
                await asyncio.sleep(AFTER_STORE_ERROR)

    async def _handled(self, step: ClaimedStep) -> Done:
        handler = HANDLERS[step.kind]
        self._held.let_pass(step)
        async with asyncio.timeout(STEP_DEADLINE):
            if self._unknown_wait(step.kind) > 0:  # a repeat must look first, and only a new claim does
                return await handler(self._world, step)
            async for attempt in inside_a_step():
                with attempt:
                    return await handler(self._world, step)
        raise AssertionError("tenacity gives an attempt or raises")  # pragma: no cover - for the type checker

    async def _failed(self, step: ClaimedStep, error: Exception, attempt: AttemptRecord) -> None:
        world = self._world
        now = world.clock.now()
        failpoint("failure.met")
        verdict = after_failure(
            step, _as_ours(step, error), now=now, unknown_wait=self._unknown_wait(step.kind)
        )
        report = (
            log.error
            if isinstance(error, CredentialsRefusedError) or isinstance(verdict, Park)
            else log.warning
        )
        report(
            "step_failed", handoff=step.handoff_id, step=step.name, code=attempt.outcome, detail=attempt.detail,
            again=verdict.until.isoformat() if isinstance(verdict, Postpone) else "never",
        )  # fmt: skip
        try:
            await self._written(step, partial(self._give_back, step, verdict, attempt))
        except StaleClaimError as stale:
            log.warning("stale_claim", handoff=step.handoff_id, step=step.name, detail=str(stale))
        failpoint("failure.kept")
        self.wake()

    async def _give_back(self, step: ClaimedStep, verdict: Park | Postpone, attempt: AttemptRecord) -> None:
        journal = self._world.journal
        if isinstance(verdict, Park):
            now = self._world.clock.now()
            await journal.park(step, because=verdict.because, attempt=attempt, now=now)
            return
        await journal.postpone(
            step, until=verdict.until, attempt=attempt, count_attempt=verdict.count_attempt
        )

    def _waits(self) -> dict[StepKind, float]:
        return {kind: self._unknown_wait(kind) for kind in KINDS if kind.is_effect}

    def _unknown_wait(self, kind: StepKind) -> float:
        """How long a call without an answer may still take effect; a vendor's idempotency key makes that harmless."""
        opens = kind is StepKind.OPEN_TICKET
        if not kind.is_effect or (opens and self._world.can(Capability.IDEMPOTENT_CREATE)):
            return 0.0
        settings = self._world.settings
        return max(settings.call_deadline, settings.lookup_lag if opens else 0.0)


def _claim(step: ClaimedStep) -> tuple[HandoffId, str, int]:
    return step.handoff_id, step.name, step.fence


def _as_ours(step: ClaimedStep, error: Exception) -> BatonpassError:
    """An error that nobody raised on purpose is repeated a few times: its cause may be passing. Its type is enough:
    its text may quote the customer."""
    if isinstance(error, StoreError):  # what it needed could not be read: it is as it was before, or nearly
        if step.kind.is_effect:
            return OutcomeUnknownError(str(error), code=error.code)
        return RetryLaterError(
            str(error), retry_after=AFTER_STORE_ERROR, consumes_attempt=False, code=error.code
        )
    if isinstance(error, BatonpassError):
        return error
    what = f"{step.name}: {type(error).__name__}"
    kind = RefusedError if step.attempts >= MOST_BUGS else OutcomeUnknownError
    return kind(what, code="internal_error")


def _attempt(
    step: ClaimedStep, started_at: datetime, seconds: float, error: Exception | None
) -> AttemptRecord:
    outcome, detail, request_id = "done", "", None
    if isinstance(error, BatonpassError):
        outcome, detail, request_id = error.code, str(error), error.request_id
    elif error is not None:
        outcome, detail = "internal_error", type(error).__name__  # its text may quote the customer
    return AttemptRecord(
        step=step.name,
        number=step.fence,
        started_at=started_at,
        seconds=round(seconds, 4),
        outcome=outcome,
        detail=detail,
        request_id=request_id,
    )
