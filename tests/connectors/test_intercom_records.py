"""What a record of Intercom's tells, and what it leaves out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from intercom_reading import a_round, ids, only, reading

from batonpass_intercom import listed_wire, synced_people, synced_work
from fakes import NOON


async def test_tickets_and_conversations_have_ids_of_their_own_and_a_tickets_conversation_is_left_out():
    async with reading() as made:
        (ticket,) = made.emulator.fill("tickets", 1)
        conversation, own = made.emulator.fill("conversations", 2)
        made.emulator.account.work[int(own.rpartition("-")[2])].ticket_id = int(ticket.rpartition("-")[2])

        tickets, _ = await a_round(made, "tickets")
        conversations, _ = await a_round(made, "conversations")

    assert (ids(tickets), ids(conversations)) == ({ticket}, {conversation})
    assert ticket.startswith("ticket-")
    assert conversation.startswith("conversation-")


async def test_a_conversation_tells_what_intercoms_statistics_tell():
    async with reading() as made:
        emulator, clock = made.emulator, made.clock
        work = emulator.add_conversation("Where is my refund?", email="mia.keller@example.com")
        admin = next(each for each in emulator.account.admins.values() if each.has_inbox_seat)
        team = next(iter(emulator.account.teams))
        work.ai_state = "escalated"
        clock.go_on(60)
        emulator.desk.assign(work, admin, admin_id=admin.id, team_id=team)
        emulator.desk.say(work, "comment", "<p>Soon.</p>", admin)
        emulator.desk.tag(work, emulator.account.tag("vip"), admin)
        clock.go_on(60)
        emulator.desk.set_open(work, "closed", admin)
        emulator.desk.set_open(work, "open", admin)
        emulator.desk.set_open(work, "closed", admin)
        clock.go_on(60)
        emulator.desk.rate(work, 4, "Fine")

        record = only((await a_round(made, "conversations"))[0])
        rating = only((await a_round(made, "ratings"))[0])

    assert record.changed_at == NOON + timedelta(minutes=3)
    assert record.columns == {
        "number": str(work.id),
        "status": "solved",
        "channel": "conversation",
        "tags": ("vip",),
        "customer_id": work.contact_id,
        "agent_id": str(admin.id),
        "group_id": str(team),
        "created_at": "2026-11-21T12:00:00Z",
        "first_reply_at": "2026-11-21T12:01:00Z",
        "solved_at": "2026-11-21T12:02:00Z",
        "reopens": 1,
        "ai_took_part": True,
        "handed_over": True,
        "score": 75,
    }
    assert record.document == {"begins": "Where is my refund?"}
    assert rating.columns == {
        "ticket_id": f"conversation-{work.id}",
        "customer_id": work.contact_id,
        "agent_id": str(admin.id),
        "score": 75,
        "at": "2026-11-21T12:03:00Z",
    }


async def test_a_ticket_tells_of_its_parts_without_what_we_wrote():
    async with reading(checked=True) as made:
        emulator, clock = made.emulator, made.clock
        contact = emulator.add_contact("Grace", "grace@customer.example")
        work = emulator.desk.open_ticket(contact, title="Refund", description="", attributes={})
        admin = next(each for each in emulator.account.admins.values() if each.has_inbox_seat)
        clock.go_on(30)
        emulator.desk.say(work, "comment", "<p>A person has it.</p>", emulator.admin)
        emulator.desk.say(work, "note", "<p>Context</p>", admin)
        clock.go_on(30)
        emulator.desk.say(work, "comment", "<p>On its way.</p>", admin)
        emulator.desk.say(work, "comment", "<p>Thanks!</p>", contact)
        emulator.desk.set_category(work, "resolved", admin)

        columns = only((await a_round(made, "tickets"))[0]).columns

    assert (columns["agent_replies"], columns["customer_messages"]) == (1, 1)
    assert columns["first_reply_at"] == columns["solved_at"] == "2026-11-21T12:01:00Z"
    assert (columns["subject"], columns["category"], columns["status"]) == (
        "Refund",
        "Support request",
        "solved",
    )
    assert "tags" not in columns


@pytest.mark.parametrize(
    ("told", "handed_over"),
    [
        ({"ai_agent": {"resolution_state": "escalated"}}, True),
        ({"ai_agent": {"resolution_state": "procedure_handoff"}}, True),
        ({"ai_agent": {"resolution_state": "confirmed_resolution"}}, False),
        ({"ai_agent": {"resolution_state": "assumed_resolution"}}, False),
        ({"ai_agent": {"resolution_state": "negative_feedback"}}, None),
        ({"ai_agent": {"resolution_state": "a new word"}}, None),
        ({"ai_agent": {"resolution_state": {}}}, None),
        ({"ai_agent": {}}, None),
        ({"ai_agent": None}, None),
        ({"statistics": {"first_admin_reply_at": 5}}, True),
    ],
)
def test_whether_the_ai_agent_handed_over_is_told_or_left_out(told: dict[str, Any], handed_over: bool | None):
    conversation = listed_wire.Conversation.model_validate(
        {"id": "7", "updated_at": 9, "ai_agent_participated": True, **told}
    )

    columns = synced_work.of_conversation(conversation, ai_agent_id=None).columns

    assert columns["ai_took_part"] is True
    assert columns.get("handed_over") is handed_over


def test_the_ai_agent_is_nobody_whom_a_conversation_is_assigned_to():
    told = listed_wire.Conversation.model_validate({"id": "7", "admin_assignee_id": 99})

    assert synced_work.of_conversation(told, ai_agent_id="7").columns["agent_id"] == "99"
    assert "agent_id" not in synced_work.of_conversation(told, ai_agent_id="99").columns


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"statistics": None, "ai_agent": None, "contacts": None, "source": None, "tags": None},
        {"company": {}, "conversation_rating": {"rating": None, "created_at": 5}},
        {"created_at": 10**15, "updated_at": -(10**15)},
    ],
    ids=["nothing", "nulls", "empty objects", "no times"],
)
def test_a_conversation_of_which_little_is_told_is_a_record_all_the_same(told: dict[str, Any]):
    conversation = listed_wire.Conversation.model_validate({"id": "7", **told})

    record = synced_work.of_conversation(conversation, ai_agent_id="99")

    assert (record.id, record.columns["status"]) == ("conversation-7", "open")
    assert "score" not in record.columns
    assert "company_id" not in record.columns


async def test_ticket_types_and_attributes_are_told_with_their_options_in_our_words():
    async with reading(checked=True) as made:
        made.emulator.account.add_contact_field("Segment", "list", labels=("SMB", "Mid"))

        types, _ = await a_round(made, "ticket_types")
        attributes, _ = await a_round(made, "attributes")

    of_types = {each.columns["name"]: each.columns for each in types}
    held = {each.columns["name"]: each for each in attributes}
    assert of_types["Customer tier"]["options"] == ("Free", "Pro", "Enterprise")
    assert of_types["Customer tier"]["type"] == held["Customer tier"].columns["type"] == "dropdown"
    assert of_types["Support request"]["type"] == "ticket_type"
    assert "_default_title_" not in of_types
    assert (held["Segment"].id, held["Segment"].columns["options"]) == (
        "contact.custom_attributes.Segment",
        ("SMB", "Mid"),
    )


async def test_a_teammate_without_an_inbox_seat_is_not_active():
    async with reading() as made:
        found, _ = await a_round(made, "admins")

    active = {each.columns["name"]: each.columns["is_active"] for each in found}
    assert active == {"Batonpass Connector": False, "Ada Admin": True, "Ben Berger": True}


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.Acme.example/", "acme.example"),
        ("acme.example", "acme.example"),
        ("https://faß.example", "xn--fa-hia.example"),
        ("https://social.example/acme", None),
        ("http://[broken", None),
        ("intranet", None),
        ("", None),
        (None, None),
    ],
)
def test_a_companys_domain_is_that_of_a_site_of_its_own(website: str | None, domain: str | None):
    assert synced_people.domain_of(website) == domain
