"""What is done with tickets and conversations alike: notes, replies, changes, following, reading."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from intercom_rig import a_place, a_value, desk

from batonpass.domain.errors import RefusedError
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import (
    Agent,
    Group,
    Note,
    NoteKey,
    Priority,
    TicketChange,
    TicketKey,
    TicketStatus,
    landed,
)
from batonpass.testing.happenings import Happening
from batonpass_intercom.emulator import IntercomEmulator
from fakes import FakeClock

KEY = TicketKey("ho_1-open")
NOTE = Note(html="<p>Late facts.</p>", text="Late facts.")
BOTH = pytest.mark.parametrize("kind", ["ticket", "conversation"])


@BOTH
async def test_v21_what_is_deleted_is_refused_as_not_found(kind: str):
    async with desk() as made:
        ref = await a_place(made, kind)
        made.emulator.delete_ticket(ref.id)
        with pytest.raises(RefusedError) as refused:
            await made.intercom.read_ticket(ref)

    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("told", "meant"),
    [("ticket-1", "ticket-1"), ("conversation-1", "conversation-1"), ("1", "conversation-1")],
)
async def test_an_id_says_which_kind_is_meant(told: str, meant: str):
    async with desk() as made:
        assert made.intercom.ticket_ref(told).id == meant


@pytest.mark.parametrize("told", ["", "ticket-", "order-1", "1/../2", "ticket-1\n", "²"])
async def test_what_can_be_no_id_is_not_found(told: str):
    async with desk() as made:
        with pytest.raises(RefusedError) as refused:
            made.intercom.ticket_ref(told)

    assert refused.value.code == "not_found"


@BOTH
async def test_a_note_is_internal_and_found_by_its_key(kind: str):
    async with desk() as made:
        ref = await a_place(made, kind)
        await made.intercom.append_note(ref, NOTE, key=NoteKey("ho_1-late"))

        assert await made.intercom.find_note(ref, key=NoteKey("ho_1-late"))
        assert not await made.intercom.find_note(ref, key=NoteKey("ho_1-lat"))
    (effect,) = made.emulator.effects("note.appended")
    assert effect.key == "ho_1-late"


@BOTH
async def test_a_reply_is_public_its_markup_stays_text_and_it_is_found_by_its_words(kind: str):
    text = "Hi {{first_name}}, <b>a person</b> has it.\n\nSoon."
    async with desk() as made:
        ref = await a_place(made, kind)
        await made.intercom.reply(ref, text, key=NoteKey("ho_1-reply"))

        assert await made.intercom.find_reply(ref, text, key=NoteKey("ho_1-reply"))
        assert not await made.intercom.find_reply(ref, "Something else", key=NoteKey("ho_1-reply"))
    work = made.emulator.account.work[int(ref.id.rpartition("-")[2])]
    assert work.parts[-1].type == "comment"
    assert "<b>" not in (work.parts[-1].body or "")
    assert "first_name" in (work.parts[-1].body or "")


@BOTH
async def test_a_change_is_made_whole_and_twice_is_once(kind: str):
    async with desk() as made:
        ref = await a_place(made, kind)
        group = next(each for each in (await made.intercom.field_schema()).groups if each.name == "Billing")
        agent = (await made.intercom.agents())[0]
        change = TicketChange(
            subject="Another title",
            group=group,
            assignee=agent,
            status=TicketStatus.SOLVED,
            add_tags=("vip",),
            fields=(
                a_value("Customer tier", "Pro"),
                a_value("MRR", Decimal("1.50")),
                a_value("Identity verified", True),
            ),
        )
        for _ in range(2):
            await made.intercom.change_ticket(ref, change)
        stored = await made.intercom.read_ticket(ref)

    assert (stored.subject, stored.group_id, stored.assignee_id) == ("Another title", group.id, agent.id)
    assert (stored.status, stored.tags) == (TicketStatus.SOLVED, {"vip"})
    assert all(landed(each.value, stored.fields.get(each.id)) for each in change.fields)


@BOTH
@pytest.mark.parametrize(
    ("change", "part"),
    [
        pytest.param(TicketChange(priority=Priority.LOW), "priority", id="priority"),
        pytest.param(TicketChange(fields=(a_value("Nowhere", "x"),)), "Nowhere", id="field"),
        pytest.param(TicketChange(group=Group(id="7", name="Gone")), "group", id="group"),
        pytest.param(TicketChange(assignee=Agent(id="7")), "assignee", id="assignee"),
    ],
)
async def test_a_part_that_is_refused_is_named(kind: str, change: TicketChange, part: str):
    async with desk() as made:
        ref = await a_place(made, kind)
        with pytest.raises(RefusedError) as refused:
            await made.intercom.change_ticket(ref, change)

    assert refused.value.fields == (part,)


async def test_a_conversation_cannot_wait_for_the_customer():
    async with desk() as made:
        ref = await a_place(made, "conversation")
        with pytest.raises(RefusedError) as refused:
            await made.intercom.change_ticket(ref, TicketChange(status=TicketStatus.PENDING))

    assert refused.value.fields == ("status",)


@BOTH
async def test_its_life_is_told(kind: str):
    async with desk() as made:
        ref = await a_place(made, kind)
        asked = made.clock.now()
        agent = (await made.intercom.agents())[0]
        fresh = await made.intercom.follow_ticket(ref, since=asked)
        for number, happened in enumerate(
            (EventKind.TICKET_ASSIGNED, EventKind.AGENT_REPLIED, EventKind.TICKET_SOLVED), 1
        ):
            made.clock.go_on(60)
            made.emulator.happen(Happening(kind=happened, ticket=ref.id))
            assert made.clock.now() == asked + timedelta(minutes=number)
        done = await made.intercom.follow_ticket(ref, since=asked)
        later = await made.intercom.follow_ticket(ref, since=made.clock.now())

    assert (fresh.status, fresh.assignee, fresh.first_reply, fresh.solved_at) == (
        TicketStatus.OPEN,
        None,
        None,
        None,
    )
    assert done.assignee == agent
    assert done.first_reply is not None
    assert (done.first_reply.agent.id, done.first_reply.at) == (agent.id, asked + timedelta(minutes=2))
    assert (done.status, done.solved_at) == (TicketStatus.SOLVED, asked + timedelta(minutes=3))
    assert done.as_of > fresh.as_of
    assert later.first_reply is None


@pytest.mark.parametrize(("stars", "score"), [(1, 0.0), (3, 0.5), (5, 1.0)])
async def test_a_rating_of_a_conversation_is_told(stars: int, score: float):
    async with desk() as made:
        ref = await a_place(made, "conversation")
        made.emulator.happen(Happening(kind=EventKind.TICKET_RATED, ticket=ref.id, score=score, text="Fine"))
        life = await made.intercom.follow_ticket(ref, since=made.clock.now())

    assert life.rating is not None
    assert (life.rating.score, life.rating.said, life.rating.comment) == (score, f"{stars} of 5", "Fine")


async def test_our_own_and_the_ai_agents_words_are_no_first_reply_and_have_their_roles():
    emulator = IntercomEmulator.with_sample_account(clock=FakeClock())
    bot = emulator.account.add_admin("Fine bot", "bot@helpdesk.example")
    async with desk(emulator, ai_agent_id=str(bot.id)) as made:
        ref = await a_place(made, "conversation")
        since = made.clock.now()
        made.emulator.happen(Happening(kind=EventKind.AGENT_REPLIED, ticket=ref.id, agent=str(bot.id)))
        await made.intercom.reply(ref, "A person has it.", key=NoteKey("k"))
        await made.intercom.append_note(ref, NOTE, key=NoteKey("n"))
        made.emulator.happen(Happening(kind=EventKind.CUSTOMER_REPLIED, ticket=ref.id, text="1 < 2 & 3"))
        life = await made.intercom.follow_ticket(ref, since=since)
        read = await made.intercom.read_conversation(ref)

    assert life.first_reply is None
    assert [turn.role for turn in read.turns] == ["customer", "ai", "customer"]
    assert read.turns[0].text == "Where is my refund?"
    assert read.turns[-1].text == "1 < 2 & 3"
    assert (read.customer.name, read.customer.email) == ("Mia Keller", "mia.keller@example.com")
    assert (read.subject, read.cut) == ("Refund", 0)


async def test_what_is_older_than_the_newest_500_parts_is_counted_as_cut():
    async with desk() as made:
        ref = await a_place(made, "conversation")
        for number in range(503):
            made.emulator.happen(
                Happening(kind=EventKind.CUSTOMER_REPLIED, ticket=ref.id, text=f"Message {number}")
            )
        read = await made.intercom.read_conversation(ref)

    assert read.cut == 3
    assert read.turns[-1].text == "Message 502"
