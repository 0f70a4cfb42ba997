"""Asks all sources about the customer at once, under one deadline; where one does not answer, our copy of its records."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import structlog

from batonpass.domain.clock import Clock
from batonpass.domain.conversation import Identity
from batonpass.domain.errors import CredentialsRefusedError, RefusedError, RetryLaterError
from batonpass.domain.facts import (
    Fact,
    FactAnswer,
    FactRule,
    Gathered,
    MatchStrength,
    Person,
    SourceReport,
    Standing,
)
from batonpass.domain.history import MOST_CONTACTS
from batonpass.domain.person import MatchRule
from batonpass.ports import FactSource

log = structlog.get_logger()

_GRACE = 0.25
"""Seconds that a cancelled source has to let go; one that does not is left behind, the ticket is not."""
_PATIENCE = 1 / 3
"""Share of the deadline after which the copy is asked beside a source that has not answered yet: a source that does
costs the store nothing."""

Ask = Callable[[Person, Sequence[FactRule]], Awaitable[FactAnswer]]
"""Asks about a person, by the rules of `FactSource`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One connection that tells facts."""

    name: str
    title: str
    """As agents know it ("HubSpot")."""
    port: FactSource
    rules: tuple[FactRule, ...]
    private: bool
    """CRM and billing: not told about an identity that is only claimed. The helpdesk is, for the ticket stands there in
    that person's name anyway; of what it says only numbers are kept then."""
    match: tuple[MatchRule, ...] = tuple(MatchRule)
    """By what this source may look people up, in this order."""
    from_copy: Ask | None = None
    """Asks our copy of its records; None: there is none."""


async def gather(
    person: Person, sources: Sequence[Source], *, deadline: float, claimed_may_know: bool, clock: Clock
) -> Gathered:
    """What the sources say within `deadline` seconds, in the order of `sources`.

    A source that fails, in whatever way, is a report and never an exception. Where one is late, down or refuses our
    credentials, its copy is told, if that knows the person. Private sources are not called while the identity is only
    claimed, unless `claimed_may_know`, and neither are their copies. Cancelling this cancels every call.
    """
    withhold = person.identity is not Identity.VERIFIED and not claimed_may_know
    reports = await asyncio.gather(
        *(
            _withheld(source)
            if withhold and source.private
            else _Asking(source, person, clock, numbers_only=withhold).report(deadline)
            for source in sources
        )
    )
    return Gathered(reports=tuple(reports))


async def _withheld(source: Source) -> SourceReport:
    return SourceReport(source=source.name, standing=Standing.WITHHELD)


class _Asking:
    """One source under way."""

    def __init__(self, source: Source, person: Person, clock: Clock, *, numbers_only: bool) -> None:
        self._source = source
        self._person = replace(person, match=source.match)
        self._clock = clock
        self._numbers_only = numbers_only

    async def report(self, deadline: float) -> SourceReport:
        """What it said, or its copy instead."""
        time, started = asyncio.get_running_loop().time, self._clock.monotonic()
        end, source = time() + deadline, self._source
        live, copy = asyncio.create_task(self._live()), None
        try:
            if source.from_copy is not None:
                await asyncio.wait([live], timeout=deadline * _PATIENCE)
                if not live.done() or self._outcome(live, started).standing.may_come_later:
                    copy = asyncio.create_task(self._copied(source.from_copy))
            await asyncio.wait([live], timeout=end - time())
            outcome = self._outcome(live, started)
            if copy is None or not outcome.standing.may_come_later:
                return outcome
            await asyncio.wait([copy], timeout=max(0.0, end - time()))
            return _instead(outcome, copy.result() if copy.done() and not copy.cancelled() else None)
        finally:
            await _let_go(task for task in (live, copy) if task is not None and not task.done())

    def _outcome(self, live: asyncio.Task[SourceReport], started: float) -> SourceReport:
        waited = self._clock.monotonic() - started
        if not live.done():
            return SourceReport(source=self._source.name, standing=Standing.LATE, seconds=waited)
        if live.cancelled():
            return SourceReport(
                source=self._source.name,
                standing=Standing.BROKEN,
                seconds=waited,
                detail="CancelledError in the connector",
            )
        return live.result()

    async def _live(self) -> SourceReport:
        started = self._clock.monotonic()
        answer, via, detail = FactAnswer(standing=Standing.BROKEN), "", ""
        try:
            answer, via = await self._asked(self._source.port.facts_about)
        except CredentialsRefusedError as error:
            answer, detail = FactAnswer(standing=Standing.CREDENTIALS_REFUSED), str(error)
        except RetryLaterError as error:
            answer, detail = FactAnswer(standing=Standing.DOWN), str(error)
        except RefusedError as error:
            broken = error.code == "unexpected_content"
            answer = FactAnswer(standing=Standing.BROKEN if broken else Standing.REFUSED)
            detail = str(error)
        except Exception as error:  # noqa: BLE001 - a bug in one connector must not cost the ticket
            # Its text may quote the customer; its type does not.
            detail = f"{type(error).__name__} in the connector"
        return self._told(answer, via, seconds=self._clock.monotonic() - started, detail=detail)

    async def _copied(self, ask: Ask) -> SourceReport | None:
        try:
            return self._told(*(await self._asked(ask)), seconds=0.0, detail="")
        except Exception as error:  # noqa: BLE001 - the copy is a help, and never in the way
            log.warning("copy_not_told", connection=self._source.name, error=type(error).__name__)
            return None

    async def _asked(self, ask: Ask) -> tuple[FactAnswer, str]:
        """By the id that another system has told, where one has; where that names nobody, it is out of date."""
        linked = self._person.linked_at(self._source.name)
        if linked is not None:
            known = (*self._person.external_ids, (self._source.name, linked.id))
            answer = await ask(replace(self._person, external_ids=known), self._source.rules)
            if answer.standing is not Standing.NOT_FOUND:
                by_it = answer.matched_by is MatchStrength.EXACT_ID
                return replace(
                    answer, matched_by=linked.strength
                ) if by_it else answer, linked.via if by_it else ""
        return await ask(self._person, self._source.rules), ""

    def _told(self, answer: FactAnswer, via: str, *, seconds: float, detail: str) -> SourceReport:
        found = answer.standing is Standing.FOUND  # only then is anything of it the person's
        numbers_only = self._numbers_only
        return SourceReport(
            source=self._source.name,
            standing=answer.standing,
            facts=tuple(fact for fact in answer.facts if found and not (numbers_only and _tells(fact))),
            seconds=seconds,
            detail=detail,
            contacts=tuple(answer.contacts[:MOST_CONTACTS]) if found and not numbers_only else (),
            matched_by=answer.matched_by,
            matches=answer.matches,
            via=via,
        )


def _instead(live: SourceReport, copied: SourceReport | None) -> SourceReport:
    """The copy, where it knows the person and has something of theirs; whom it does not know may be new."""
    if copied is None or copied.standing is not Standing.FOUND or not (copied.facts or copied.contacts):
        return live
    return replace(
        copied,
        standing=Standing.COPIED,
        instead_of=live.standing,
        seconds=live.seconds,
        detail=live.detail,
    )


async def _let_go(unfinished: Iterable[asyncio.Task[Any]]) -> None:
    late = list(unfinished)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=_GRACE)


def _tells(fact: Fact) -> bool:
    """Whether it says more of the person than a number does."""
    return not isinstance(fact.value, int | Decimal)
