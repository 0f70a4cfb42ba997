"""Asks all sources about the customer at once, under one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from batonpass.domain.clock import Clock
from batonpass.domain.conversation import Identity
from batonpass.domain.errors import CredentialsRefusedError, RefusedError, RetryLaterError
from batonpass.domain.facts import FactRule, Gathered, Person, SourceReport, Standing
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
    """CRM and billing: not told about an identity that is only claimed."""


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
        source.name: asyncio.create_task(_ask(source, person, clock))
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


async def _ask(source: Source, person: Person, clock: Clock) -> SourceReport:
    started = clock.monotonic()
    detail = ""
    try:
        answer = await source.port.facts_about(person, source.rules)
        standing = answer.standing
        facts = tuple(answer.facts) if standing is Standing.FOUND else ()
    except CredentialsRefusedError as error:
        standing, facts, detail = Standing.CREDENTIALS_REFUSED, (), str(error)
    except RetryLaterError as error:
        standing, facts, detail = Standing.DOWN, (), str(error)
    except RefusedError as error:
        standing = Standing.BROKEN if error.code == "unexpected_content" else Standing.REFUSED
        facts, detail = (), str(error)
    except Exception as error:  # noqa: BLE001 - a bug in one connector must not cost the ticket
        # Its text may quote the customer; its type does not.
        standing, facts, detail = Standing.BROKEN, (), f"{type(error).__name__} in the connector"
    return SourceReport(
        source=source.name, standing=standing, facts=facts, seconds=clock.monotonic() - started, detail=detail
    )
