"""All sources at once under one deadline; a source that fails is a report, never an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from batonpass.context.gather import Source, gather
from batonpass.domain.clock import SystemClock
from batonpass.domain.conversation import Identity
from batonpass.domain.errors import (
    CredentialsRefusedError,
    OutcomeUnknownError,
    RefusedError,
    RetryLaterError,
)
from batonpass.domain.facts import Fact, FactAnswer, FactRule, Person, Standing

CLOCK = SystemClock()
ADA = Person(email="ada@example.com", identity=Identity.VERIFIED)
CLAIMED = Person(email="ada@example.com")


class Told:
    """A source that tells one fact, after a while."""

    def __init__(
        self, value: str = "Pro", *, after: float = 0.0, standing: Standing = Standing.FOUND
    ) -> None:
        self.value, self.after, self.standing = value, after, standing
        self.calls = 0
        self.cancelled = False

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        self.calls += 1
        try:
            await asyncio.sleep(self.after)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        fact = Fact(name="billing.plan", value=self.value, source=self.value, as_of=CLOCK.now())
        return FactAnswer(standing=self.standing, facts=(fact,))


class Failing:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        raise self.error


class Stubborn:
    """A source that ignores its cancellation."""

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        for _ in range(2):
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                continue
        return FactAnswer(standing=Standing.NOT_FOUND)


def a_source(name: str, port, *, private: bool = True) -> Source:
    return Source(name=name, title=name.title(), port=port, rules=(), private=private)


async def ask(*sources: Source, person: Person = ADA, deadline: float = 0.5, claimed_may_know: bool = False):
    return await gather(person, sources, deadline=deadline, claimed_may_know=claimed_may_know, clock=CLOCK)


async def test_sources_answer_side_by_side_and_reports_keep_the_order_of_the_sources():
    slow, quick = Told("slow", after=0.08), Told("quick", after=0.0)
    started = CLOCK.monotonic()

    gathered = await ask(
        a_source("first", slow), a_source("second", quick), a_source("third", Told(after=0.08))
    )

    assert [report.source for report in gathered.reports] == ["first", "second", "third"]
    assert CLOCK.monotonic() - started < 0.15
    assert gathered.reports[0].seconds > gathered.reports[1].seconds


async def test_two_sources_may_tell_the_same_fact_and_both_are_kept():
    gathered = await ask(a_source("crm", Told("Basic")), a_source("billing", Told("Pro")))

    assert [fact.value for fact in gathered.facts] == ["Basic", "Pro"]


async def test_a_late_source_is_cancelled_and_reported_late_while_the_others_count():
    late = Told(after=5)

    gathered = await ask(a_source("late", late), a_source("quick", Told()), deadline=0.05)

    assert [report.standing for report in gathered.reports] == [Standing.LATE, Standing.FOUND]
    assert late.cancelled
    assert 0.04 < gathered.reports[0].seconds < 0.4


async def test_a_source_that_ignores_its_cancellation_does_not_hold_the_ticket():
    started = CLOCK.monotonic()

    gathered = await ask(a_source("stubborn", Stubborn()), deadline=0.05)

    assert gathered.reports[0].standing is Standing.LATE
    assert CLOCK.monotonic() - started < 0.6
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize(
    ("error", "standing", "detail"),
    [
        (RetryLaterError("limited"), Standing.DOWN, "limited"),
        (CredentialsRefusedError("key refused"), Standing.CREDENTIALS_REFUSED, "key refused"),
        (RefusedError("no", code="forbidden"), Standing.REFUSED, "no"),
        (RefusedError("HTML came", code="unexpected_content"), Standing.BROKEN, "HTML came"),
        (OutcomeUnknownError("ada@example.com"), Standing.BROKEN, "OutcomeUnknownError in the connector"),
        (KeyError("ada@example.com"), Standing.BROKEN, "KeyError in the connector"),
        (asyncio.CancelledError(), Standing.BROKEN, "CancelledError in the connector"),
    ],
    ids=["limited", "credentials", "refused", "nonsense", "wrong_error", "bug", "cancels_itself"],
)
async def test_an_error_of_a_source_is_a_standing_without_the_text_of_bugs(error, standing, detail):
    gathered = await ask(a_source("source", Failing(error)), a_source("other", Told()))

    assert gathered.reports[0].standing is standing
    assert gathered.reports[0].detail == detail
    assert gathered.reports[1].standing is Standing.FOUND


async def test_facts_count_only_when_the_person_was_found():
    gathered = await ask(a_source("crm", Told(standing=Standing.AMBIGUOUS)))

    assert gathered.facts == ()
    assert gathered.reports[0].standing is Standing.AMBIGUOUS


@pytest.mark.parametrize(
    ("person", "may_know", "private", "called"),
    [
        (CLAIMED, False, True, False),
        (CLAIMED, True, True, True),
        (CLAIMED, False, False, True),
        (ADA, False, True, True),
    ],
    ids=["claimed", "claimed_may_know", "public_source", "verified"],
)
async def test_private_sources_are_not_called_while_the_identity_is_only_claimed(
    person, may_know, private, called
):
    port = Told()

    gathered = await ask(a_source("crm", port, private=private), person=person, claimed_may_know=may_know)

    assert port.calls == int(called)
    assert gathered.reports[0].standing is (Standing.FOUND if called else Standing.WITHHELD)


async def test_cancelling_the_gathering_cancels_every_call_and_leaves_no_task():
    ports = [Told(after=5), Told(after=5)]
    before = asyncio.all_tasks()
    gathering = asyncio.create_task(
        ask(*(a_source(str(n), port) for n, port in enumerate(ports)), deadline=9)
    )
    await asyncio.sleep(0.02)

    gathering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gathering

    assert all(port.cancelled for port in ports)
    assert asyncio.all_tasks() == before


async def test_no_sources_give_no_reports():
    assert (await ask()).reports == ()
