"""The facts about a person, from an emulated account over a real socket."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from stripe_rig import MIA, SetClock, connected, rule, rules, values

from batonpass.domain.facts import FactRule, Money, Person, Standing
from batonpass_stripe.emulator import StripeEmulator
from batonpass_stripe.readable import readable

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MAPPING = Path(__file__).parents[2] / "mappings" / "stripe.toml"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def stripe(clock: SetClock) -> StripeEmulator:
    return StripeEmulator(clock=clock)


def shipped_rules() -> list[FactRule]:
    told = tomllib.loads(MAPPING.read_text())["facts"]
    return [FactRule(name=name, **entry) for name, entry in told.items()]


def test_the_shipped_mapping_names_only_what_can_be_read():
    unreadable = [each.name for each in shipped_rules() if readable(each.object, each.property) is None]

    assert unreadable == []


async def test_the_double_charge_is_seen_in_the_last_payments(stripe, clock):
    stripe.add_sample_people()

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(MIA, shipped_rules())

    assert answer.standing is Standing.FOUND
    assert values(answer) == {
        "billing.plan": "Pro",
        "billing.mrr": Money(amount=4900, currency="eur"),
        "billing.balance": Money(amount=0, currency="eur"),
        "billing.renewal_date": date(2026, 12, 18),
        "billing.last_payments": (
            "2026-11-18: 49.00 EUR, paid (Visa ending 4242)",
            "2026-11-18: 49.00 EUR, paid (Visa ending 4242)",
        ),
    }


async def test_the_enterprise_customer_has_an_open_invoice_and_renews_within_a_month(stripe, clock):
    stripe.add_sample_people()

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(Person(email="elena.rossi@example.com"), shipped_rules())

    told = values(answer)
    assert told["billing.plan"] == "Enterprise"
    assert told["billing.mrr"] == told["billing.balance"] == Money(amount=700_000, currency="eur")
    assert told["billing.renewal_date"] == date(2026, 12, 15)
    (line,) = told["billing.open_invoices"]
    assert line.endswith(": 7,000.00 EUR, due 2026-12-01")


async def test_a_yearly_price_counts_a_twelfth_per_month(stripe, clock):
    stripe.add_sample_people()

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(Person(email="tom.okafor@example.com"), rules("subscription.mrr"))

    assert values(answer) == {"subscription.mrr": Money(amount=4083, currency="eur")}


async def test_each_fact_has_the_connection_as_source_and_the_time_of_the_answer(stripe, clock):
    stripe.add_sample_people()

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(MIA, rules("customer.name"))

    (fact,) = answer.facts
    assert (fact.name, fact.value, fact.source, fact.as_of) == ("customer.name", "Mia Keller", "stripe", NOW)


async def test_a_value_that_the_person_lacks_gives_no_fact(stripe, clock):
    stripe.add_customer(email=MIA.email)
    everything = rules(
        "customer.name", "customer.balance", "customer.metadata.tier", "subscription.plan", "subscription.status",
        "subscription.mrr", "subscription.renewal_date", "subscription.quantity", "subscription.metadata.tier",
        "invoice.open", "invoice.open_total", "invoice.oldest_due", "charge.last_payments", "dispute.open",
    )  # fmt: skip

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(MIA, everything)

    assert answer.standing is Standing.FOUND
    assert answer.facts == ()


async def test_listed_values_are_told_in_our_words_and_others_stay(stripe, clock):
    mia = stripe.add_customer(email=MIA.email, metadata={"tier": "T1", "manager": "Ada"}, delinquent=True)
    stripe.add_subscription(mia, plan="Pro (2024)", amount=4900)
    asked = [
        rule("subscription.plan", **{"Pro (2024)": "pro"}),
        rule("customer.metadata.tier", T1="gold"),
        rule("customer.metadata.manager", T1="gold"),
        rule("customer.delinquent", true="behind"),
    ]

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(MIA, asked)

    assert list(values(answer).values()) == ["pro", "gold", "Ada", "behind"]


# Who is meant ---------------------------------------------------------------------------------------------------------


async def test_nobody_with_the_address_is_not_found(stripe, clock):
    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(MIA, shipped_rules())

    assert (answer.standing, answer.facts) == (Standing.NOT_FOUND, ())


async def test_without_a_key_nothing_is_called(stripe, clock):
    without_a_key = [
        Person(),
        Person(name="Mia Keller", phone="+49 30 1"),
        Person(email="  "),
        Person(external_ids=(("hubspot", "1"),)),
    ]

    async with connected(stripe, clock=clock) as billing:
        answers = [await billing.facts_about(person, shipped_rules()) for person in without_a_key]

    assert {answer.standing for answer in answers} == {Standing.NO_KEY}
    assert stripe.calls == []


async def test_without_regard_to_case_the_address_is_also_asked_in_lower_case(stripe, clock):
    stripe.add_customer(email="mia.keller@example.com", name="Mia Keller")

    async with connected(stripe, clock=clock) as billing:
        person = Person(email="Mia.Keller@Example.com", folds_case=True)
        answer = await billing.facts_about(person, rules("customer.name"))

    assert values(answer) == {"customer.name": "Mia Keller"}
    assert stripe.calls == ["customers.list", "customers.list"]


@pytest.mark.parametrize("system", ["stripe", "billing_eu"], ids=["by connector", "by connection"])
async def test_a_known_id_is_used_instead_of_the_address(stripe, clock, system):
    stripe.add_customer(email=MIA.email, name="Somebody else")
    stripe.add_customer(id="cus_known", name="Mia Keller")
    person = Person(email=MIA.email, external_ids=((system, "cus_known"),))

    async with connected(stripe, clock=clock, name="billing_eu") as billing:
        answer = await billing.facts_about(person, rules("customer.name"))

    assert values(answer) == {"customer.name": "Mia Keller"}
    assert stripe.calls == ["customers.retrieve"]


async def test_a_deleted_or_unknown_id_is_not_found(stripe, clock):
    stripe.add_customer(email=MIA.email)
    stripe.add_customer(id="cus_gone", deleted=True)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        answers = [
            await billing.facts_about(
                Person(email=MIA.email, external_ids=(("stripe", each),)), shipped_rules()
            )
            for each in ("cus_gone", "cus_never", "../prices", "a b?c#d")
        ]

    assert {(answer.standing, answer.facts) for answer in answers} == {(Standing.NOT_FOUND, ())}


@pytest.mark.parametrize("status", ["active", "trialing", "past_due"])
async def test_of_several_customers_the_only_one_with_a_live_subscription_is_meant(stripe, clock, status):
    stripe.add_customer(email=MIA.email, name="Bought once")
    former = stripe.add_customer(email=MIA.email, name="Former")
    stripe.add_subscription(former, plan="Basic", amount=900, status="canceled")
    current = stripe.add_customer(email=MIA.email, name="Current")
    stripe.add_subscription(current, plan="Pro", amount=4900, status=status)

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(MIA, rules("customer.name", "subscription.plan"))

    assert values(answer) == {"customer.name": "Current", "subscription.plan": "Pro"}
    assert stripe.calls.count("subscriptions.list") == 3


@pytest.mark.parametrize("live", [0, 2], ids=["none live", "two live"])
async def test_several_customers_that_could_be_meant_show_nothing(stripe, clock, live):
    for number in range(3):
        each = stripe.add_customer(email=MIA.email)
        if number < live:
            stripe.add_subscription(each, plan="Pro", amount=4900)

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(MIA, shipped_rules())

    assert (answer.standing, answer.facts) == (Standing.AMBIGUOUS, ())


@pytest.mark.parametrize("many", [11, 101], ids=["more than we compare", "more than a page"])
async def test_a_crowd_with_one_address_is_ambiguous_after_one_call(stripe, clock, many):
    for _ in range(many):
        stripe.add_customer(email=MIA.email)

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(MIA, shipped_rules())

    assert answer.standing is Standing.AMBIGUOUS
    assert stripe.calls == ["customers.list"]


@pytest.mark.parametrize(
    ("folds_case", "meant"), [(True, "Lower"), (False, "Upper")], ids=["folded", "exact"]
)
async def test_of_both_spellings_the_live_one_is_meant_unless_the_case_counts(
    stripe, clock, folds_case, meant
):
    stripe.add_customer(email="Mia@example.com", name="Upper")
    lower = stripe.add_customer(email="mia@example.com", name="Lower")
    stripe.add_subscription(lower, plan="Pro", amount=4900)

    async with connected(stripe, clock=clock) as billing:
        person = Person(email="Mia@example.com", folds_case=folds_case)
        answer = await billing.facts_about(person, rules("customer.name"))

    assert values(answer) == {"customer.name": meant}


# What is asked of Stripe ----------------------------------------------------------------------------------------------


NEEDED = {
    "customer.delinquent": [],
    "customer.balance": ["invoices.list"],
    "subscription.mrr": ["subscriptions.list"],
    "subscription.plan": ["products.retrieve", "subscriptions.list"],
    "subscription.metadata.x": ["subscriptions.list"],
    "invoice.open": ["invoices.list"],
    "charge.last_payments": ["charges.list"],
    "dispute.open": ["charges.list"],
    "subscription.no_such_property": [],
}


async def test_only_what_the_rules_need_is_called(stripe, clock):
    stripe.add_sample_people()
    called = {}

    async with connected(stripe, clock=clock) as billing:
        for path in NEEDED:
            stripe.calls.clear()
            await billing.facts_about(MIA, rules(path))
            called[path] = sorted(stripe.calls[1:])

    assert called == NEEDED


async def test_the_name_of_a_product_is_asked_once_an_hour(stripe, clock):
    stripe.add_sample_people()

    async with connected(stripe, clock=clock) as billing:
        for _ in range(3):
            await billing.facts_about(MIA, rules("subscription.plan"))
        asked_at_first = stripe.calls.count("products.retrieve")
        clock.pass_seconds(3601)
        await billing.facts_about(MIA, rules("subscription.plan"))

    assert asked_at_first == 1
    assert stripe.calls.count("products.retrieve") == 2


async def test_a_dispute_is_looked_up_only_for_a_disputed_charge(stripe, clock):
    mia = stripe.add_customer(email=MIA.email)
    stripe.add_charge(mia, amount=4900, at=NOW - timedelta(days=4))
    stripe.add_dispute(stripe.add_charge(mia, amount=4900, at=NOW - timedelta(days=3)))
    stripe.add_dispute(stripe.add_charge(mia, amount=100, at=NOW - timedelta(days=9)), status="lost")

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(MIA, rules("dispute.open", "charge.last_payments"))

    assert values(answer)["dispute.open"] == (
        "2026-11-21: 49.00 EUR disputed as duplicate, needs_response, evidence due 2026-11-28",
    )
    assert stripe.calls.count("disputes.list") == 2
    assert stripe.calls.count("charges.list") == 1


async def test_a_long_list_is_read_to_its_third_page_and_says_that_there_is_more(stripe, clock):
    mia = stripe.add_customer(email=MIA.email)
    for _ in range(301):
        stripe.add_invoice(mia, amount=100, due=NOW + timedelta(days=1))

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(
            MIA, rules("invoice.open", "invoice.open_total", "customer.balance")
        )

    told = values(answer)
    assert stripe.calls.count("invoices.list") == 3
    assert told["invoice.open"][-1] == "and more"
    assert set(told) == {"invoice.open"}, "a sum over a part would be wrong"


async def test_a_name_that_cannot_be_had_gives_way_to_the_price(stripe, clock):
    mia = stripe.add_customer(email=MIA.email)
    subscription = stripe.add_subscription(mia, plan="Pro", amount=4900, nickname="Pro monthly")
    product = stripe._objects[subscription]["items"]["data"][0]["price"]["product"]
    del stripe._objects[product]

    async with connected(stripe, clock=clock) as billing:
        answer = await billing.facts_about(MIA, rules("subscription.plan"))

    assert values(answer) == {"subscription.plan": "Pro monthly"}
