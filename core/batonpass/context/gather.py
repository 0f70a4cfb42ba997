"""Asks all sources about the customer at once, under one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from batonpass.domain.clock import Clock
from batonpass.domain.conversation import Identity
from batonpass.domain.errors import CredentialsRefusedError, RefusedError, RetryLaterError
from batonpass.domain.facts import Fact, FactAnswer, FactRule, Gathered, Person, SourceReport, Standing
from batonpass.domain.history import MOST_CONTACTS
from batonpass.domain.person import MatchRule
from batonpass.ports import FactSource

_GRACE = 0.25
"""Seconds that a cancelled source has to let go; one that does not is left behind, the ticket is not."""


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


async def gather(
    person: Person, sources: Sequence[Source], *, deadline: float, claimed_may_know: bool, clock: Clock
) -> Gathered:
    """What the sources say within `deadline` seconds, in the order of `sources`.

    A source that fails, in whatever way, is a report and never an exception. Private sources are not called while
    the identity is only claimed, unless `claimed_may_know`. Cancelling this cancels every call.
    """
    withhold = person.identity is not Identity.VERIFIED and not claimed_may_know
    started = clock.monotonic()
    asked = {
        source.name: asyncio.create_task(_ask(source, person, clock, numbers_only=withhold))
        for source in sources
        if not (withhold and source.private)
    }
    try:
        if asked:
            await asyncio.wait(asked.values(), timeout=deadline)
        waited = clock.monotonic() - started
        return Gathered(reports=tuple(_report(source, asked.get(source.name), waited) for source in sources))
    finally:
        await _let_go([task for task in asked.values() if not task.done()])


def _report(source: Source, task: asyncio.Task[SourceReport] | None, waited: float) -> SourceReport:
    if task is None:
        return SourceReport(source=source.name, standing=Standing.WITHHELD)
    if not task.done():
        return SourceReport(source=source.name, standing=Standing.LATE, seconds=waited)
    if task.cancelled():
        return SourceReport(
            source=source.name,
            standing=Standing.BROKEN,
            seconds=waited,
            detail="CancelledError in the connector",
        )
    return task.result()


async def _let_go(late: list[asyncio.Task[SourceReport]]) -> None:
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=_GRACE)


async def _ask(source: Source, person: Person, clock: Clock, *, numbers_only: bool) -> SourceReport:
    started = clock.monotonic()
    answer, detail = FactAnswer(standing=Standing.BROKEN), ""
    try:
        answer = await source.port.facts_about(replace(person, match=source.match), source.rules)
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
    found = answer.standing is Standing.FOUND  # only then is anything of it the person's
    return SourceReport(
        source=source.name,
        standing=answer.standing,
        facts=tuple(fact for fact in answer.facts if found and not (numbers_only and _tells(fact))),
        seconds=clock.monotonic() - started,
        detail=detail,
        contacts=tuple(answer.contacts[:MOST_CONTACTS]) if found and not numbers_only else (),
        matched_by=answer.matched_by,
        matches=answer.matches,
    )


def _tells(fact: Fact) -> bool:
    """Whether it says more of the person than a number does."""
    return not isinstance(fact.value, int | Decimal)
