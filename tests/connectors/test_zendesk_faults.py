"""A Zendesk that misbehaves: rows V01 to V15 of the fault matrix as far as the connector decides them."""

from __future__ import annotations

import pytest

from batonpass.domain.errors import OutcomeUnknownError, RefusedError, RetryLaterError
from batonpass.domain.ticket import Note, NoteKey, TicketKey
from batonpass.testing.emulator import Fault
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import HandClock, a_draft, desk

KEY = TicketKey("ho_1-open")
NOTE = Note(html="<p>Late facts.</p>", text="Late facts.")

LOST = [
    pytest.param(Fault.ANSWER_LOST, id="answer lost"),
    pytest.param(Fault.ANSWER_TRUNCATED, id="answer cut"),
    pytest.param(Fault.ANSWER_EMPTY, id="answer empty"),
    pytest.param(Fault.BROKEN_JSON, id="broken json"),
    pytest.param(Fault.ERROR_AFTER_COMMIT, id="500 after commit"),
]


@pytest.mark.parametrize("fault", LOST)
async def test_lost_answer_then_same_key_opens_one_ticket(fault: Fault):
    emulator = ZendeskEmulator()
    emulator.next_call(fault, operation="tickets.create")

    async with desk(emulator, faulty=True) as made:
        with pytest.raises(OutcomeUnknownError):
            await made.zendesk.open_ticket(a_draft(), key=KEY)
        found = await made.zendesk.find_ticket(KEY)
        again = await made.zendesk.open_ticket(a_draft(), key=KEY)

    assert found == again
    assert len(emulator.effects("ticket.opened")) == 1


@pytest.mark.parametrize("fault", LOST)
async def test_a_note_whose_answer_was_lost_is_found(fault: Fault):
    emulator = ZendeskEmulator()
    emulator.next_call(fault, operation="tickets.update")

    async with desk(emulator, faulty=True) as made:
        ref = await made.zendesk.open_ticket(a_draft(), key=KEY)
        with pytest.raises(OutcomeUnknownError):
            await made.zendesk.append_note(ref, NOTE, key=NoteKey("n-1"))

        assert await made.zendesk.find_note(ref, key=NoteKey("n-1"))
    assert len(emulator.effects("note.appended")) == 1


async def test_an_answer_that_drips_is_cut_at_the_deadline_and_its_ticket_is_found():
    emulator = ZendeskEmulator()
    emulator.next_call(Fault.DRIP, operation="tickets.create")

    async with desk(emulator, faulty=True, deadline=0.3) as made:
        with pytest.raises(OutcomeUnknownError) as unknown:
            await made.zendesk.open_ticket(a_draft(), key=KEY)

        assert await made.zendesk.find_ticket(KEY) is not None
    assert unknown.value.code == "timeout"


async def test_a_redirect_is_refused_and_not_followed():
    emulator = ZendeskEmulator()
    emulator.next_call(Fault.REDIRECT, operation="tickets.create")

    async with desk(emulator, faulty=True) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.open_ticket(a_draft(), key=KEY)

    assert refused.value.code == "redirect_refused"


async def test_429_without_a_header_lets_one_probe_through_at_a_time():
    clock = HandClock()
    emulator = ZendeskEmulator(clock=clock)

    async with desk(emulator, clock=clock) as made:
        emulator.next_call(Fault.RATE_LIMITED, operation="tickets.create", times=2)
        for _ in range(5):
            with pytest.raises(RetryLaterError) as limited:
                await made.zendesk.open_ticket(a_draft(), key=KEY)
        before = emulator.calls.count("tickets.create")
        clock.passed += 2
        with pytest.raises(RetryLaterError):
            await made.zendesk.open_ticket(a_draft(), key=KEY)
        clock.passed += 5
        await made.zendesk.open_ticket(a_draft(), key=KEY)

    assert before == 1
    assert emulator.calls.count("tickets.create") == 3
    assert (limited.value.code, limited.value.consumes_attempt) == ("rate_limited", False)


async def test_the_emulators_own_limit_says_when_to_come_back():
    clock = HandClock()
    emulator = ZendeskEmulator(clock=clock, calls_per_window=3)

    async with desk(emulator, clock=clock) as made:
        await made.zendesk.check_access()
        await made.zendesk.check_access()
        with pytest.raises(RetryLaterError) as limited:
            await made.zendesk.check_access()
        clock.passed += 70
        await made.zendesk.check_access()

    assert limited.value.retry_after == pytest.approx(60)


async def test_a_token_endpoint_that_is_down_is_no_refusal():
    emulator = ZendeskEmulator()
    emulator.next_call(Fault.SERVER_ERROR, operation="oauth.token", status=503)

    async with desk(emulator) as made:
        with pytest.raises(RetryLaterError) as down:
            await made.zendesk.check_access()
        await made.zendesk.check_access()

    assert down.value.code == "unavailable"
