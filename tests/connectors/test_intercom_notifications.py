"""What Intercom's notifications tell, by hand and as the emulator posts them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from intercom_rig import SECRET, Desk, a_draft, desk, events, received, settings, told
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from batonpass.domain.delivery import Delivery
from batonpass.domain.event import Event, EventKind
from batonpass.domain.ticket import Note, NoteKey, TicketKey
from batonpass.testing.happenings import Happening
from batonpass.testing.serving import served
from batonpass_intercom import manifest
from batonpass_intercom.notifications import KINDS
from batonpass_intercom.webhooks import by_hand, receive
from fakes import NOON

# What it tells --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "item", "expected"),
    [
        ("ticket.created", {"type": "ticket", "id": "7"}, (EventKind.TICKET_OPENED, "ticket-7")),
        ("ticket.closed", {"ticket": {"id": 7}}, (EventKind.TICKET_SOLVED, "ticket-7")),
        (
            "ticket.state.updated",
            {"id": "7", "ticket_state": {"category": "resolved"}},
            (EventKind.TICKET_SOLVED, "ticket-7"),
        ),
        (
            "ticket.state.updated",
            {"id": "7", "ticket_state": "resolved"},
            (EventKind.TICKET_SOLVED, "ticket-7"),
        ),
        ("ticket.state.updated", {"id": "7"}, (EventKind.STATUS_CHANGED, "ticket-7")),
        (
            "ticket.state.updated",
            {"id": "7", "ticket_parts": {"ticket_parts": [{"previous_ticket_state": "resolved"}]}},
            (EventKind.TICKET_REOPENED, "ticket-7"),
        ),
        ("admin.away_mode_updated", {"type": "admin", "id": 99}, (EventKind.AGENT_PRESENCE_CHANGED, "99")),
        ("contact.user.updated", {"type": "contact", "id": "6f"}, (EventKind.CONTACT_CHANGED, "6f")),
        ("brand.new", {"type": "brand", "id": "1"}, (EventKind.UNKNOWN, "1")),
    ],
)
def test_w19_each_topic_in_our_words(topic: str, item: Any, expected: tuple[EventKind, str]):
    assert events(topic, item) == [expected]


def test_w19_a_ping_is_a_test():
    (event,) = received(json.dumps(told("ping", {"type": "ping"})).encode())

    assert (event.kind, event.test) == (EventKind.UNKNOWN, True)


@pytest.mark.parametrize(
    ("topic", "item", "start", "asked"),
    [
        (
            "conversation_part.tag.created",
            {"type": "conversation", "id": "1", "tags_added": {"tags": [{"name": "needs_person"}]}},
            {"tag": "needs_person"},
            True,
        ),
        (
            "conversation_part.tag.created",
            {"type": "conversation", "id": "1", "tags": {"tags": [{"name": "other"}]}},
            {"tag": "needs_person"},
            False,
        ),
        ("ticket.team.assigned", {"id": "1", "team_assignee_id": 5}, {"group": "5"}, True),
        ("ticket.team.assigned", {"id": "1", "team_assignee_id": 6}, {"group": "5"}, False),
        ("ticket.team.assigned", {"id": "1", "team_assignee_id": 6}, {"group": "Support"}, True),
        ("conversation.admin.assigned", {"id": "1", "team_assignee_id": 0}, {"group": "Support"}, False),
        (
            "ticket.attribute.updated",
            {"id": "1", "ticket_attributes": {"Needs person": True}},
            {"field": "Needs person", "value": "true"},
            True,
        ),
        (
            "ticket.attribute.updated",
            {"id": "1", "ticket_attributes": {"Needs person": False}},
            {"field": "Needs person", "value": "true"},
            False,
        ),
    ],
)
def test_the_start_rule_decides_what_asks_for_a_handoff(
    topic: str, item: Any, start: dict[str, str], asked: bool
):
    assert (EventKind.HANDOFF_ASKED in [kind for kind, _ in events(topic, item, **start)]) is asked
    assert EventKind.HANDOFF_ASKED not in [kind for kind, _ in events(topic, item)]


def test_a_person_is_told_what_to_enter_where_topic_by_topic():
    lines = by_hand(settings(tag="needs_person"), "https://bp.example/webhooks/support")

    assert any("https://bp.example/webhooks/support" in line for line in lines)
    assert all(any(line.strip() == topic for line in lines) for topic in KINDS if topic != "ping")
    assert any("needs_person" in line for line in lines)
    assert manifest.webhooks is not None
    assert manifest.webhooks.by_hand is by_hand


# The emulator's deliveries --------------------------------------------------------------------------------------


async def played(
    made: Desk, *happenings: Happening, rule: dict[str, str]
) -> list[tuple[EventKind, str | None, str | None]]:
    """What our door understands of what the emulator posts for them."""
    got: list[Event] = []

    async def door(request: Request) -> Response:
        headers = [(name.lower(), value) for name, value in request.headers.items()]
        delivery = Delivery(method="POST", url=str(request.url), headers=headers, body=await request.body())
        got.extend(receive(delivery, secrets=[SecretStr(SECRET)], settings=settings(**rule), now=NOON))
        return Response(status_code=200)

    async with served(Starlette(routes=[Route("/hook", door, methods=["POST"])])) as url:
        made.emulator.deliver_to(f"{url}/hook", secret=SECRET)
        for happening in happenings:
            made.emulator.happen(happening)
            await asyncio.wait_for(made.emulator.outbox.settled(), 5)
    return [(event.kind, event.subject_id, event.actor_id) for event in got]


@pytest.mark.parametrize("kind", ["ticket", "conversation"])
async def test_what_people_do_arrives_signed_with_its_subject_and_actor(kind: str):
    async with desk() as made:
        if kind == "ticket":
            ref = await made.intercom.open_ticket(a_draft(), key=TicketKey("ho_1"))
        else:
            ref = made.intercom.ticket_ref(f"conversation-{made.emulator.add_conversation('Hello').id}")
        agent = (await made.intercom.agents())[0]
        happened = [
            EventKind.TICKET_ASSIGNED,
            EventKind.AGENT_REPLIED,
            EventKind.CUSTOMER_REPLIED,
            EventKind.NOTE_ADDED,
            EventKind.STATUS_CHANGED,
            EventKind.TICKET_SOLVED,
            EventKind.TICKET_REOPENED,
            EventKind.TICKET_RATED,
        ]
        got = await played(made, *(Happening(kind=each, ticket=ref.id) for each in happened), rule={})

    without_actor = {EventKind.CUSTOMER_REPLIED, EventKind.TICKET_RATED}
    assert got == [(each, ref.id, None if each in without_actor else agent.id) for each in happened]


async def test_a_tag_asks_for_a_handoff_and_somebody_leaving_is_told():
    async with desk() as made:
        work = made.emulator.add_conversation("Hello")
        got = await played(
            made,
            Happening(kind=EventKind.HANDOFF_ASKED, tag="needs_person"),
            Happening(kind=EventKind.AGENT_PRESENCE_CHANGED),
            rule={"tag": "needs_person"},
        )

    assert [kind for kind, _, _ in got] == [EventKind.HANDOFF_ASKED, EventKind.AGENT_PRESENCE_CHANGED]
    assert got[0][1] == f"conversation-{work.id}"


async def test_a_ticket_in_a_team_and_with_a_field_set_asks_for_a_handoff():
    async with desk() as made:
        ref = await made.intercom.open_ticket(a_draft(), key=TicketKey("ho_1"))
        by_group = await played(
            made, Happening(kind=EventKind.HANDOFF_ASKED, group="Support"), rule={"group": "Support"}
        )
        field = {"field": "Identity verified", "value": "true"}
        by_field = await played(made, Happening(kind=EventKind.HANDOFF_ASKED, **field), rule=field)

    assert (EventKind.HANDOFF_ASKED, ref.id) in [(kind, subject) for kind, subject, _ in by_group]
    assert (EventKind.HANDOFF_ASKED, ref.id) in [(kind, subject) for kind, subject, _ in by_field]


async def test_our_own_note_echoes_with_our_own_id():
    async with desk() as made:
        ref = await made.intercom.open_ticket(a_draft(), key=TicketKey("ho_1"))
        own = await made.intercom.own_id()
        seen: list[bytes] = []

        async def door(request: Request) -> Response:
            seen.append(await request.body())
            return Response(status_code=200)

        async with served(Starlette(routes=[Route("/hook", door, methods=["POST"])])) as url:
            made.emulator.deliver_to(f"{url}/hook", secret=SECRET)
            await made.intercom.append_note(ref, Note(html="<p>x</p>", text="x"), key=NoteKey("k"))
            await asyncio.wait_for(made.emulator.outbox.settled(), 5)

    (event,) = received(seen[0])
    assert (event.kind, event.subject_id, event.actor_id) == (EventKind.NOTE_ADDED, ref.id, own)
