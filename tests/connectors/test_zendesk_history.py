"""What Zendesk tells of a customer's earlier tickets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batonpass.domain.facts import Fact, FactAnswer, Person, Standing
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import HandClock, desk

GRACE = Person(email="grace@customer.example")


def account(clock: HandClock | None = None) -> ZendeskEmulator:
    """Seven tickets of Grace, one each 20 days, and one of somebody else."""
    clock = clock or HandClock()
    emulator = ZendeskEmulator(clock=clock)
    grace = emulator.add_user("Grace", email="grace@customer.example", external_id="crm-7")
    other = emulator.add_user("Mallory", email="not.grace@customer.example")
    for number in range(7):
        opened = clock.now() - timedelta(days=20 * (7 - number))
        emulator.add_ticket(f"Order\n{number}", requester=grace, status="solved", created_at=opened)
    emulator.add_ticket("Not hers", requester=other)
    return emulator


async def facts(emulator: ZendeskEmulator, person: Person) -> FactAnswer:
    async with desk(emulator) as made:
        return await made.zendesk.facts_about(person, ())


async def test_the_newest_five_tickets_and_the_number_of_90_days_are_told():
    clock = HandClock()

    answer = await facts(account(clock), GRACE)

    assert answer.standing is Standing.FOUND
    recent, number = answer.facts
    assert isinstance(recent.value, tuple)
    assert len(recent.value) == 5
    assert recent.value[0] == "#7 Order 6 (solved, 2026-10-31)"
    assert number == Fact(name="support.tickets_90_days", value=4, source="support", as_of=clock.now())


@pytest.mark.parametrize("system", ["support", "zendesk"])
@pytest.mark.parametrize("known_as", ["our own id", "their id"])
async def test_an_id_at_this_connection_is_enough(system: str, known_as: str):
    emulator = account()
    grace = next(user for user in emulator.account.users.values() if user.name == "Grace")
    known = "crm-7" if known_as == "our own id" else str(grace.id)

    answer = await facts(emulator, Person(external_ids=((system, known),)))

    assert answer.standing is Standing.FOUND


@pytest.mark.parametrize(
    "person",
    [
        pytest.param(Person(email="nobody@customer.example"), id="unknown address"),
        pytest.param(Person(email="grace@customer.exampl"), id="a part of an address"),
        pytest.param(Person(external_ids=(("support", "123"),)), id="unknown id"),
        pytest.param(Person(external_ids=(("support", "crm-8"),)), id="unknown external id"),
    ],
)
async def test_nobody_is_not_found(person: Person):
    assert await facts(account(), person) == FactAnswer(standing=Standing.NOT_FOUND)


async def test_two_users_with_one_address_show_nothing():
    emulator = account()
    emulator.add_user("Grace again", email="grace@customer.example")

    assert await facts(emulator, GRACE) == FactAnswer(standing=Standing.AMBIGUOUS, matches=2)


async def test_a_deactivated_user_does_not_count():
    emulator = account()
    emulator.add_user("Grace again", email="grace@customer.example").active = False

    assert (await facts(emulator, GRACE)).standing is Standing.FOUND


async def test_a_customer_without_tickets_has_none_and_no_list():
    emulator = ZendeskEmulator()
    emulator.add_user("Grace", email="grace@customer.example")

    answer = await facts(emulator, GRACE)

    assert [(fact.name, fact.value) for fact in answer.facts] == [("support.tickets_90_days", 0)]


async def test_without_address_or_id_nobody_is_asked():
    emulator = account()

    async with desk(emulator, faulty=True) as made:
        answer = await made.zendesk.facts_about(Person(name="Grace", phone="+49 30 1234"), ())

    assert answer == FactAnswer(standing=Standing.NO_KEY)
    assert not emulator.calls
