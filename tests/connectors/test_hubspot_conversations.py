"""What was said on a HubSpot ticket, who said it, and what batonpass says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hubspot_rig import Desk, a_desk, a_draft, desk

from batonpass.domain.conversation import Role
from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import NoteKey, TicketKey, TicketRef, TicketStatus
from batonpass.testing.emulator import Fault
from batonpass.testing.happenings import Happening
from batonpass_hubspot.emulated_schema import TICKETS
from fakes import NOON

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def opened(at: Desk, text: str = "My invoice is wrong") -> TicketRef:
    return at.tickets.ticket_ref(at.emulator.happen(Happening(kind=EventKind.TICKET_OPENED, text=text)))


def play(at: Desk, kind: EventKind, **more: object) -> None:
    at.emulator.clock.go_on(1)  # type: ignore[attr-defined]
    at.emulator.happen(Happening(kind=kind, **more))  # type: ignore[arg-type]


async def test_everybodys_words_are_read_in_order_but_our_own_and_comments():
    async with desk(a_desk()) as at:
        ref = opened(at)
        play(at, EventKind.AGENT_REPLIED, text="Which one?")
        play(at, EventKind.CUSTOMER_REPLIED, text="The last one")
        await at.tickets.reply(ref, "A person has it.", key=NoteKey("k"))
        thread = at.emulator.threads.thread_of(ref.id)
        assert thread is not None
        at.emulator.threads.add(thread, "secret", author="A-1", type_="COMMENT")
        at.emulator.threads.add(thread, "I am a bot", author="B-1")

        read = await at.tickets.read_conversation(ref)

    assert [(turn.role, turn.text) for turn in read.turns if turn.role is not Role.AI] == [
        (Role.CUSTOMER, "My invoice is wrong"),
        (Role.AGENT, "Which one?"),
        (Role.CUSTOMER, "The last one"),
    ]
    assert [turn.text for turn in read.turns if turn.role is Role.AI] == ["I am a bot"]
    assert read.customer.email == "mia.keller@example.com"
    assert read.channel == "CHAT"


async def test_a_ticket_without_a_conversation_has_its_description_as_the_customers_turn():
    async with desk(a_desk()) as at:
        form = at.emulator.account.store(
            TICKETS, {"subject": "Form", "content": "It broke", "hs_pipeline_stage": "1"}
        )
        ours = await at.tickets.open_ticket(a_draft(), key=TicketKey("ho_1"))

        by_form = await at.tickets.read_conversation(at.tickets.ticket_ref(form.id))
        by_us = await at.tickets.read_conversation(ours)

    assert [(turn.role, turn.text) for turn in by_form.turns] == [(Role.CUSTOMER, "It broke")]
    assert by_us.turns == ()


async def test_a_cut_message_is_read_whole():
    async with desk(a_desk()) as at:
        ref = opened(at)
        thread = at.emulator.threads.thread_of(ref.id)
        assert thread is not None
        thread.messages[0] |= {"text": "My inv", "truncationStatus": "TRUNCATED", "_whole": "My invoice"}

        read = await at.tickets.read_conversation(ref)

    assert [turn.text for turn in read.turns] == ["My invoice"]


@pytest.mark.parametrize("text", ["<b>bold</b> & {{ contact.email }}", "plain"])
async def test_a_lost_answer_to_a_reply_is_found_by_its_text_and_goes_to_the_customer(text: str):
    async with desk(a_desk()) as at:
        ref = opened(at)
        at.emulator.next_call(Fault.ANSWER_LOST, operation="threads.send")
        with pytest.raises(OutcomeUnknownError):
            await at.tickets.reply(ref, text, key=NoteKey("k"))

        assert await at.tickets.find_reply(ref, text, key=NoteKey("k"))
        assert not await at.tickets.find_reply(ref, f"{text}!", key=NoteKey("k"))
    assert len(at.emulator.effects("reply.appended")) == 1


async def test_without_a_conversation_there_is_no_reply():
    async with desk(a_desk()) as at:
        ours = await at.tickets.open_ticket(a_draft(), key=TicketKey("ho_1"))

        with pytest.raises(RefusedError) as refused:
            await at.tickets.reply(ours, "Hello", key=NoteKey("k"))

    assert refused.value.code == "no_thread"


async def test_the_first_reply_is_a_persons_and_not_ours():
    async with desk(a_desk()) as at:
        ref = opened(at)
        await at.tickets.reply(ref, "A person has it.", key=NoteKey("k"))
        before = await at.tickets.follow_ticket(ref, since=LONG_AGO)
        play(at, EventKind.AGENT_REPLIED)
        play(at, EventKind.TICKET_RATED, score=0.0, text="Too slow")
        play(at, EventKind.TICKET_SOLVED)

        life = await at.tickets.follow_ticket(ref, since=NOON)
        later = await at.tickets.follow_ticket(ref, since=datetime(2027, 1, 1, tzinfo=UTC))

    assert before.first_reply is None
    assert life.first_reply is not None
    assert life.first_reply.agent.name == "Jonas Weber"
    assert (life.status, life.solved_at is not None) == (TicketStatus.SOLVED, True)
    assert life.rating is not None
    assert (life.rating.score, life.rating.comment) == (0.0, "Too slow")
    assert later.first_reply is None


async def test_without_the_scope_for_conversations_and_surveys_a_ticket_is_followed_all_the_same():
    emulator = a_desk()

    async with desk(emulator) as at:
        ref = opened(at)
        play(at, EventKind.TICKET_ASSIGNED)
        play(at, EventKind.AGENT_REPLIED)
        play(at, EventKind.TICKET_RATED)
        emulator.scopes -= {"conversations.read", "crm.objects.feedback_submissions.read"}

        life = await at.tickets.follow_ticket(ref, since=NOON)
        with pytest.raises(RefusedError) as refused:
            await at.tickets.read_conversation(ref)

    assert life.first_reply is not None
    assert life.rating is None
    assert refused.value.fields == ("conversations.read",)


async def test_the_ai_agents_owner_is_no_assignee_and_its_words_are_the_ais():
    emulator = a_desk()
    jonas = next(iter(emulator.account.owners))

    async with desk(emulator, ai_agent_id=jonas) as at:
        ref = opened(at)
        play(at, EventKind.TICKET_ASSIGNED)
        play(at, EventKind.AGENT_REPLIED, text="I am Jo, your assistant")

        life = await at.tickets.follow_ticket(ref, since=LONG_AGO)
        read = await at.tickets.read_conversation(ref)

    assert life.assignee is None
    assert life.first_reply is None
    assert read.turns[-1].role is Role.AI


async def test_a_message_without_a_plain_form_is_read_from_its_rich_one():
    async with desk(a_desk()) as at:
        ref = opened(at)
        thread = at.emulator.threads.thread_of(ref.id)
        assert thread is not None
        rich = "<style>p {}</style><p>1 &lt; 2</p><div>bye<br></div>"
        thread.messages[0] |= {"text": " ", "richText": rich}

        read = await at.tickets.read_conversation(ref)

    assert [turn.text for turn in read.turns] == ["1 < 2\nbye"]
