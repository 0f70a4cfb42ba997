"""What the copy of Zendesk's records tells of a customer, beside what Zendesk itself does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from zendesk_reading import HOUR, read

from batonpass.domain.facts import FactAnswer, Person, Standing
from batonpass.domain.synced import RecordKind
from batonpass.testing.contract.syncing import MemoryCopy
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import HandClock, desk

GRACE = "grace@customer.example"


async def both(
    emulator: ZendeskEmulator, clock: HandClock, *people: Person
) -> Sequence[tuple[FactAnswer, FactAnswer]]:
    """(What the copy tells, what Zendesk tells) of each."""
    clock.passed += HOUR
    copy = MemoryCopy(clock.now())
    async with desk(emulator, faulty=True) as made:
        for stream in made.zendesk.streams():
            found, _ = await read(made, stream.name)
            copy.keep([each for each in found if not each.deleted])
        return [
            (
                await made.zendesk.facts_from_copy(copy, person, ()),
                await made.zendesk.facts_about(person, ()),
            )
            for person in people
        ]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def emulator(clock: HandClock) -> ZendeskEmulator:
    """Grace with tickets of all statuses over half a year, and somebody whose address only looks like hers."""
    emulator = ZendeskEmulator(clock=clock)
    grace = emulator.add_user("Grace Hopper", email="Grace@customer.example", external_id="crm-7")
    grace.phone = "+49 30 1234567"
    mallory = emulator.add_user("Mallory", email="not.grace@customer.example")
    for number, status in enumerate(("closed", "solved", "hold", "pending", "open", "new")):
        opened = clock.now() - timedelta(days=30 * (6 - number))
        emulator.add_ticket(f"Order {number}", requester=grace, status=status, created_at=opened)
    emulator.add_ticket("Not hers", requester=mallory)
    return emulator


@pytest.mark.parametrize(
    "person",
    [
        pytest.param(Person(email="Grace@customer.example"), id="her address"),
        pytest.param(Person(email=GRACE), id="her address in small letters"),
        pytest.param(Person(email=GRACE, folds_case=True), id="her address without regard to case"),
        pytest.param(Person(email="nobody@customer.example"), id="nobody's address"),
        pytest.param(Person(external_ids=(("support", "crm-7"),)), id="her id elsewhere"),
        pytest.param(Person(external_ids=(("support", "crm-8"),)), id="nobody's id elsewhere"),
        pytest.param(Person(external_ids=(("zendesk", "4711"),)), id="nobody's id"),
        pytest.param(Person(name="Grace"), id="a name alone"),
        pytest.param(Person(email="Grace@customer.example", ticket_id="6"), id="a ticket of its own"),
    ],
)
async def test_the_copy_tells_what_zendesk_tells(
    clock: HandClock, emulator: ZendeskEmulator, person: Person
) -> None:
    ((copied, asked),) = await both(emulator, clock, person)

    assert (copied.standing, copied.matched_by) == (asked.standing, asked.matched_by)
    assert [(each.name, each.value) for each in copied.facts] == [
        (each.name, each.value) for each in asked.facts
    ]
    assert copied.contacts == asked.contacts


async def test_her_own_id_and_her_number_are_enough(clock: HandClock, emulator: ZendeskEmulator) -> None:
    grace = next(each for each in emulator.account.users.values() if each.external_id == "crm-7")
    by_id = Person(external_ids=(("support", str(grace.id)),))
    by_number = Person(name="Hopper, Grace", phone="+49301234567", phones=("+49301234567",))

    answers = await both(emulator, clock, by_id, by_number)

    assert [copied.standing for copied, _ in answers] == [Standing.FOUND, Standing.FOUND]


async def test_two_users_with_one_address_show_nothing(clock: HandClock, emulator: ZendeskEmulator) -> None:
    emulator.add_user("Grace again", email="Grace@customer.example")

    ((copied, _),) = await both(emulator, clock, Person(email="Grace@customer.example"))

    assert (copied.standing, copied.matches, copied.facts) == (Standing.AMBIGUOUS, 2, ())


async def test_of_many_tickets_the_newest_hundred_count(clock: HandClock, emulator: ZendeskEmulator) -> None:
    grace = next(each for each in emulator.account.users.values() if each.external_id == "crm-7")
    for number in range(120):
        opened = clock.now() - timedelta(minutes=number)
        emulator.add_ticket(f"Again {number}", requester=grace, created_at=opened)

    ((copied, asked),) = await both(emulator, clock, Person(email="Grace@customer.example"))

    assert [each.value for each in copied.facts] == [each.value for each in asked.facts]
    assert copied.facts[-1].value == 100


async def test_a_fact_is_as_old_as_the_oldest_record_that_it_is_told_from(
    clock: HandClock, emulator: ZendeskEmulator
) -> None:
    clock.passed += HOUR
    copy = MemoryCopy(clock.now())
    async with desk(emulator, faulty=True) as made:
        for stream in made.zendesk.streams():
            copy.keep((await read(made, stream.name))[0])
        calls = len(emulator.calls)
        clock.passed += 24 * HOUR
        told = await made.zendesk.facts_from_copy(copy, Person(email="Grace@customer.example"), ())

    assert {each.as_of for each in told.facts} == {copy.now}
    assert len(emulator.calls) == calls
    assert any(kind is RecordKind.TICKET for kind, _ in copy.records)
