"""Facts from our copy of Stripe: the same as from Stripe itself, and never a guess where the copy lacks something."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from stripe_bulk import read
from stripe_rig import MIA, SetClock, connected, rules, values

from batonpass.domain.facts import FactAnswer, FactRule, Person, Standing
from batonpass.domain.person import MatchStrength
from batonpass.domain.synced import KeptRecord, Record, RecordKind
from batonpass.testing.contract.syncing import MemoryCopy
from batonpass_stripe.adapter import StripeBilling
from batonpass_stripe.emulator import StripeEmulator
from batonpass_stripe.streams import STREAMS

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MAPPING = Path(__file__).parents[2] / "mappings" / "stripe.toml"
KEPT = rules(
    "customer.name", "customer.currency", "customer.balance", "customer.delinquent", "customer.created",
    "customer.metadata.tier", "subscription.plan", "subscription.status", "subscription.mrr",
    "subscription.renewal_date", "subscription.quantity", "subscription.cancel_at_period_end",
    "subscription.metadata.seats", "invoice.open", "invoice.open_total", "invoice.oldest_due", "dispute.open",
)  # fmt: skip


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def stripe(clock: SetClock) -> StripeEmulator:
    return StripeEmulator(clock=clock)


async def copied(
    billing: StripeBilling, clock: SetClock, asked: list[FactRule], *, without: str | None = None
) -> MemoryCopy:
    copy = MemoryCopy(clock.now())
    for stream in STREAMS:
        if stream.name != without:
            copy.keep((await read(billing, stream.name, now=clock.now(), asked=asked))[0])
    return copy


async def both(
    stripe: StripeEmulator, clock: SetClock, person: Person, asked: list[FactRule]
) -> tuple[FactAnswer, FactAnswer]:
    """(what Stripe says, what the copy says)."""
    async with connected(stripe, clock=clock, within_contract=False) as billing:
        copy = await copied(billing, clock, asked)
        stripe.calls.clear()
        told = await billing.facts_from_copy(copy, person, asked)
        assert stripe.calls == []
        return await billing.facts_about(person, asked), told


def somebody_with_everything(stripe: StripeEmulator) -> str:
    mia = stripe.add_customer(
        email=MIA.email, name="Mia Keller", balance=-500, metadata={"tier": "gold"}, delinquent=True
    )
    started = NOW - timedelta(days=400)
    stripe.add_subscription(mia, plan="Basic", amount=900, status="canceled", started=started)
    stripe.add_subscription(mia, plan="Pro", amount=4900, quantity=3, metadata={"seats": "3"})
    stripe.add_subscription(mia, plan="Support", amount=1200, interval="year")
    stripe.add_invoice(mia, amount=700, due=NOW - timedelta(days=3), created=NOW - timedelta(days=9))
    stripe.add_invoice(mia, amount=900, due=NOW + timedelta(days=3))
    stripe.add_invoice(mia, amount=800, status="paid")
    stripe.add_dispute(stripe.add_charge(mia, amount=4900))
    stripe.add_dispute(stripe.add_charge(mia, amount=100), status="lost")
    return mia


async def test_every_fact_but_payments_is_told_from_the_copy_as_stripe_tells_it(stripe, clock):
    somebody_with_everything(stripe)

    live, told = await both(stripe, clock, MIA, [*KEPT, *rules("charge.last_payments")])

    assert (told.standing, told.matched_by) == (live.standing, live.matched_by)
    assert values(told) == {
        name: value for name, value in values(live).items() if name != "charge.last_payments"
    }
    assert len(values(told)) == len(KEPT)


async def test_the_shipped_mapping_is_told_from_the_copy(stripe, clock):
    somebody_with_everything(stripe)
    shipped = tomllib.loads(MAPPING.read_text())["facts"]
    asked = [FactRule(name=name, **entry) for name, entry in shipped.items()]

    live, told = await both(stripe, clock, MIA, asked)

    left_out = values(live).keys() - values(told).keys()
    assert left_out == {"billing.last_payments"}


async def test_a_fact_is_as_old_as_the_oldest_record_that_it_is_told_from(stripe, clock):
    somebody_with_everything(stripe)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        copy = await copied(billing, clock, KEPT)
        read_at = {
            RecordKind.CUSTOMER: NOW - timedelta(hours=1),
            RecordKind.SUBSCRIPTION: NOW - timedelta(hours=2),
            RecordKind.INVOICE: NOW - timedelta(hours=3),
            RecordKind.DISPUTE: NOW - timedelta(minutes=1),
        }
        told = await billing.facts_from_copy(AgedCopy(copy, read_at), MIA, KEPT)

    hours = {fact.name: (NOW - fact.as_of) / timedelta(hours=1) for fact in told.facts}
    assert (hours["customer.name"], hours["subscription.plan"], hours["invoice.open"]) == (1, 2, 3)
    assert hours["customer.balance"] == 3, "open invoices are part of it"
    assert hours["dispute.open"] == 1, "nobody's dispute without the customer"


@pytest.mark.parametrize(
    ("without", "unknown"),
    [
        ("invoices", {"customer.balance", "invoice.open", "invoice.open_total", "invoice.oldest_due"}),
        ("disputes", {"dispute.open"}),
        (
            "subscriptions",
            {each.name for each in KEPT if each.object == "subscription"},
        ),
    ],
)
async def test_what_has_not_been_read_is_not_told_as_nothing(stripe, clock, without, unknown):
    somebody_with_everything(stripe)

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        copy = await copied(billing, clock, KEPT, without=without)
        told = await billing.facts_from_copy(copy, MIA, KEPT)

    assert {each.name for each in KEPT} - values(told).keys() == unknown


async def test_records_that_were_kept_for_other_facts_tell_no_total(stripe, clock):
    somebody_with_everything(stripe)
    asked = rules("customer.balance", "invoice.open_total", "dispute.open", "subscription.mrr")

    async with connected(stripe, clock=clock, within_contract=False) as billing:
        copy = await copied(billing, clock, [])
        told = await billing.facts_from_copy(copy, MIA, asked)

    assert (told.standing, told.facts) == (Standing.FOUND, ())


# Who is meant ---------------------------------------------------------------------------------------------------------


async def test_of_several_customers_the_only_one_with_a_live_subscription_is_meant(stripe, clock):
    stripe.add_customer(email=MIA.email, name="Bought once")
    former = stripe.add_customer(email=MIA.email, name="Former")
    stripe.add_subscription(former, plan="Basic", amount=900, status="canceled")
    current = stripe.add_customer(email=MIA.email, name="Current")
    stripe.add_subscription(current, plan="Pro", amount=4900)

    live, told = await both(stripe, clock, MIA, KEPT)

    assert values(told)["customer.name"] == values(live)["customer.name"] == "Current"


async def test_several_customers_that_could_be_meant_show_nothing(stripe, clock):
    for _ in range(2):
        stripe.add_subscription(stripe.add_customer(email=MIA.email), plan="Pro", amount=4900)

    live, told = await both(stripe, clock, MIA, KEPT)

    assert told == live
    assert told.standing is Standing.AMBIGUOUS


@pytest.mark.parametrize("folds_case", [True, False], ids=["folded", "exact"])
@pytest.mark.parametrize(
    "stored", ["mia@example.com", "Mia@example.com", "MIA@example.com", "Mia@EXAMPLE.com"]
)
async def test_an_address_is_compared_as_stripe_does(stripe, clock, stored, folds_case):
    stripe.add_customer(email=stored, name="Mia Keller")
    person = Person(email="Mia@example.com", folds_case=folds_case)

    live, told = await both(stripe, clock, person, rules("customer.name"))

    assert (told.standing, values(told)) == (live.standing, values(live))


async def test_a_known_id_is_used_and_a_deleted_customer_is_nobody(stripe, clock):
    mia = stripe.add_customer(email=MIA.email, name="Mia Keller")
    gone = stripe.add_customer(email="gone@example.com")
    stripe.delete_customer(gone)
    people = [Person(external_ids=(("stripe", each),)) for each in (mia, gone, "cus_never")]

    answers = [(await both(stripe, clock, each, rules("customer.name")))[1] for each in people]

    assert [each.standing for each in answers] == [Standing.FOUND, Standing.NOT_FOUND, Standing.NOT_FOUND]
    assert answers[0].matched_by is MatchStrength.EXACT_ID


class AgedCopy(MemoryCopy):
    """Records of one kind have one age."""

    def __init__(self, copy: MemoryCopy, read_at: dict[RecordKind, datetime]) -> None:
        super().__init__(copy.now, copy.records)
        self._read_at = read_at

    def _kept(self, record: Record) -> KeptRecord:
        return replace(super()._kept(record), read_at=self._read_at[record.kind])
