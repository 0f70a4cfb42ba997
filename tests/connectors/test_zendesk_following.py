"""How far a ticket has come, and who of the team is there."""

from __future__ import annotations

import pytest

from batonpass.domain.errors import RefusedError
from batonpass.domain.event import EventKind
from batonpass.domain.presence import Availability, Load
from batonpass.domain.ticket import Agent, TicketRef, TicketStatus
from batonpass.testing.happenings import Happening
from batonpass_zendesk.emulated_account import EmulatedTicket, EmulatedUser
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import HandClock, desk


class Story:
    """A ticket of Grace's, two agents, an AI agent's user."""

    def __init__(self, **options: object) -> None:
        self.clock = HandClock()
        self.emulator = ZendeskEmulator.with_sample_account(clock=self.clock, **options)
        self.nora, self.sam = (user for user in self.emulator.account.users.values() if user.role == "agent")
        self.bot = self.emulator.add_user("Shop bot", role="agent")
        self.grace = self.emulator.add_user("Grace", email="grace@customer.example")
        self.ticket: EmulatedTicket = self.emulator.add_ticket("Refund", requester=self.grace, status="new")
        self.since = self.clock.now()

    @property
    def ref(self) -> TicketRef:
        return TicketRef(id=str(self.ticket.id), url="")

    def says(self, who: EmulatedUser, *, public: bool = True, after: float = 60) -> None:
        self.clock.passed += after
        self.emulator.update(self.ticket, {"comment": {"body": "Something.", "public": public}}, author=who)

    def becomes(self, after: float = 60, **told: object) -> None:
        self.clock.passed += after
        self.emulator.update(self.ticket, told, author=self.nora)

    async def life(self, *, faulty: bool = False):
        async with desk(self.emulator, clock=self.clock, faulty=faulty, ai_agent_id=str(self.bot.id)) as made:
            return await made.zendesk.follow_ticket(self.ref, since=self.since)


async def test_a_new_ticket_has_nobody_and_nothing():
    life = await Story().life()

    assert life.status is TicketStatus.OPEN
    assert (life.assignee, life.first_reply, life.solved_at, life.rating, life.merged_into) == (None,) * 5


async def test_the_first_public_reply_of_a_person_since_then_counts():
    story = Story()
    story.says(story.sam)
    story.clock.passed += 60
    story.since = story.clock.now()
    for who, public in (
        (story.bot, True),
        (story.emulator.agent, True),
        (story.nora, False),
        (story.grace, True),
    ):
        story.says(who, public=public)
    story.says(story.nora)
    told_at = story.clock.now()
    story.says(story.sam)

    life = await story.life()

    assert life.first_reply is not None
    nora = Agent(id=str(story.nora.id), name="Nora Lind", email="nora@helpdesk.example")
    assert (life.first_reply.agent, life.first_reply.at) == (nora, told_at)


@pytest.mark.parametrize("who", ["bot", "agent"])
async def test_a_ticket_assigned_to_a_machine_is_accepted_by_nobody(who: str):
    story = Story()
    machine = story.bot if who == "bot" else story.emulator.agent
    story.becomes(assignee_id=machine.id)

    assert (await story.life()).assignee is None


async def test_the_assignee_and_the_time_of_solving_are_told():
    story = Story()
    story.becomes(assignee_id=story.sam.id)
    story.becomes(status="solved")
    solved_at = story.clock.now()
    story.says(story.nora, public=False)

    life = await story.life()

    assert life.assignee == Agent(id=str(story.sam.id), name="Sam Okoye", email="sam@helpdesk.example")
    assert (life.status, life.solved_at, life.as_of) == (TicketStatus.SOLVED, solved_at, story.clock.now())


async def test_a_ticket_that_zendesk_closes_later_was_solved_when_it_was_solved_last():
    story = Story()
    story.becomes(status="solved")
    story.becomes(status="open", after=3600)
    story.becomes(status="solved", after=3600)
    solved_at = story.clock.now()
    story.becomes(status="closed", after=4 * 24 * 3600)

    life = await story.life()

    assert (life.status, life.solved_at) == (TicketStatus.CLOSED, solved_at)


async def test_a_reopened_ticket_is_not_solved():
    story = Story()
    story.becomes(status="solved")
    story.says(story.grace)

    life = await story.life()

    assert (life.status, life.solved_at) == (TicketStatus.OPEN, None)


@pytest.mark.parametrize(("score", "ours", "said"), [(1.0, 1.0, "good"), (0.2, 0.0, "bad")])
async def test_an_older_rating_is_told(score: float, ours: float, said: str):
    story = Story()
    story.emulator.happen(
        Happening(kind=EventKind.TICKET_RATED, ticket=story.ref.id, score=score, text="Well done.")
    )

    rating = (await story.life()).rating

    assert rating is not None
    assert (rating.score, rating.said, rating.comment) == (ours, said, "Well done.")
    assert "surveys.list" not in story.emulator.calls


@pytest.mark.parametrize(
    ("score", "ours", "said"), [(1.0, 1.0, "5 of 5"), (0.75, 0.75, "4 of 5"), (0.0, 0.0, "1 of 5")]
)
async def test_a_survey_is_told_and_the_newest_counts(score: float, ours: float, said: str):
    story = Story(surveys=True)
    for told in (0.5, score):
        story.clock.passed += 60
        story.emulator.happen(Happening(kind=EventKind.TICKET_RATED, ticket=story.ref.id, score=told))

    rating = (await story.life()).rating

    assert rating is not None
    assert (rating.score, rating.said, rating.at) == (ours, said, story.clock.now())


async def test_an_account_without_surveys_is_asked_for_them_once():
    story = Story()

    async with desk(story.emulator, clock=story.clock) as made:
        for _ in range(3):
            assert (await made.zendesk.follow_ticket(story.ref, since=story.since)).rating is None

    assert story.emulator.calls.count("surveys.list") == 1


async def test_v21_a_merged_ticket_names_its_heir_and_not_a_number_that_somebody_wrote():
    story = Story()
    other = story.emulator.add_ticket("The same")
    story.clock.passed += 60
    hostile = {"comment": {"body": "closed and merged into request #999", "public": True}}
    story.emulator.update(story.ticket, hostile, author=story.grace)
    story.emulator.merge_ticket(story.ticket.id, other.id)

    life = await story.life()

    assert (life.status, life.merged_into) == (TicketStatus.CLOSED, str(other.id))


async def test_our_own_id_is_asked_for_once():
    emulator = ZendeskEmulator()

    async with desk(emulator) as made:
        ids = {await made.zendesk.own_id() for _ in range(3)}

    assert ids == {str(emulator.agent.id)}
    assert emulator.calls.count("users.me") == 1


# The team -----------------------------------------------------------------------------------------------------


async def test_everybody_who_can_be_assigned_tickets_is_an_agent():
    story = Story()
    for number in range(120):
        story.emulator.add_user(f"Agent {number}", role="agent")
    story.emulator.add_user("Light", role="agent").role_type = 1
    story.emulator.add_user("Gone", role="agent").suspended = True
    story.emulator.add_user("Deleted", role="admin").active = False

    async with desk(story.emulator, ai_agent_id=str(story.bot.id)) as made:
        names = {agent.name for agent in await made.zendesk.agents()}

    assert names == {"Nora Lind", "Sam Okoye", *(f"Agent {number}" for number in range(120))}
    assert story.emulator.calls.count("users.list") == 2


async def test_presence_tells_who_takes_work_and_how_much_they_have():
    story = Story()
    there = story.emulator.account.presences or {}
    there[story.nora.id].channels = {"support": ("online", 2, 5), "messaging": ("offline", 0, 3)}
    away = Happening(kind=EventKind.AGENT_PRESENCE_CHANGED, agent=str(story.sam.id), value="away")
    story.emulator.happen(away)
    lunch = story.emulator.account.add_presence(story.emulator.add_user("Zoe", role="agent"))
    lunch.status_id, lunch.status, lunch.channels = 77, "Lunch", {"support": ("away", 0, 5)}

    async with desk(story.emulator, clock=story.clock) as made:
        presence = await made.zendesk.presence()
        await made.zendesk.presence()

    told = {each.agent.name: each for each in presence.agents}
    assert told["Nora Lind"].availability is Availability.ONLINE
    assert told["Nora Lind"].loads == (
        Load(channel="support", assigned=2, limit=5),
        Load(channel="messaging", assigned=0, limit=3),
    )
    assert (told["Sam Okoye"].availability, told["Sam Okoye"].since) == (Availability.AWAY, story.clock.now())
    assert (told["Zoe"].availability, told["Zoe"].status) == (Availability.AWAY, "Lunch")
    assert presence.as_of == story.clock.now()
    assert story.emulator.calls.count("users.list") == 1


async def test_an_account_without_availability_refuses_presence():
    emulator = ZendeskEmulator()

    async with desk(emulator, faulty=True) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.presence()

    assert refused.value.status == 404
