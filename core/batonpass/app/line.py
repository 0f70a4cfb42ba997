"""Where a handoff stands among others, and what its customer can be told of the wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from batonpass.app.config import Config
from batonpass.app.watch import Watch
from batonpass.domain.alert import AlertKind, NewAlert
from batonpass.domain.clock import Clock
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.handoff import Lane
from batonpass.engine.expectations import expectation
from batonpass.engine.fair import Fair
from batonpass.engine.storms import Cause, Storms, lane_of, share_of, waits_in_line
from batonpass.store import Installation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    lane: Lane
    rank: int
    say: str | None
    """None where nothing out of the ordinary is to be told."""


class Line:
    """Hard reasons first, then fair shares; in a storm those who can wait are told honestly for how long."""

    def __init__(self, config: Config, watch: Watch, clock: Clock) -> None:
        self._config = config.storm
        self._watch = watch
        self._clock = clock
        self._storms = Storms(per_minute=config.storm.per_minute, times=config.storm.times)
        self._fair = {lane: Fair() for lane in Lane}
        self._looked = 0
        self._fresh: dict[Lane, int] = {}
        """Lane → the lowest rank given since the watch last looked; what has it may wait still."""
        self._fresh_before: dict[Lane, int] = {}
        """The same of the time between the last two looks: some of it was not on the disk yet at the last one."""
        self._unseen = 0
        """Handoffs that were placed since then."""

    def place(self, ai_agent: str, request: HandoffRequest, now: datetime) -> Place:
        cause = Cause(ai_agent, request.reason.code)
        storm = self._storms.seen(cause, self._clock.monotonic()).storm
        lane = lane_of(request.reason.code, storm=storm)
        milliseconds = int((now - _EPOCH).total_seconds() * 1000)
        rank = self._fair[lane].place(share_of(cause, storm=storm), milliseconds, self._front(lane))
        self._fresh[lane] = min(rank, self._fresh.get(lane, rank))
        self._unseen += 1
        say = None
        if waits_in_line(request.reason.code, storm=storm):
            expected = expectation(self._watch.ahead + self._unseen, self._watch.per_minute())
            language = request.conversation.language
            say = expected.say(self._config.say, self._config.say_without_time, language)
        return Place(lane=lane, rank=rank, say=say)

    def _front(self, lane: Lane) -> int | None:
        """The lowest rank that may wait in the lane: a burst is over before the watch has looked twice."""
        if self._looked != self._watch.looks:
            self._looked = self._watch.looks
            self._fresh_before, self._fresh = self._fresh, {}
            self._unseen = 0
        front = self._watch.front(lane)
        if front is not None:
            return front
        known = [given[lane] for given in (self._fresh, self._fresh_before) if lane in given]
        return min(known, default=None)

    async def tell(self, installation: Installation) -> None:
        """One alert for each storm, however many handoffs it brings. Raises `StoreError`."""
        self._storms.over(self._clock.monotonic())  # one that is over is confirmed no more
        for cause in self._storms.under_way():
            detail = (
                f"handoffs of {cause.ai_agent} for the reason {cause.reason.value} surge: hard reasons go first, the others "
                "are in line and are told so. Next: see whether the AI agent or its model has failed; batonpass queue list"
            )
            alert = NewAlert(
                kind=AlertKind.STORM, about=f"{cause.ai_agent}: {cause.reason.value}", detail=detail
            )
            await installation.alert(alert, self._clock.now())
