"""Where a source does not answer, our copy of its records does, and says how old it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batonpass.context.gather import Source, gather
from batonpass.context.later import later_than
from batonpass.context.package import ContextPackage, build_package
from batonpass.context.render import render_late_facts, render_note
from batonpass.context.wording import age_text
from batonpass.domain.clock import SystemClock
from batonpass.domain.conversation import HandoffRequest, Identity
from batonpass.domain.errors import CredentialsRefusedError, RefusedError, RetryLaterError
from batonpass.domain.facts import (
    Fact,
    FactAnswer,
    FactRule,
    FactValue,
    Gathered,
    MatchStrength,
    Money,
    SourceReport,
    Standing,
    gathered_from_json,
    gathered_to_json,
)
from batonpass.domain.history import ContactKind, PastContact
from batonpass.domain.ids import HandoffId
from batonpass.domain.person import LinkedId, Person
from batonpass.engine import decide

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=3)
TITLES = {"crm": "HubSpot", "billing": "Stripe"}
ADA = Person(email="ada@example.com", identity=Identity.VERIFIED)


def a_fact(name: str = "billing.plan", value: FactValue = "Pro", source: str = "billing") -> Fact:
    return Fact(name=name, value=value, source=source, as_of=BEFORE)


def found(*facts: Fact, **more: object) -> FactAnswer:
    return FactAnswer(standing=Standing.FOUND, facts=facts or (a_fact(),), **more)  # type: ignore[arg-type]


class Told:
    """A source, or its copy: gives or raises what it is made of, after a while."""

    def __init__(self, answer: FactAnswer | Exception, *, after: float = 0.0) -> None:
        self.answer, self.after = answer, after
        self.asked: list[Person] = []

    async def facts_about(self, person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        self.asked.append(person)
        await asyncio.sleep(self.after)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def a_source(live: Told, copy: Told | None, *, private: bool = True) -> Source:
    return Source(
        name="billing",
        title="Stripe",
        port=live,
        rules=(),
        private=private,
        from_copy=None if copy is None else copy.facts_about,
    )


async def ask(source: Source, person: Person = ADA, *, deadline: float = 0.2) -> SourceReport:
    gathered = await gather(person, [source], deadline=deadline, claimed_may_know=False, clock=SystemClock())
    return gathered.reports[0]


@pytest.mark.parametrize(
    ("live", "instead_of"),
    [
        (Told(found(), after=9), Standing.LATE),
        (Told(RetryLaterError("away")), Standing.DOWN),
        (Told(CredentialsRefusedError("renew it")), Standing.CREDENTIALS_REFUSED),
    ],
    ids=["late", "down", "credentials"],
)
async def test_the_copy_tells_instead_of_a_source_that_does_not(live: Told, instead_of: Standing) -> None:
    report = await ask(a_source(live, Told(found(matched_by=MatchStrength.VERIFIED_EMAIL))))

    assert (report.standing, report.instead_of) == (Standing.COPIED, instead_of)
    assert report.facts == (a_fact(),)
    assert report.matched_by is MatchStrength.VERIFIED_EMAIL
    assert report.standing.may_come_later


@pytest.mark.parametrize(
    "live",
    [
        Told(found(a_fact(value="Free"))),
        Told(FactAnswer(standing=Standing.NOT_FOUND)),
        Told(FactAnswer(standing=Standing.AMBIGUOUS, matches=2)),
        Told(RefusedError("no", code="forbidden")),
        Told(KeyError("bug")),
    ],
    ids=["found", "unknown", "ambiguous", "refused", "broken"],
)
async def test_a_source_that_answers_is_believed_and_its_copy_is_not_asked(live: Told) -> None:
    copy = Told(found())

    report = await ask(a_source(live, copy))

    assert report.standing is not Standing.COPIED
    assert a_fact() not in report.facts
    assert copy.asked == []


@pytest.mark.parametrize(
    "copy",
    [
        Told(FactAnswer(standing=Standing.NOT_FOUND)),
        Told(FactAnswer(standing=Standing.AMBIGUOUS, facts=(a_fact(),), matches=2)),
        Told(RuntimeError("the store")),
        Told(found(), after=9),
    ],
    ids=["unknown", "ambiguous", "unreadable", "slow"],
)
async def test_a_copy_that_does_not_know_changes_nothing(copy: Told) -> None:
    report = await ask(a_source(Told(RetryLaterError("away")), copy))

    assert report == replace(report, standing=Standing.DOWN, facts=(), contacts=(), detail="away")


async def test_a_claimed_customer_is_told_nothing_private_from_a_copy_and_numbers_of_the_others() -> None:
    claimed = Person(email="ada@example.com")
    private, public = Told(found()), Told(found(a_fact("support.open", 3), a_fact("customer.name", "Ada")))

    withheld = await ask(a_source(Told(RetryLaterError("away")), private), claimed)
    numbers = await ask(a_source(Told(RetryLaterError("away")), public, private=False), claimed)

    assert (withheld.standing, private.asked) == (Standing.WITHHELD, [])
    assert [fact.value for fact in numbers.facts] == [3]


async def test_v35_a_source_that_is_down_costs_no_waiting_and_one_look_into_the_copy() -> None:
    live, copy = Told(RetryLaterError("away")), Told(found())

    async with asyncio.timeout(5):  # far less than the deadline: nobody waits for it
        report = await ask(a_source(live, copy), deadline=60)

    assert report.standing is Standing.COPIED
    assert (len(live.asked), len(copy.asked)) == (1, 1)


async def test_an_id_of_another_system_is_used_and_said_and_forgotten_where_it_names_nobody() -> None:
    linked = LinkedId(
        connection="billing", id="cus_4", strength=MatchStrength.VERIFIED_EMAIL, via="crm customer 3"
    )
    person = replace(ADA, linked=(linked, replace(linked, connection="crm", id="9")))
    known = Told(found(matched_by=MatchStrength.EXACT_ID))
    unknown = Told(FactAnswer(standing=Standing.NOT_FOUND))

    report = await ask(a_source(known, None), person)
    none = await ask(a_source(unknown, None), person)

    assert [each.external_ids for each in known.asked] == [(("billing", "cus_4"),)]
    assert (report.matched_by, report.via) == (MatchStrength.VERIFIED_EMAIL, "crm customer 3")
    assert [each.external_ids for each in unknown.asked] == [(("billing", "cus_4"),), ()]
    assert (none.standing, none.via) == (Standing.NOT_FOUND, "")


# The journal ---------------------------------------------------------------------------------------------------


def copied(*facts: Fact, **more: object) -> SourceReport:
    told = {"source": "billing", "instead_of": Standing.LATE, "seconds": 2.0, "via": "crm customer 3", **more}
    return SourceReport(standing=Standing.COPIED, facts=facts or (a_fact(),), **told)  # type: ignore[arg-type]


def test_a_copied_report_is_kept_so_that_an_earlier_release_reads_it_too() -> None:
    gathered = Gathered(reports=(copied(), SourceReport(source="crm", standing=Standing.FOUND)))

    kept = gathered_to_json(gathered)

    assert gathered_from_json(kept) == gathered
    assert kept["reports"][0]["standing"] == "late", "the release before knows no copies"
    assert gathered.missing == ()


# What agents read --------------------------------------------------------------------------------------------------


def a_package(*reports: SourceReport) -> ContextPackage:
    return build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOW,
        agent_name="shop-bot",
        request=HandoffRequest.model_validate(
            {
                "conversation": {"turns": [{"role": "customer", "text": "I want a refund for order 12."}]},
                "customer": {"name": "Ada Li", "email": "ada@example.com", "identity": "verified"},
            }
        ),
        gathered=Gathered(reports=reports),
    )


def test_the_note_and_the_brief_show_how_old_copied_facts_are() -> None:
    live = SourceReport(
        source="crm", standing=Standing.FOUND, facts=(a_fact("account.tier", "Gold", "crm"),), seconds=0.1
    )
    owed = a_fact("billing.open_balance", Money(amount=1200, currency="eur"))
    package = a_package(live, copied(a_fact(), owed, matched_by=MatchStrength.VERIFIED_EMAIL))

    note = render_note(package, titles=TITLES, limit=65_000).text

    assert package.brief.who == "Ada Li, Gold tier, 3 h ago: Pro plan, 12.00 EUR open, identity verified"
    assert "- Plan: Pro \N{EM DASH} Stripe, as of 3 h ago (07:42 UTC)" in note
    assert "Account tier: Gold \N{EM DASH} HubSpot, 07:42 UTC" in note
    assert (
        "Stripe did not answer within 2 s. What stands here of it is from the copy, as old as it says; where it says "
        "otherwise later, that will be added as a note." in note
    )
    assert "Matched: Stripe: verified e-mail, via crm customer 3" in note


def test_earlier_contacts_of_a_copy_say_how_old_they_are() -> None:
    contact = PastContact(kind=ContactKind.TICKET, source="billing", id="7", at=BEFORE, title="Charged twice")

    note = render_note(a_package(copied(contacts=(contact,))), titles=TITLES, limit=65_000).text

    earlier = note.partition("Earlier Contacts")[2].partition("Conversation History")[0]
    assert "Charged twice" in earlier
    assert "What Stripe has of them is from the copy, as of 3 h ago." in earlier


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-5), "1 min ago"),
        (timedelta(minutes=20), "20 min ago"),
        (timedelta(minutes=100), "2 h ago"),
        (timedelta(days=1), "24 h ago"),
        (timedelta(days=12), "12 days ago"),
    ],
    ids=["now", "minutes", "hours", "a day", "days"],
)
def test_an_age_is_told_in_few_words(ago: timedelta, text: str) -> None:
    assert age_text(NOW - ago, NOW) == text


# What comes later --------------------------------------------------------------------------------------------------


def answered(*facts: Fact, standing: Standing = Standing.FOUND, **more: object) -> SourceReport:
    return SourceReport(source="billing", standing=standing, facts=facts, **more)  # type: ignore[arg-type]


def test_of_a_late_answer_only_what_differs_from_the_copy_is_noted() -> None:
    shown = Gathered(
        reports=(copied(a_fact(), a_fact("billing.seats", 4), a_fact("billing.cycle", "month")),)
    )
    answer = answered(
        replace(a_fact(), as_of=NOW), a_fact("billing.seats", 9), a_fact("billing.coupon", "SPRING")
    )

    later = later_than(shown, answer)
    note = render_late_facts([later.report], titles=TITLES, limit=9000, gone=later.gone).text

    assert [(fact.name, fact.value) for fact in later.report.facts] == [
        ("billing.seats", 9),
        ("billing.coupon", "SPRING"),
    ]
    assert "Seats: 9" in note
    assert "Plan" not in note
    assert "Cycle: month \N{EM DASH} Stripe does not say so any more" in note
    assert decide.on_late_answer(later.report, later.gone).steps


def test_a_late_answer_that_says_what_the_copy_said_is_not_noted() -> None:
    contact = PastContact(kind=ContactKind.TICKET, source="billing", id="7", at=BEFORE, title="Charged twice")
    shown = Gathered(reports=(copied(contacts=(contact,)),))

    later = later_than(shown, answered(replace(a_fact(), as_of=NOW), contacts=(contact,)))

    assert decide.on_late_answer(later.report, later.gone).steps == ()


@pytest.mark.parametrize("standing", [Standing.NOT_FOUND, Standing.AMBIGUOUS], ids=str)
def test_d02_where_the_source_knows_nobody_any_more_what_was_shown_is_taken_back(standing: Standing) -> None:
    later = later_than(Gathered(reports=(copied(),)), answered(standing=standing))
    note = render_late_facts([later.report], titles=TITLES, limit=9000, gone=later.gone).text

    assert decide.on_late_answer(later.report, later.gone).steps
    assert "Shown before and no longer true" in note
    assert "Plan: Pro" in note


@pytest.mark.parametrize("standing", [Standing.DOWN, Standing.REFUSED, Standing.BROKEN], ids=str)
def test_a_source_that_never_answers_takes_nothing_back(standing: Standing) -> None:
    later = later_than(Gathered(reports=(copied(),)), answered(standing=standing))

    assert decide.on_late_answer(later.report, later.gone).steps == ()
