"""Reads one stream once: plans the round, reads its slices beside each other, keeps each page with its place.

Whoever is killed goes on after the last page that was kept. The next page is asked for while one is written.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_random_exponential

from batonpass.domain.clock import Clock
from batonpass.domain.errors import BatonpassError, RetryLaterError
from batonpass.domain.facts import FactRule
from batonpass.domain.handoff import Lane
from batonpass.ports import Page, Slice, Stream, Streams
from batonpass.store import StaleClaimError, StoreError, SyncBook
from batonpass.store.sync_book import LEASE
from batonpass.store.sync_streams import PlannedRound, PlannedSlice, StreamState
from batonpass.sync.limits import Limits, Options, StuckError
from batonpass.sync.progress import Progress, Tell
from batonpass.sync.slices import Counting, Patience, SliceReading, ahead_of, digest_of
from batonpass.transport import in_lane

log = structlog.get_logger()

MOST_EXPIRED = 3
"""Times that a slice is begun anew because its cursor has expired; then the round waits for the next tick."""
HELD_ANEW_AFTER = LEASE.total_seconds() / 3
CURSOR_EXPIRED, PAGE_REPEATS = "cursor_expired", "page_repeats"
BUSY, HELD, DONE = "busy", "too_many_gone", "done"
_own_wait = wait_random_exponential(multiplier=0.5, max=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a round came out."""

    connection: str
    stream: str
    ended_as: str
    """`done`, `busy` (another process reads it), or the code of what stopped it."""
    detail: str = ""
    """For people: what stopped it and what to do next."""
    counts: Counter[str]
    """What became of the records: `new`, `changed`, `same`, `older`, `deleted`, `gone`, `forgotten`; `read`, `pages`."""
    seconds: float
    dry_run: bool = False

    @property
    def is_done(self) -> bool:
        return self.ended_as == DONE


class Reader:
    """Reads the streams of one connection."""

    def __init__(
        self,
        connection: str,
        port: Streams,
        book: SyncBook,
        *,
        clock: Clock,
        rules: Sequence[FactRule] = (),
        limits: Limits | None = None,
        tell: Tell = lambda _: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`rules`: the facts that the copy must be able to tell; where they change, everything is read again."""
        self._connection = connection
        self._port = port
        self._book = book
        self._clock = clock
        self._rules = tuple(rules)
        self._digest = digest_of(rules)
        self._limits = limits or Limits()
        self._tell = tell
        self._sleep = sleep

    async def run(self, stream: Stream, options: Options | None = None, *, dead: Sequence[str] = ()) -> Ended:
        """One round, or what is left of the one under way. Raises `StoreError`; what goes wrong at the vendor's is in
        what it gives. `dead` are processes that are gone."""
        options, began = options or Options(), self._clock.monotonic()
        with in_lane(Lane.REPLAY):
            if options.dry_run:
                return await self._rehearsed(stream, options, began)
            state = await self._book.claim(self._connection, stream.name, now=self._clock.now(), dead=dead)
            if state is None:
                return self._ended(
                    stream,
                    BUSY,
                    Counter(),
                    began,
                    "another process is reading it, or was killed less than two minutes ago",
                )
            try:
                return await self._read(stream, state, options, began)
            except StaleClaimError:
                return self._ended(stream, BUSY, Counter(), began, "another process has taken it over")
            except StoreError:
                raise
            except BatonpassError as error:
                await self._book.release(state, ended_as=error.code, now=self._clock.now())
                return self._ended(stream, error.code, await self._counts(stream), began, str(error))
            except asyncio.CancelledError:
                await asyncio.shield(self._book.release(state, ended_as="interrupted", now=self._clock.now()))
                raise

    async def _read(self, stream: Stream, state: StreamState, options: Options, began: float) -> Ended:
        state = await self._planned(stream, state, options)
        plan = state.plan
        assert plan is not None
        done = [each for each in plan.slices if each.done]
        last: list[Page] = await self._all_slices(
            stream, state, [each for each in plan.slices if not each.done]
        )
        position = plan.position
        if position is None:
            told = [*(each.position for each in done), *(page.position for page in last)]
            ends = [each for each in told if each is not None]
            position = ends[-1] if ends else state.position
        if options.since is not None and state.position is not None:
            position = state.position
        clear = plan.complete
        if clear and not options.accept_gone and (why := await self._too_many_gone(stream, state)):
            await self._book.release(state, ended_as=HELD, now=self._clock.now())
            return self._ended(stream, HELD, await self._counts(stream), began, why)
        confirms = options.since is None
        await self._book.end(state, position=position, clear=clear, confirms=confirms, now=self._clock.now())
        return self._ended(stream, DONE, await self._counts(stream), began)

    async def _planned(self, stream: Stream, state: StreamState, options: Options) -> StreamState:
        """The round under way, or a new one."""
        now = self._clock.now()
        stale = state.rules != self._digest
        if state.plan is not None and not (options.everything or stale or options.since):
            return state
        due = (
            stream.reads_all_every is not None
            and state.read_all_at is not None
            and now - state.read_all_at >= stream.reads_all_every
        )
        everything = options.everything or stale or due or not stream.incremental
        position = None if everything or options.since is not None else state.position
        async for attempt in self._patiently(Patience(self._limits.patience), state):
            with attempt:
                planned = await self._port.begin_round(
                    stream.name, position, since=options.since, now=now, most_slices=self._limits.slices
                )
        plan = PlannedRound(
            slices=tuple(PlannedSlice(name=each.name, start=each.start) for each in planned.slices),
            position=planned.position,
            complete=planned.complete,
        )
        return await self._book.begin(
            state,
            plan,
            rules=self._digest,
            reads_all=position is None and options.since is None,
            now=now,
        )

    async def _all_slices(
        self, stream: Stream, state: StreamState, slices: Sequence[PlannedSlice]
    ) -> list[Page]:
        """The last page of each."""
        progress = Counting(self._connection, stream.name, state, self._tell)
        waiting = deque(slices)
        ended: list[Page] = []

        async def one_after_the_other() -> None:
            while waiting:
                ended.append(await self._slice(stream, state, waiting.popleft(), progress))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._limits.slices, len(slices))):
                    group.create_task(one_after_the_other())
        except* BatonpassError as several:
            raise _first(several) from None
        return ended

    async def _slice(
        self, stream: Stream, state: StreamState, planned: PlannedSlice, progress: Counting
    ) -> Page:
        reading = SliceReading(planned, self._limits)
        while True:
            try:
                async for attempt in self._patiently(reading.patience, state):
                    with attempt:
                        return await self._pages(stream, state, reading, progress)
            except RetryLaterError as error:
                if error.code != CURSOR_EXPIRED or reading.expired >= MOST_EXPIRED:
                    raise
                reading.begin_anew()
                await self._book.again(state, planned.name)
                log.info("sync_cursor_expired", connection=self._connection, stream=stream.name)

    async def _pages(
        self, stream: Stream, state: StreamState, reading: SliceReading, progress: Counting
    ) -> Page:
        """To the end of the slice, from where it has come to."""
        part = Slice(name=reading.planned.name, start=reading.planned.start)
        pages = self._port.pages(stream.name, part, reading.cursor, rules=self._rules)
        async with aclosing(ahead_of(pages)) as ahead:
            async for page in ahead:
                reading.check(page)
                now = self._clock.now()
                counts = await self._book.keep(state, part.name, page, read_at=now, now=now)
                reading.kept(page, counts)
                progress.kept(part.name, page)
                if page.cursor is None:
                    return page
        raise StuckError(f"{stream.name}: the connector ended without a last page")

    def _patiently(self, patience: Patience, state: StreamState) -> AsyncRetrying:
        """Waits as the vendor says, or a little longer each time, as long as that is worth it."""

        def wait(tried: RetryCallState) -> float:
            error = tried.outcome.exception() if tried.outcome else None
            told = error.retry_after if isinstance(error, RetryLaterError) else None
            return patience.waits(_own_wait(tried) if told is None else told)

        return AsyncRetrying(
            retry=retry_if_exception(_is_waited_for),
            wait=wait,
            stop=lambda _: patience.is_over,
            sleep=partial(self._hold_on, state),
            reraise=True,
        )

    async def _hold_on(self, state: StreamState, seconds: float) -> None:
        """Waits, and says meanwhile that this process has not died."""
        while seconds > 0:
            await self._book.hold(state, now=self._clock.now())
            some = min(seconds, HELD_ANEW_AFTER)
            await self._sleep(some)
            seconds -= some

    async def _too_many_gone(self, stream: Stream, state: StreamState) -> str | None:
        missing, known = await self._book.left_out(state)
        if missing <= max(self._limits.gone_at_least, self._limits.gone_share * known):
            return None
        return (
            f"{missing} of {known} records of {self._connection}/{stream.name} are missing from the vendor's list; "
            f"nothing was marked as deleted. Next: look there, and if they are gone: batonpass sync run "
            f"--stream {self._connection}/{stream.name} --accept-gone"
        )

    async def _counts(self, stream: Stream) -> Counter[str]:
        state = await self._book.state(self._connection, stream.name)
        return Counter() if state is None else state.counts

    async def _rehearsed(self, stream: Stream, options: Options, began: float) -> Ended:
        """Reads and keeps nothing."""
        state = await self._book.state(self._connection, stream.name)
        known = None if state is None or options.everything or options.since else state.position
        counts: Counter[str] = Counter()
        try:
            planned = await self._port.begin_round(
                stream.name, known, since=options.since, now=self._clock.now(), most_slices=1
            )
            for part in planned.slices:
                async for page in self._port.pages(stream.name, part, None, rules=self._rules):
                    counts += Counter(pages=1, read=len(page.records))
                    self._tell(
                        Progress(
                            connection=self._connection,
                            stream=stream.name,
                            read=counts["read"],
                            total=page.total,
                        )
                    )
                    if page.cursor is None:
                        break
        except BatonpassError as error:
            return replace(self._ended(stream, error.code, counts, began, str(error)), dry_run=True)
        return replace(self._ended(stream, DONE, counts, began), dry_run=True)

    def _ended(
        self, stream: Stream, ended_as: str, counts: Counter[str], began: float, detail: str = ""
    ) -> Ended:
        return Ended(
            connection=self._connection,
            stream=stream.name,
            ended_as=ended_as,
            detail=detail,
            counts=counts,
            seconds=self._clock.monotonic() - began,
        )


def _is_waited_for(error: BaseException) -> bool:
    """What is over in a while; a list that does not go on, and a cursor that has expired, are not."""
    return isinstance(error, RetryLaterError) and error.code not in {CURSOR_EXPIRED, PAGE_REPEATS}


def _first(several: BaseExceptionGroup[BatonpassError]) -> BaseException:
    """A store that does not answer counts before what a vendor says."""
    found = [_first(each) if isinstance(each, BaseExceptionGroup) else each for each in several.exceptions]
    return next((each for each in found if isinstance(each, StoreError)), found[0])
