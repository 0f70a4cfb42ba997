"""Which customer of Stripe is meant where an address has several, one is deleted, or the mode or account is another."""

from __future__ import annotations

from typing import Any

import pytest
from stripe_rig import MIA, connect_to, connected, rules, values

from batonpass.domain.conversation import Identity
from batonpass.domain.errors import ConfigurationError, CredentialsRefusedError, RefusedError
from batonpass.domain.facts import FactAnswer, MatchStrength, Person, Standing
from batonpass_stripe.emulator import StripeEmulator

ASKED = rules("customer.name", "subscription.plan")
VERIFIED = Person(email=MIA.email, identity=Identity.VERIFIED)


async def told(stripe: StripeEmulator, person: Person = VERIFIED, **settings: Any) -> FactAnswer:
    async with connected(stripe, **settings) as billing:
        return await billing.facts_about(person, ASKED)


async def test_d04_of_several_customers_the_active_one_is_meant_and_only_if_it_is_the_only_one() -> None:
    stripe = StripeEmulator()
    for number in range(3):
        stripe.add_customer(email=MIA.email, name=f"Old {number}")
    active = stripe.add_customer(email=MIA.email, name="Active")
    stripe.add_subscription(active, plan="Pro", amount=4900)

    alone = await told(stripe)
    second = stripe.add_customer(email=MIA.email, name="Active as well")
    stripe.add_subscription(second, plan="Basic", amount=900)
    both = await told(stripe)

    assert values(alone) == {"customer.name": "Active", "subscription.plan": "Pro"}
    assert alone.matched_by is MatchStrength.VERIFIED_EMAIL
    assert (both.standing, both.facts, both.matches) == (Standing.AMBIGUOUS, (), 5)


async def test_d04_a_deleted_customer_counts_neither_as_a_match_nor_as_a_namesake() -> None:
    stripe = StripeEmulator()
    stripe.add_customer(id="cus_gone", deleted=True)
    stripe.add_customer(email=MIA.email, name="Mia")

    by_address = await told(stripe)
    by_id = await told(stripe, Person(email=MIA.email, external_ids=(("stripe", "cus_gone"),)))

    assert values(by_address) == {"customer.name": "Mia"}
    assert (by_id.standing, by_id.facts) == (Standing.NOT_FOUND, ()), "and nobody is looked for in its place"


@pytest.mark.parametrize(
    ("key", "mode"), [("rk_live_x", "test"), ("rk_test_x", "live"), ("sk_live_x", "test")]
)
def test_d04_a_key_of_the_other_mode_is_refused_before_anything_is_asked(key: str, mode: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        connect_to("http://127.0.0.1:9", api_key=key, mode=mode)

    assert refused.value.code == "wrong_key"
    assert key not in str(refused.value)


async def test_d04_an_answer_of_the_other_mode_tells_no_facts() -> None:
    stripe = StripeEmulator(live=True)
    stripe.add_customer(id="cus_live", email=MIA.email, name="Mia of live mode")

    for person in (VERIFIED, Person(external_ids=(("stripe", "cus_live"),))):
        try:
            answer = await told(stripe, person, within_contract=False)
        except (RefusedError, CredentialsRefusedError):
            continue
        assert answer.facts == ()
        assert answer.standing is not Standing.FOUND


async def test_d04_only_the_connected_account_that_the_settings_name_is_read() -> None:
    stripe = StripeEmulator(accounts=("acct_ours", "acct_theirs"))
    stripe.add_customer(email=MIA.email, name="Mia of the platform")

    with pytest.raises((CredentialsRefusedError, RefusedError)):
        await told(stripe, account="acct_unknown", within_contract=False)
