"""The ports `FollowsTickets`, `ReadsConversations`, `ListsAgents`, `TellsPresence` and `FactSource`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from freshdesk_rig import a_draft, desk

from batonpass.domain.conversation import Role
from batonpass.domain.errors import RefusedError
from batonpass.domain.event import EventKind
from batonpass.domain.facts import Person, Standing
from batonpass.domain.plain_text import plain_text
from batonpass.domain.presence import Availability, Load
from batonpass.domain.reading import ReadCustomer
from batonpass.domain.ticket import Agent, Note, NoteKey, TicketKey, TicketStatus
from batonpass.testing.happenings import Happening
from batonpass_freshdesk.emulated_account import EmulatedUser
from batonpass_freshdesk.emulator import FreshdeskEmulator
from batonpass_freshdesk.tables import MAIL_QUOTES
from fakes import FakeClock

KEY = TicketKey("ho_1")


def sample(clock: FakeClock | None = None) -> FreshdeskEmulator:
    return FreshdeskEmulator.with_sample_account(clock=clock or FakeClock())


def person(emulator: FreshdeskEmulator, email: str) -> EmulatedUser:
    found = emulator.account.user_with_email(email)
    assert found is not None
    return found


async def test_a_life_from_open_to_rated():
    clock = FakeClock()
    emulator = sample(clock)
    nadia = person(emulator, "nadia@helpdesk.example")

    async with desk(emulator, clock=clock) as made:
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        await made.freshdesk.reply(ref, "A person has it.", key=NoteKey("r"))
        fresh = await made.freshdesk.follow_ticket(ref, since=clock.now())
        for kind in (
            EventKind.TICKET_ASSIGNED,
            EventKind.AGENT_REPLIED,
            EventKind.TICKET_SOLVED,
            EventKind.TICKET_RATED,
        ):
            clock.go_on(60)
            emulator.happen(Happening(kind=kind, score=0.0, text="Too slow"))
        life = await made.freshdesk.follow_ticket(ref, since=clock.now() - timedelta(hours=1))

    assert (fresh.status, fresh.assignee, fresh.first_reply, fresh.rating) == (
        TicketStatus.OPEN,
        None,
        None,
        None,
    )
    assert life.status is TicketStatus.SOLVED
    assert life.assignee is not None
    assert life.first_reply is not None
    assert life.assignee == life.first_reply.agent == Agent(id=str(nadia.id), name="Nadia Haddad")
    assert life.first_reply.at == clock.at + timedelta(seconds=120)
    assert life.solved_at == clock.at + timedelta(seconds=180)
    assert life.as_of == clock.at + timedelta(seconds=240)
    assert life.rating is not None
    assert (life.rating.score, life.rating.said, life.rating.comment) == (
        0.0,
        "Extremely Unhappy",
        "Too slow",
    )


async def test_names_of_agents_are_read_once_in_ten_minutes():
    clock = FakeClock()
    emulator = sample(clock)
    emulator.add_ticket("Hello")
    emulator.happen(Happening(kind=EventKind.TICKET_ASSIGNED))
    names = []

    async with desk(emulator, clock=clock) as made:
        ref = made.freshdesk.ticket_ref("1")
        for seconds in (0, 599, 2):
            clock.go_on(seconds)
            person(emulator, "nadia@helpdesk.example").name = f"Nadia {seconds}"
            life = await made.freshdesk.follow_ticket(ref, since=clock.at)
            names.append(life.assignee and life.assignee.name)

    assert names == ["Nadia 0", "Nadia 0", "Nadia 2"]
    assert emulator.calls.count("agents.list") == 2


async def test_a_key_that_may_not_list_agents_gives_no_names():
    clock = FakeClock()
    emulator = FreshdeskEmulator.with_sample_account(clock=clock, is_admin=False)
    emulator.add_ticket("Hello")
    emulator.happen(Happening(kind=EventKind.TICKET_ASSIGNED))

    async with desk(emulator, clock=clock) as made:
        life = await made.freshdesk.follow_ticket(made.freshdesk.ticket_ref("1"), since=clock.at)

    assert life.assignee is not None
    assert life.assignee.name is None


async def test_replies_before_the_handoff_and_notes_do_not_count():
    clock = FakeClock()
    emulator = sample(clock)
    emulator.happen(Happening(kind=EventKind.TICKET_OPENED, text="Where is my order?"))
    emulator.happen(Happening(kind=EventKind.AGENT_REPLIED))
    clock.go_on(600)
    since = clock.now()
    emulator.happen(Happening(kind=EventKind.NOTE_ADDED))
    emulator.happen(Happening(kind=EventKind.CUSTOMER_REPLIED))

    async with desk(emulator, clock=clock) as made:
        life = await made.freshdesk.follow_ticket(made.freshdesk.ticket_ref("1"), since=since)

    assert life.first_reply is None


async def test_the_ai_agents_user_accepts_nothing_and_speaks_as_the_ai():
    clock = FakeClock()
    emulator = sample(clock)
    ai = emulator.add_user("Robo", email="robo@helpdesk.example", is_agent=True)
    emulator.happen(Happening(kind=EventKind.TICKET_OPENED, text="Where is my order?"))
    emulator.happen(Happening(kind=EventKind.TICKET_ASSIGNED, agent=str(ai.id)))
    emulator.happen(Happening(kind=EventKind.AGENT_REPLIED, agent=str(ai.id), text="I do not know."))

    async with desk(emulator, clock=clock, ai_agent_id=str(ai.id)) as made:
        ref = made.freshdesk.ticket_ref("1")
        life = await made.freshdesk.follow_ticket(ref, since=clock.at)
        read = await made.freshdesk.read_conversation(ref)

    assert (life.assignee, life.first_reply) == (None, None)
    assert [turn.role for turn in read.turns] == [Role.CUSTOMER, Role.AI]


async def test_a_plan_without_surveys_has_no_rating():
    emulator = sample()
    emulator.has_surveys = False
    emulator.happen(Happening(kind=EventKind.TICKET_OPENED))
    emulator.happen(Happening(kind=EventKind.TICKET_SOLVED))

    async with desk(emulator, faulty=True) as made:
        life = await made.freshdesk.follow_ticket(made.freshdesk.ticket_ref("1"), since=emulator.clock.now())

    assert (life.status, life.rating) == (TicketStatus.SOLVED, None)


async def test_an_own_status_of_the_account_counts_as_open():
    emulator = sample()
    emulator.add_ticket("Hello", status=6)

    async with desk(emulator) as made:
        life = await made.freshdesk.follow_ticket(made.freshdesk.ticket_ref("1"), since=emulator.clock.now())

    assert life.status is TicketStatus.OPEN


async def test_a_deleted_ticket_is_followed_no_more():
    emulator = sample()
    emulator.add_ticket("Hello")
    emulator.delete_ticket(1)

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as gone:
            await made.freshdesk.follow_ticket(made.freshdesk.ticket_ref("1"), since=emulator.clock.now())

    assert gone.value.code == "gone"


# Conversations ------------------------------------------------------------------------------------------------


async def test_a_conversation_is_read_as_its_public_turns_in_order():
    clock = FakeClock()
    emulator = sample(clock)
    emulator.happen(
        Happening(kind=EventKind.TICKET_OPENED, text="Where is my order?\n\n<b>Please</b> & thanks")
    )
    clock.go_on(60)
    emulator.happen(Happening(kind=EventKind.AGENT_REPLIED, text="I look."))
    emulator.happen(Happening(kind=EventKind.NOTE_ADDED, text="secret"))
    clock.go_on(60)
    emulator.happen(Happening(kind=EventKind.CUSTOMER_REPLIED, text="Still waiting."))

    async with desk(emulator, clock=clock) as made:
        ref = made.freshdesk.ticket_ref("1")
        await made.freshdesk.append_note(ref, Note(html="<p>x</p>", text="x"), key=NoteKey("n"))
        await made.freshdesk.reply(ref, "A person has it.", key=NoteKey("r"))
        read = await made.freshdesk.read_conversation(ref)

    assert [(turn.role, turn.text) for turn in read.turns] == [
        (Role.CUSTOMER, "Where is my order?\n<b>Please</b> & thanks"),
        (Role.AGENT, "I look."),
        (Role.CUSTOMER, "Still waiting."),
    ]
    assert [turn.at for turn in read.turns] == [clock.at + timedelta(seconds=each) for each in (0, 60, 120)]
    assert (read.customer.name, read.customer.email) == ("Mia Keller", "mia.keller@example.com")
    assert (read.channel, read.cut) == ("portal", 0)


async def test_a_ticket_in_the_name_of_our_own_agent_has_no_customer():
    emulator = sample()

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(requester=None), key=KEY)
        read = await made.freshdesk.read_conversation(ref)

    assert read.customer == ReadCustomer()


@pytest.mark.parametrize("sample_account", [True, False], ids=["key in the field", "key in a tag"])
async def test_our_own_description_is_no_turn(sample_account: bool):
    emulator = sample() if sample_account else FreshdeskEmulator(clock=FakeClock())

    async with desk(emulator) as made:
        ref = await made.freshdesk.open_ticket(a_draft(), key=KEY)
        read = await made.freshdesk.read_conversation(ref)

    assert read.turns == ()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param(
            "<p>New</p><blockquote class='freshdesk_quote'><p>Old<img></p></blockquote>", "New", id="quote"
        ),
        pytest.param("<p>open <div class=gmail_quote>old", "open", id="never closed"),
    ],
)
def test_what_a_mail_program_repeats_is_left_out(html: str, text: str):
    assert plain_text(html, quotes=MAIL_QUOTES) == text


# The team -----------------------------------------------------------------------------------------------------


async def test_agents_are_the_team_that_still_works_here():
    emulator = sample()
    person(emulator, "tom@helpdesk.example").active = False

    async with desk(emulator) as made:
        agents = await made.freshdesk.agents()

    assert [agent.name for agent in agents] == ["Batonpass", "Nadia Haddad"]
    assert agents[1].email == "nadia@helpdesk.example"


async def test_a_key_of_no_admin_sees_itself_only():
    emulator = sample()
    emulator.is_admin = False

    async with desk(emulator) as made:
        agents = await made.freshdesk.agents()
        with pytest.raises(RefusedError) as forbidden:
            await made.freshdesk.presence()

    assert [agent.id for agent in agents] == [str(emulator.agent.id)]
    assert forbidden.value.code == "forbidden"


async def test_presence_tells_who_takes_new_work_with_load_limit_and_groups():
    emulator = sample()
    nadia, tom = person(emulator, "nadia@helpdesk.example"), person(emulator, "tom@helpdesk.example")
    tom.available = False
    emulator.agent.available = emulator.agent.logged_in = False
    emulator.add_ticket("Hello").responder_id = nadia.id

    async with desk(emulator) as made:
        presence = await made.freshdesk.presence()

    by_name = {each.agent.name: each for each in presence.agents}
    assert by_name["Nadia Haddad"].availability is Availability.ONLINE
    assert by_name["Tom Becker"].availability is Availability.AWAY
    assert by_name["Batonpass"].availability is Availability.OFFLINE
    assert by_name["Nadia Haddad"].loads == (Load(channel="freshdesk", assigned=1, limit=10),)
    assert len(by_name["Nadia Haddad"].group_ids) == 4


# History ------------------------------------------------------------------------------------------------------


async def test_history_tells_the_newest_five_and_counts_ninety_days():
    clock = FakeClock()
    emulator = sample(clock)
    mia = person(emulator, "mia.keller@example.com")
    for days in (400, 100, 40, 3, 2, 1, 0):
        emulator.add_ticket(
            f"{days} days old", requester=mia, status=4, created_at=clock.at - timedelta(days=days)
        )

    async with desk(emulator, clock=clock) as made:
        answer = await made.freshdesk.facts_about(Person(email="mia.keller@example.com", ticket_id="7"), ())

    facts = {fact.name: fact.value for fact in answer.facts}
    assert facts["support.tickets_90_days"] == 4
    assert facts["support.recent_tickets"] == (
        "#6 1 days old (resolved, 2026-11-20)",
        "#5 2 days old (resolved, 2026-11-19)",
        "#4 3 days old (resolved, 2026-11-18)",
        "#3 40 days old (resolved, 2026-10-12)",
        "#2 100 days old (resolved, 2026-08-13)",
    )


async def test_history_of_nobody_of_strangers_and_by_id():
    emulator = sample()
    mia = person(emulator, "mia.keller@example.com")
    emulator.add_user("Ext", external_id="crm-7")

    async with desk(emulator) as made:
        nobody = await made.freshdesk.facts_about(Person(name="Mia"), ())
        calls = len(emulator.calls)
        stranger = await made.freshdesk.facts_about(Person(email="who@example.com"), ())
        by_id = await made.freshdesk.facts_about(Person(external_ids=(("freshdesk", str(mia.id)),)), ())
        external = await made.freshdesk.facts_about(Person(external_ids=(("support", "crm-7"),)), ())

    assert (nobody.standing, calls) == (Standing.NO_KEY, 0)
    assert stranger.standing is Standing.NOT_FOUND
    assert (by_id.standing, external.standing) == (Standing.FOUND, Standing.FOUND)
    assert [fact.value for fact in by_id.facts] == [0]
