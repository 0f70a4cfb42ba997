"""What is told of a person from the copy of Freshdesk's records."""

from __future__ import annotations

from datetime import timedelta

import pytest
from freshdesk_bulk import read
from freshdesk_rig import Desk, desk

from batonpass.domain.conversation import Identity
from batonpass.domain.facts import FactAnswer, Person, Standing
from batonpass.domain.person import MatchStrength
from batonpass.domain.synced import RecordKind
from batonpass.testing.contract.opened import HandClock
from batonpass.testing.contract.syncing import MemoryCopy
from batonpass_freshdesk.emulator import FreshdeskEmulator


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def emulator(clock: HandClock) -> FreshdeskEmulator:
    return FreshdeskEmulator(clock=clock)


# Facts from the copy --------------------------------------------------------------------------------------------


async def copied(made: Desk) -> MemoryCopy:
    copy = MemoryCopy(made.emulator.clock.now())
    for stream in ("contacts", "tickets"):
        copy.keep((await read(made, stream)).records)
    return copy


async def both(made: Desk, copy: MemoryCopy, person: Person) -> tuple[FactAnswer, FactAnswer]:
    """What the copy tells, and what Freshdesk tells."""
    calls = len(made.emulator.calls)
    told = await made.freshdesk.facts_from_copy(copy, person, ())
    assert len(made.emulator.calls) == calls
    return told, await made.freshdesk.facts_about(person, ())


async def test_the_copy_tells_the_tickets_as_freshdesk_does(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    mia = emulator.add_user("Mia Keller", email="mia.keller@example.com", external_id="shop-7")
    mia.phone = "+4930123456"
    for number, status in enumerate((2, 3, 4, 5, 6, 7)):
        at = clock.now() - timedelta(days=40 * number)
        emulator.add_ticket(f"Ticket {number}", requester=mia, status=status, created_at=at)
    people = [
        Person(email="mia.keller@EXAMPLE.com", identity=Identity.VERIFIED),
        Person(external_ids=(("support", str(mia.id)),)),
        Person(external_ids=(("freshdesk", "shop-7"),)),
        Person(name="Keller, Mia", phone="+4930123456"),
        Person(email="mia.keller@example.com", ticket_id="1"),
    ]

    async with desk(emulator, clock=clock) as made:
        copy = await copied(made)
        copy.now -= timedelta(hours=3)
        told = [await both(made, copy, each) for each in people]

    for of_copy, of_vendor in told:
        assert of_copy.standing is of_vendor.standing is Standing.FOUND
        assert {each.name: each.value for each in of_copy.facts} == {
            each.name: each.value for each in of_vendor.facts
        }
        assert of_copy.contacts == of_vendor.contacts
        assert of_copy.matched_by is of_vendor.matched_by
        assert {each.as_of for each in of_copy.facts} == {copy.now}
    recent = {each.name: each.value for each in told[0][0].facts}["support.recent_tickets"]
    assert isinstance(recent, tuple)
    assert "status 6" in recent[4]
    assert [each.matched_by for each, _ in told[:4]] == [
        MatchStrength.VERIFIED_EMAIL,
        MatchStrength.EXACT_ID,
        MatchStrength.EXACT_ID,
        MatchStrength.PHONE,
    ]


async def test_d01_the_copy_shows_nobody_who_only_looks_alike(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    mia = emulator.add_user("Mia Keller", email="mia.keller@example.com")
    mia.other_emails, mia.phone = ["family@example.com"], "+4930123456"
    brother = emulator.add_user("Max Keller")
    brother.phone = "+4930123456"
    strangers = [
        Person(email="family@example.com"),
        Person(email="MIA.KELLER@example.com"),
        Person(name="Mia Keller", email="other@example.com", phone="+4930123456"),
        Person(name="Moritz Keller", phone="+4930123456"),
        Person(external_ids=(("support", "7"),), email="mia.keller@example.com"),
    ]

    async with desk(emulator, clock=clock) as made:
        copy = await copied(made)
        told = [await made.freshdesk.facts_from_copy(copy, each, ()) for each in strangers]

    assert {(each.standing, each.facts, each.contacts) for each in told} == {(Standing.NOT_FOUND, (), ())}


async def test_somebody_with_more_tickets_than_the_copy_gives_is_told_nothing_of(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    mia = emulator.add_user("Mia Keller", email="mia.keller@example.com")
    for number in range(200):
        emulator.add_ticket(f"Ticket {number}", requester=mia)

    async with desk(emulator, clock=clock, faulty=True) as made:
        told = await made.freshdesk.facts_from_copy(
            await copied(made), Person(email="mia.keller@example.com"), ()
        )

    assert (told.standing, told.facts) == (Standing.NOT_FOUND, ())


async def test_a_record_of_the_copy_keeps_no_more_than_facts_need(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    (id_,) = emulator.fill("tickets", 1)

    async with desk(emulator, clock=clock) as made:
        copy = await copied(made)

    kept = await copy.record(RecordKind.TICKET, id_)
    assert kept is not None
    assert kept.document == {"status": 2, "source": 2}
