"""What Intercom may do to us: lost answers, a search index that lags, limits, answers of another shape."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from intercom_rig import a_draft, a_value, desk

from batonpass.domain.errors import BatonpassError, OutcomeUnknownError, RefusedError, RetryLaterError
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import Note, NoteKey, TicketChange, TicketKey
from batonpass.testing.emulator import Fault
from batonpass.testing.happenings import Happening
from batonpass.testing.outbox import Sent
from batonpass_intercom import emulated_json as as_json
from batonpass_intercom import talk, wire
from batonpass_intercom.emulator import IntercomEmulator
from fakes import FakeClock

KEY = TicketKey("ho_1-open")
AFTER_COMMIT = pytest.mark.parametrize(
    "fault",
    [
        Fault.ANSWER_LOST,
        Fault.ANSWER_TRUNCATED,
        Fault.ANSWER_EMPTY,
        Fault.BROKEN_JSON,
        Fault.ERROR_AFTER_COMMIT,
    ],
)


@AFTER_COMMIT
async def test_v08_lost_answer_then_the_same_key_opens_one_ticket(fault: Fault):
    async with desk(faulty=True) as made:
        made.emulator.next_call(fault, operation="tickets.create")
        with pytest.raises(OutcomeUnknownError):
            await made.intercom.open_ticket(a_draft(), key=KEY)
        ref = await made.intercom.open_ticket(a_draft(), key=KEY)

    assert [f"ticket-{ticket.id}" for ticket in made.emulator.tickets] == [ref.id]


async def test_v10_while_search_lags_a_second_call_opens_no_second_ticket():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock(), search_lag=45.0)
    async with desk(emulator, faulty=True) as made:
        emulator.next_call(Fault.ANSWER_LOST, operation="tickets.create")
        with pytest.raises(OutcomeUnknownError):
            await made.intercom.open_ticket(a_draft(), key=KEY)
        made.clock.go_on(20)
        with pytest.raises(OutcomeUnknownError) as still:
            await made.intercom.open_ticket(a_draft(), key=KEY)
        made.clock.go_on(26)
        ref = await made.intercom.open_ticket(a_draft(), key=KEY)

    assert still.value.code == "search_lag"
    assert [f"ticket-{ticket.id}" for ticket in emulator.tickets] == [ref.id]


async def test_v10_of_two_that_race_the_oldest_is_found_whoever_opened_it():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock(), search_lag=45.0)
    async with desk(emulator) as made, desk(emulator) as another:
        first = await another.intercom.open_ticket(a_draft(), key=KEY)
        second = await made.intercom.open_ticket(a_draft(), key=KEY)
        at_once = await made.intercom.find_ticket(KEY)
        made.clock.go_on(46)
        later = [await each.intercom.find_ticket(KEY) for each in (made, another)]

    assert first.id != second.id
    assert at_once == second
    assert [found.id for found in later if found] == [first.id, first.id]


async def test_v10_a_call_that_never_got_through_is_repeated_once_the_lag_is_over():
    async with desk(faulty=True, lookup_lag=30) as made:
        made.emulator.next_call(Fault.RESET, operation="tickets.create")
        with pytest.raises(OutcomeUnknownError):
            await made.intercom.open_ticket(a_draft(), key=KEY)
        made.clock.go_on(31)
        await made.intercom.open_ticket(a_draft(), key=KEY)

    assert len(made.emulator.tickets) == 1


async def test_after_a_refusal_or_a_limit_nothing_is_waited_for():
    async with desk(faulty=True) as made:
        made.emulator.next_call(Fault.RATE_LIMITED, operation="tickets.create", retry_after=3)
        with pytest.raises(RetryLaterError):
            await made.intercom.open_ticket(a_draft(), key=KEY)
        made.clock.go_on(4)
        await made.intercom.open_ticket(a_draft(), key=KEY)

    assert len(made.emulator.tickets) == 1


@AFTER_COMMIT
async def test_v08_an_unclear_answer_to_a_contact_says_nothing_about_the_ticket(fault: Fault):
    async with desk(faulty=True) as made:
        made.emulator.next_call(fault, operation="contacts.create")
        with pytest.raises(RetryLaterError):
            await made.intercom.open_ticket(a_draft(), key=KEY)
        await made.intercom.open_ticket(a_draft(), key=KEY)

    assert len(made.emulator.effects("contact.created")) == 1
    assert len(made.emulator.tickets) == 1


@AFTER_COMMIT
async def test_v08_a_note_whose_answer_was_lost_is_found(fault: Fault):
    async with desk(faulty=True) as made:
        ref = await made.intercom.open_ticket(a_draft(), key=KEY)
        made.emulator.next_call(fault, operation="tickets.reply")
        with pytest.raises(OutcomeUnknownError):
            await made.intercom.append_note(ref, Note(html="<p>x</p>", text="x"), key=NoteKey("k"))

        assert await made.intercom.find_note(ref, key=NoteKey("k"))


async def test_a_tag_that_cannot_be_attached_costs_no_ticket_and_is_missing_from_what_is_read():
    async with desk(faulty=True) as made:
        made.emulator.next_call(Fault.SERVER_ERROR, operation="tickets.tag")
        ref = await made.intercom.open_ticket(a_draft(tags=("vip",)), key=KEY)
        stored = await made.intercom.read_ticket(ref)

    assert stored.tags == frozenset()


async def test_v01_more_than_the_window_allows_is_429_and_the_next_window_is_open():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock(), calls_per_window=1)
    async with desk(emulator) as made:
        assert await made.intercom.own_id() == str(emulator.admin.id)
        with pytest.raises(RetryLaterError) as limited:
            await made.intercom.agents()
        made.clock.go_on(10.5)
        agents = await made.intercom.agents()

    assert limited.value.consumes_attempt is False
    assert len(agents) == 2


async def test_v31_more_hits_than_a_page_holds_are_all_read():
    async with desk() as made:
        for number in range(160):
            made.emulator.add_conversation(f"Talk {number}", email="mia.keller@example.com")
        (contact,) = {work.contact_id for work in made.emulator.account.work.values()}
        found = await made.intercom._client.search_conversations("contact_ids", contact)

    assert len({each.id for each in found}) == 160


async def test_v24_answers_of_changed_shape_give_a_value_or_one_of_our_errors():
    clock = FakeClock()
    emulator = IntercomEmulator.with_sample_account(clock=clock)
    work = emulator.add_conversation("Hello")
    emulator.desk.say(work, "note", "<p>x</p>", emulator.admin)
    emulator.desk.rate(work, 4, "Fine")
    whole = as_json.conversation(work, emulator.account)
    chance = random.Random(1)
    understood = 0

    for _ in range(10_000):
        mutated = _mutated(whole, chance)
        try:
            read = wire.Conversation.model_validate(mutated)
        except ValueError:
            continue
        seen = talk.of_conversation(read)
        talk.conversation_in(seen, None, own="1", ai_agent_id=None)
        talk.first_reply_in(seen, since=clock.now(), own="1", ai_agent_id=None)
        understood += 1

    assert understood > 5000


_JUNK: tuple[Any, ...] = (None, "", "x", 0, -1, 10**30, 1.5, True, [], {}, [None], {"a": 1}, "<p>&#xFFFFFF;")


def _mutated(told: Any, chance: random.Random) -> Any:
    """The same with one value, somewhere, replaced or gone."""
    copy = json.loads(json.dumps(told))
    place: Any = copy
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = chance.choice(keys)
        inner = place[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.7:
            place = inner
            continue
        if chance.random() < 0.2:
            del place[key]
        else:
            place[key] = chance.choice(_JUNK)
        return copy


async def test_v29_a_field_of_the_other_kind_only_is_refused_for_this_one():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock())
    emulator.account.add_ticket_field("Tickets only", "string")
    async with desk(emulator) as made:
        work = emulator.add_conversation("Hello")
        ref = made.intercom.ticket_ref(f"conversation-{work.id}")
        with pytest.raises(BatonpassError) as refused:
            await made.intercom.change_ticket(ref, TicketChange(fields=(a_value("Tickets only", "x"),)))

    assert getattr(refused.value, "fields", ()) == ("Tickets only",)


async def test_w26_after_a_thousand_failures_in_a_row_notifications_pause():
    clock = FakeClock()
    emulator = IntercomEmulator.with_sample_account(clock=clock)
    emulator.deliver_to("http://127.0.0.1:9/hook", secret="s")
    emulator.outbox.hold()
    work = emulator.add_conversation("Hello")
    request: Any = None
    for _ in range(emulator.ERRORS_TO_PAUSE + 1):
        failed = Sent(what="x", url="u", request=request, status=500, seconds=0.0, attempt=1)
        assert emulator.outbox.on_sent is not None
        emulator.outbox.on_sent(failed)
    before = emulator.outbox.drop()
    emulator.outbox.hold()
    emulator.happen(Happening(kind=EventKind.CUSTOMER_REPLIED, ticket=f"conversation-{work.id}"))
    paused = emulator.outbox.drop()
    clock.go_on(15 * 60 + 1)
    emulator.outbox.hold()
    emulator.happen(Happening(kind=EventKind.CUSTOMER_REPLIED, ticket=f"conversation-{work.id}"))

    assert (before, paused, emulator.outbox.drop()) == (1, 0, 1)


async def test_a_tag_that_is_refused_is_named_before_anything_is_opened():
    async with desk() as made:
        with pytest.raises(RefusedError) as refused:
            await made.intercom.open_ticket(a_draft(tags=(" ",)), key=KEY)

    assert refused.value.fields == ("tags",)
    assert made.emulator.tickets == []
