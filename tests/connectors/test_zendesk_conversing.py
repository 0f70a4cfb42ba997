"""Changing tickets, speaking to the customer, reading what was said."""

from __future__ import annotations

import pytest

from batonpass.domain.conversation import Role
from batonpass.domain.errors import OutcomeUnknownError, RefusedError, RetryLaterError
from batonpass.domain.ticket import (
    Agent,
    FieldId,
    FieldValue,
    Group,
    NoteKey,
    Priority,
    TicketChange,
    TicketKey,
    TicketRef,
    TicketStatus,
)
from batonpass.testing.emulator import Fault
from batonpass_zendesk.emulated_account import EmulatedField, EmulatedGroup, EmulatedUser
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import HandClock, a_draft, desk

KEY = TicketKey("ho_1-open")
REPLY = NoteKey("ho_1-tell")


def emulated() -> ZendeskEmulator:
    return ZendeskEmulator.with_sample_account()


def ref_of(number: int) -> TicketRef:
    return TicketRef(id=str(number), url="")


def named(emulator: ZendeskEmulator, name: str) -> EmulatedUser:
    return next(user for user in emulator.account.users.values() if user.name == name)


def group(emulator: ZendeskEmulator, name: str) -> EmulatedGroup:
    return next(each for each in emulator.account.groups.values() if each.name == name)


def field(emulator: ZendeskEmulator, title: str) -> EmulatedField:
    return next(each for each in emulator.account.fields.values() if each.title == title)


def a_value(known: EmulatedField, value: object) -> FieldValue:
    return FieldValue(id=FieldId(str(known.id)), name=known.title, value=value)  # type: ignore[arg-type]


async def test_a_change_touches_what_it_names_and_nothing_else():
    emulator = emulated()
    nora = named(emulator, "Nora Lind")
    change = TicketChange(
        priority=Priority.URGENT,
        group=Group(id=str(group(emulator, "Billing").id), name="Billing"),
        assignee=Agent(id=str(nora.id)),
        status=TicketStatus.PENDING,
        add_tags=("ai_handoff",),
        fields=(a_value(field(emulator, "Plan"), "Gold"),),
    )

    async with desk(emulator) as made:
        ref = await made.zendesk.open_ticket(a_draft(tags=("kept",)), key=KEY)
        for _ in range(2):
            await made.zendesk.change_ticket(ref, change)
        stored = await made.zendesk.read_ticket(ref)

    assert stored.tags == {"kept", "ai_handoff"}
    assert (stored.subject, stored.priority) == ("Refund for order 7", Priority.URGENT)
    assert (stored.assignee_id, stored.status) == (str(nora.id), TicketStatus.PENDING)
    assert stored.fields[FieldId(str(field(emulator, "Plan").id))] == "Gold"


@pytest.mark.parametrize("status", ["new", "open", "hold", "pending", "solved", "closed"])
async def test_every_status_is_read_in_our_words(status: str):
    emulator = ZendeskEmulator()
    ticket = emulator.add_ticket("Old", status=status)

    async with desk(emulator) as made:
        stored = await made.zendesk.read_ticket(ref_of(ticket.id))

    assert stored.status is not None
    assert stored.status.value == {"new": "open", "hold": "open"}.get(status, status)


async def test_a_closed_ticket_refuses_every_change_by_its_status():
    emulator = ZendeskEmulator()
    ticket = emulator.add_ticket("Old", status="closed")

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.change_ticket(ref_of(ticket.id), TicketChange(add_tags=("x",)))

    assert (refused.value.status, refused.value.fields) == (422, ("status",))


async def test_v28_a_deleted_group_and_a_suspended_agent_are_named():
    emulator = emulated()
    billing, nora = group(emulator, "Billing"), named(emulator, "Nora Lind")
    del emulator.account.groups[billing.id]
    nora.suspended = True
    change = TicketChange(group=Group(id=str(billing.id), name="Billing"), assignee=Agent(id=str(nora.id)))

    async with desk(emulator) as made:
        ref = await made.zendesk.open_ticket(a_draft(), key=KEY)
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.change_ticket(ref, change)

    assert set(refused.value.fields) == {"group", "assignee"}


async def test_v27_a_field_that_has_become_required_is_named():
    emulator = emulated()
    plan = field(emulator, "Plan")
    plan.required = True

    async with desk(emulator) as made:
        ref = await made.zendesk.open_ticket(a_draft(), key=KEY)
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.change_ticket(ref, TicketChange(status=TicketStatus.SOLVED))
        filled = TicketChange(status=TicketStatus.SOLVED, fields=(a_value(plan, "Gold"),))
        await made.zendesk.change_ticket(ref, filled)

    assert (refused.value.status, refused.value.fields) == (422, (str(plan.id),))
    assert emulator.tickets[int(ref.id)].status == "solved"


async def test_v29_a_field_that_is_dropped_silently_shows_when_the_ticket_is_read():
    emulator = emulated()
    plan = field(emulator, "Plan")
    plan.drops = True

    async with desk(emulator) as made:
        ref = await made.zendesk.open_ticket(a_draft(), key=KEY)
        await made.zendesk.change_ticket(ref, TicketChange(fields=(a_value(plan, "Gold"),)))
        stored = await made.zendesk.read_ticket(ref)

    assert stored.fields.get(FieldId(str(plan.id))) is None


@pytest.mark.parametrize(("collisions", "calls"), [(2, 3), (5, 3)], ids=["two", "too many"])
async def test_v22_a_collision_is_tried_three_times_and_then_later(collisions: int, calls: int):
    emulator = ZendeskEmulator()
    ticket = emulator.add_ticket("Old")
    collided: list[int] = []
    update = emulator.update

    def colliding(*told: object, **more: object):
        collided.append(1)
        if len(collided) <= collisions:
            from batonpass_zendesk.emulated_http import Refusal  # noqa: PLC0415 - only here

            raise Refusal(409, "DatabaseConflict", "Try again")
        return update(*told, **more)  # type: ignore[arg-type]

    emulator.update = colliding  # type: ignore[method-assign,assignment]
    async with desk(emulator) as made:
        if collisions < 3:
            await made.zendesk.change_ticket(ref_of(ticket.id), TicketChange(subject="New"))
        else:
            with pytest.raises(RetryLaterError) as later:
                await made.zendesk.change_ticket(ref_of(ticket.id), TicketChange(subject="New"))
            assert later.value.code == "conflict"

    assert len(collided) == calls
    assert ticket.subject == ("New" if collisions < 3 else "Old")


async def test_the_emulator_refuses_a_safe_update_of_a_ticket_that_has_changed():
    emulator = ZendeskEmulator()
    ticket = emulator.add_ticket("Old")
    stale = {"subject": "New", "safe_update": True, "updated_stamp": "2020-01-01T00:00:00Z"}

    async with desk(emulator) as made:
        answer = await _put(made.url, emulator, ticket.id, stale)

    assert (answer, ticket.subject) == (409, "Old")


async def test_the_emulator_limits_the_updates_of_one_ticket_where_told_to():
    clock = HandClock()
    emulator = ZendeskEmulator(clock=clock, limits_updates=True)
    ticket = emulator.add_ticket("Old")

    async with desk(emulator, clock=clock) as made:
        for number in range(30):
            await made.zendesk.change_ticket(ref_of(ticket.id), TicketChange(subject=f"{number}"))
        with pytest.raises(RetryLaterError) as limited:
            await made.zendesk.change_ticket(ref_of(ticket.id), TicketChange(subject="30"))

    assert (limited.value.code, limited.value.retry_after) == ("rate_limited", 600)


# Replies ------------------------------------------------------------------------------------------------------


async def test_a_reply_is_public_inert_and_found_by_a_key_that_nobody_sees():
    text = "Hello <b>Grace</b>,\nyour {{ticket.id}} is with us.\n\nOne moment & we are back."

    async with desk(ZendeskEmulator()) as made:
        ref = await made.zendesk.open_ticket(a_draft(), key=KEY)
        await made.zendesk.reply(ref, text, key=REPLY)

        assert await made.zendesk.find_reply(ref, text, key=REPLY)
        assert not await made.zendesk.find_reply(ref, text, key=NoteKey("ho_1-tel"))
    reply = made.emulator.tickets[int(ref.id)].comments[-1]
    assert reply.public
    assert reply.html.replace("\N{WORD JOINER}", "") == (
        "<p>Hello &lt;b&gt;Grace&lt;/b&gt;,<br>your {{ticket.id}} is with us.</p>"
        "<p>One moment &amp; we are back.</p>"
    )
    assert REPLY not in reply.html
    assert [effect.key for effect in made.emulator.effects("reply.appended")] == [REPLY]


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.ERROR_AFTER_COMMIT], ids=["lost", "500"])
async def test_v08_a_reply_whose_answer_was_lost_is_found(fault: Fault):
    emulator = ZendeskEmulator()

    async with desk(emulator, faulty=True) as made:
        ref = await made.zendesk.open_ticket(a_draft(), key=KEY)
        emulator.next_call(fault, operation="tickets.update")
        with pytest.raises(OutcomeUnknownError):
            await made.zendesk.reply(ref, "With us.", key=REPLY)

        assert await made.zendesk.find_reply(ref, "With us.", key=REPLY)


async def test_an_internal_change_with_the_same_key_is_no_reply():
    emulator = ZendeskEmulator()
    ticket = emulator.add_ticket("Old")
    note = {"comment": {"body": "x", "public": False}, "metadata": {"batonpass_reply": REPLY}}
    emulator.update(ticket, note, author=emulator.agent)

    async with desk(emulator) as made:
        assert not await made.zendesk.find_reply(ref_of(ticket.id), "x", key=REPLY)


# Reading ------------------------------------------------------------------------------------------------------


async def test_a_conversation_is_read_oldest_first_by_who_said_it():
    emulator = emulated()
    bot = emulator.add_user("Shop bot", role="agent")
    nora = named(emulator, "Nora Lind")
    grace = emulator.add_user("Grace", email="grace@customer.example")
    ticket = emulator.add_ticket(
        "Refund", requester=grace, comment="<p>Where is my &lt;money&gt;?<br>Please</p>"
    )
    for author, public, text in (
        (bot, True, "Let me look."),
        (nora, False, "Secret note."),
        (emulator.agent, True, "A person has it."),
        (nora, True, "I have it &amp; refund it."),
        (grace, True, "Thanks!"),
    ):
        told = {"comment": {"html_body": f"<p>{text}</p>", "public": public}}
        emulator.update(ticket, told, author=author)

    async with desk(emulator, ai_agent_id=str(bot.id)) as made:
        read = await made.zendesk.read_conversation(ref_of(ticket.id))

    assert [(turn.role, turn.text) for turn in read.turns] == [
        (Role.CUSTOMER, "Where is my <money>?\nPlease"),
        (Role.AI, "Let me look."),
        (Role.AGENT, "I have it & refund it."),
        (Role.CUSTOMER, "Thanks!"),
    ]
    assert all(turn.at is not None for turn in read.turns)
    assert (read.customer.name, read.customer.email) == ("Grace", "grace@customer.example")
    assert (read.customer.id, read.subject, read.channel) == (str(grace.id), "Refund", "web")
    assert (read.language, read.cut) == ("en-US", 0)


async def test_a_long_conversation_is_read_whole():
    emulator = emulated()
    grace = emulator.add_user("Grace")
    ticket = emulator.add_ticket("Long", requester=grace)
    for number in range(250):
        emulator._comment(ticket, {"body": f"Line {number}"}, author=grace)

    async with desk(emulator) as made:
        read = await made.zendesk.read_conversation(ref_of(ticket.id))

    assert [turn.text for turn in read.turns[1:]] == [f"Line {number}" for number in range(250)]


async def test_v21_reading_and_following_a_deleted_ticket_is_refused():
    emulator = ZendeskEmulator()
    ticket = emulator.add_ticket("Gone")
    emulator.delete_ticket(ticket.id)
    clock = HandClock()

    async with desk(emulator) as made:
        for reading in (
            made.zendesk.read_ticket(ref_of(ticket.id)),
            made.zendesk.read_conversation(ref_of(ticket.id)),
            made.zendesk.follow_ticket(ref_of(ticket.id), since=clock.now()),
            made.zendesk.change_ticket(ref_of(ticket.id), TicketChange(subject="x")),
        ):
            with pytest.raises(RefusedError) as refused:
                await reading
            assert refused.value.status == 404


async def _put(url: str, emulator: ZendeskEmulator, number: int, ticket: dict[str, object]) -> int:
    import httpx  # noqa: PLC0415 - only here

    login = (f"{emulator.email}/token", emulator.api_token)
    async with httpx.AsyncClient(base_url=url, auth=login) as api:
        return (await api.put(f"/api/v2/tickets/{number}", json={"ticket": ticket})).status_code
