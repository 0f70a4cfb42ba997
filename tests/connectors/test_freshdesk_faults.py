"""A Freshdesk that refuses or misbehaves: rows V04 to V31 as far as the connector decides them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from freshdesk_rig import a_draft, a_value, desk
from starlette.requests import Request
from starlette.responses import Response

from batonpass.domain.errors import (
    CredentialsRefusedError,
    RefusedError,
    RetryLaterError,
)
from batonpass.domain.ticket import (
    Agent,
    FieldId,
    Group,
    NoteKey,
    TicketChange,
    TicketKey,
)
from batonpass.testing.emulator import Fault, Operation
from batonpass_freshdesk.emulated_account import EmulatedTicket
from batonpass_freshdesk.emulator import FreshdeskEmulator
from fakes import FakeClock

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


async def test_v25_an_unknown_field_and_option_are_named_in_our_words():
    emulator = FreshdeskEmulator.with_sample_account()
    fields = (a_value("cf_customer_tier", "Gold"), a_value("cf_gone", "x"), a_value("cf_ai_confidence", "31"))

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.freshdesk.open_ticket(a_draft(fields=fields), key=KEY)
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)

    assert set(refused.value.fields) == {"cf_customer_tier", "cf_gone", "cf_ai_confidence"}
    assert set(refused.value.reasons) == {"invalid_value", "invalid_field", "datatype_mismatch"}
    assert "Gold" not in str(refused.value)
    assert ref.id == "1"


async def test_v27_a_field_that_became_required_is_named():
    emulator = FreshdeskEmulator.with_sample_account()
    emulator.add_field("Region", "custom_dropdown", choices=["EU", "US"], required=True)

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.freshdesk.open_ticket(a_draft(), key=KEY)
        await made.freshdesk.open_ticket(a_draft(fields=(a_value("cf_region", "EU"),)), key=KEY)

    assert (refused.value.fields, refused.value.reasons) == (("cf_region",), ("missing_field",))
    assert the_ticket(emulator).fields["cf_region"] == "EU"


async def test_v28_a_group_or_an_agent_that_is_gone_is_named():
    emulator = FreshdeskEmulator.with_sample_account()

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as no_group:
            await made.freshdesk.open_ticket(a_draft(group=Group(id="77", name="Gone")), key=KEY)
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        with pytest.raises(RefusedError) as no_agent:
            await made.freshdesk.change_ticket(ref, TicketChange(assignee=Agent(id="78")))

    assert no_group.value.fields == ("group",)
    assert no_agent.value.fields == ("assignee",)


async def test_v29_a_field_that_is_dropped_silently_shows_in_the_reading_back():
    emulator = FreshdeskEmulator.with_sample_account()
    emulator.account.fields["cf_plan"].drops = True

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(fields=(a_value("cf_plan", "Team"),)), key=KEY)
        stored = await made.freshdesk.read_ticket(ref)

    assert stored.fields[FieldId("cf_plan")] is None


async def test_a_wrong_key_is_told_as_refused_credentials():
    async with desk(FreshdeskEmulator(), api_key="wrong") as made:
        with pytest.raises(CredentialsRefusedError):
            await made.freshdesk.check_access()


async def test_v04_an_endpoints_own_limit_is_told_with_its_time():
    clock = FakeClock()
    emulator = FreshdeskEmulator(
        **{**FreshdeskEmulator.GROWTH, "endpoint_limits": {"tickets.create": 1}}, clock=clock
    )

    async with desk(emulator, clock=clock) as made:
        await made.freshdesk.open_ticket(a_draft(), key=KEY)
        with pytest.raises(RetryLaterError) as limited:
            await made.freshdesk.open_ticket(a_draft(), key=TicketKey("ho_2"))
        await made.freshdesk.check_access()

    assert (limited.value.retry_after, limited.value.consumes_attempt) == (pytest.approx(60), False)


class RepeatsItsPage(FreshdeskEmulator):
    """Its list of conversations has a next page for ever, and it is always the same."""

    def _list_conversations(self, request: Request) -> Response:
        answer = super()._list_conversations(request)
        answer.headers["link"] = f'<{request.url}>;rel="next"'
        return answer

    def operations(self) -> Sequence[Operation]:
        return [
            replace(each, handler=self._first) if each.name == "conversations.list" else each
            for each in super().operations()
        ]

    async def _first(self, request: Request) -> Response:
        first = Request({**request.scope, "query_string": b"per_page=50&page=1"}, request.receive)
        return self._list_conversations(first)


async def test_v31_a_page_that_comes_again_and_again_ends_the_reading():
    emulator = RepeatsItsPage()
    ticket = emulator.add_ticket("Hello")
    for number in range(60):
        emulator.desk.say(ticket, f"<p>{number}</p>", user=emulator.agent, private=True, source=2)

    async with desk(emulator) as made:
        found = await made.freshdesk.find_note(made.freshdesk.ticket_ref("1"), key=NoteKey("n-1"))

    assert not found
    assert emulator.calls.count("conversations.list") == 2
