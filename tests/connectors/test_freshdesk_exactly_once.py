"""One key, one ticket: rows V08 and V10 of the fault matrix, and where our key stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from freshdesk_rig import a_draft, connection, desk

from batonpass.domain.errors import (
    OutcomeUnknownError,
)
from batonpass.domain.ticket import (
    TicketKey,
)
from batonpass.testing.emulator import Fault
from batonpass.transport import open_sockets
from batonpass_freshdesk.emulated_account import EmulatedTicket
from batonpass_freshdesk.emulator import FreshdeskEmulator
from batonpass_freshdesk.keys import key_tag

KEY = TicketKey("ho_01jd3v9x8y7w6t5s4r3q2p1n0m")
LOST = {
    "answer lost": Fault.ANSWER_LOST,
    "answer cut": Fault.ANSWER_TRUNCATED,
    "answer empty": Fault.ANSWER_EMPTY,
    "broken json": Fault.BROKEN_JSON,
    "500 after commit": Fault.ERROR_AFTER_COMMIT,
}


def the_ticket(emulator: FreshdeskEmulator) -> EmulatedTicket:
    (made,) = emulator.tickets.values()
    return made


@pytest.mark.parametrize(
    ("fault", "sample"),
    [*((each, True) for each in LOST.values()), (Fault.ANSWER_LOST, False)],
    ids=[*LOST, "key in a tag"],
)
async def test_v08_lost_answer_then_same_key_opens_one_ticket(fault: Fault, sample: bool):
    emulator = FreshdeskEmulator.with_sample_account() if sample else FreshdeskEmulator()
    emulator.next_call(fault, operation="tickets.create")

    async with desk(emulator, faulty=True) as made:
        with pytest.raises(OutcomeUnknownError):
            await made.freshdesk.open_ticket(a_draft(), key=KEY)
        again = await made.freshdesk.open_ticket(a_draft(subject="Another draft"), key=KEY)

    assert len(emulator.effects("ticket.opened")) == 1
    assert again.id == emulator.effects("ticket.opened")[0].id


async def test_v08_a_new_process_finds_the_ticket_of_the_old_one():
    emulator = FreshdeskEmulator.with_sample_account()
    emulator.next_call(Fault.ANSWER_LOST, operation="tickets.create")

    async with desk(emulator, faulty=True) as made, open_sockets() as http:
        with pytest.raises(OutcomeUnknownError):
            await made.freshdesk.open_ticket(a_draft(), key=KEY)
        restarted = connection(emulator, made.url, http)
        found = await restarted.find_ticket(KEY, requester=a_draft().requester)

    assert found is not None
    assert found.id == emulator.effects("ticket.opened")[0].id


async def test_v10_the_look_reads_the_list_and_never_the_search():
    emulator = FreshdeskEmulator.with_sample_account(search_lag=120.0)

    async with desk(emulator) as made:
        first = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        second = await made.freshdesk.open_ticket(a_draft(), key=KEY)

    assert first == second
    assert emulator.calls.count("tickets.list") == 1
    assert not [call for call in emulator.calls if "search" in call]


async def test_a_first_call_costs_no_look():
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator) as made:
        await made.freshdesk.open_ticket(a_draft(), key=KEY)
        await made.freshdesk.open_ticket(a_draft(), key=TicketKey("ho_another"))

    assert emulator.calls == ["fields.list", "tickets.create", "tickets.create"]


async def test_a_key_that_nobody_used_finds_nothing_also_for_an_unknown_requester():
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator) as made:
        unknown = await made.freshdesk.find_ticket(KEY, requester=a_draft().requester)
        await made.freshdesk.open_ticket(a_draft(), key=TicketKey("ho_another"))
        known = await made.freshdesk.find_ticket(KEY, requester=a_draft().requester)

    assert (unknown, known) == (None, None)


async def test_a_ticket_far_down_a_long_list_is_found():
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        customer = emulator.account.user_with_email("grace@customer.example")
        for number in range(230):
            later = emulator.clock.now() + timedelta(seconds=number + 1)
            emulator.add_ticket(f"Later {number}", requester=customer, created_at=later)
        found = await made.freshdesk.find_ticket(KEY, requester=a_draft().requester)

    assert found == ref
    assert emulator.calls.count("tickets.list") == 3


async def test_a_list_without_tags_is_read_ticket_by_ticket():
    emulator = FreshdeskEmulator(lists_tags=False)

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        found = await made.freshdesk.find_ticket(KEY, requester=a_draft().requester)

    assert found == ref


@pytest.mark.parametrize("key", ["a", "ho_" + "x" * 26, "K" * 64], ids=["short", "usual", "longest"])
async def test_the_tag_of_any_key_has_32_characters_and_is_taken(key: str):
    emulator = FreshdeskEmulator()

    async with desk(emulator) as made:
        await made.freshdesk.open_ticket(a_draft(), key=TicketKey(key))

    assert the_ticket(emulator).tags == [key_tag(TicketKey(key))]
    assert len(the_ticket(emulator).tags[0]) == 32


async def test_keys_have_tags_of_their_own():
    tags = {key_tag(TicketKey("K" * 63 + last)) for last in "abc"}

    assert len(tags) == 3


async def test_our_own_field_gone_since_then_the_ticket_is_opened_with_the_tag():
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator) as made:
        await made.freshdesk.open_ticket(a_draft(), key=TicketKey("ho_before"))
        emulator.account.fields["cf_batonpass_key"].active = False
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        again = await made.freshdesk.open_ticket(a_draft(), key=KEY)

    assert ref == again
    assert emulator.tickets[int(ref.id)].tags == [key_tag(KEY)]
