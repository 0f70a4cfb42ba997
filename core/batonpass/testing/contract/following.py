"""The life of a ticket, as people move it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batonpass.domain.errors import RefusedError
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import NoteKey, TicketLife, TicketRef, TicketStatus
from batonpass.ports import Capability, FollowsTickets, ListsAgents, Replies
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opened import HandClock, Opened

SINCE = HandClock().now()


async def life(made: Opened, ref: TicketRef, *, hours: float = 0.0) -> TicketLife:
    """The life, counted from so many hours after the beginning of the test."""
    return await made.to(FollowsTickets).follow_ticket(ref, since=SINCE + timedelta(hours=hours))


class FollowingContract(Basis):
    """`FollowsTickets`."""

    needs = Capability.FOLLOW_TICKET

    @holds(FollowsTickets.follow_ticket, "The ticket's life as it stands now")
    async def test_a_new_ticket_waits_for_everybody(self) -> None:
        async with self.opened(Capability.FOLLOW_TICKET) as made:
            ref = await made.a_ticket()

            told = await life(made, ref)

            assert told.status is TicketStatus.OPEN
            assert (told.assignee, told.first_reply, told.solved_at, told.rating) == (None, None, None, None)
            assert told.merged_into is None

    async def test_the_assignee_is_told(self) -> None:
        async with self.opened(Capability.FOLLOW_TICKET) as made:
            self.playing(made, EventKind.TICKET_ASSIGNED)
            ref = await made.a_ticket()
            before = await life(made, ref)
            agent = await self._somebody(made)

            await made.play(EventKind.TICKET_ASSIGNED, ref, agent=agent)

            told = await life(made, ref)
            assert told.assignee is not None
            assert agent in {None, told.assignee.id}
            assert told.as_of >= before.as_of

    async def test_the_first_reply_is_the_first_public_one_of_a_person(self) -> None:
        async with self.opened(Capability.FOLLOW_TICKET) as made:
            self.playing(made, EventKind.AGENT_REPLIED, EventKind.NOTE_ADDED, EventKind.CUSTOMER_REPLIED)
            ref = await (self.an_answerable_ticket(made) if made.has(Capability.REPLY) else made.a_ticket())
            await made.play(EventKind.NOTE_ADDED, ref, text="A note.")
            await made.play(EventKind.CUSTOMER_REPLIED, ref, text="Anybody there?")
            if made.has(Capability.REPLY):
                await made.to(Replies).reply(ref, "By batonpass.", key=NoteKey(made.key()))
            before = await life(made, ref)
            agent = await self._somebody(made)

            await made.play(EventKind.AGENT_REPLIED, ref, agent=agent, text="I am here.")
            at = made.clock.now()
            await made.play(EventKind.AGENT_REPLIED, ref, text="And again.")

            told = await life(made, ref)
            assert before.first_reply is None
            assert told.first_reply is not None
            assert agent in {None, told.first_reply.agent.id}
            assert abs(told.first_reply.at - at) <= timedelta(seconds=2)

    @holds(FollowsTickets.follow_ticket, "Replies before `since`")
    async def test_replies_before_the_handoff_do_not_count(self) -> None:
        async with self.opened(Capability.FOLLOW_TICKET) as made:
            self.playing(made, EventKind.AGENT_REPLIED)
            ref = await made.a_ticket()
            await made.play(EventKind.AGENT_REPLIED, ref, text="Long ago.")
            made.clock.go_on(2 * 3600)
            before = await life(made, ref, hours=1)

            await made.play(EventKind.AGENT_REPLIED, ref, text="Today.")

            told = await life(made, ref, hours=1)
            assert before.first_reply is None
            assert told.first_reply is not None
            assert told.first_reply.at > SINCE + timedelta(hours=1)

    async def test_what_the_ai_agent_does_is_done_by_nobody(self) -> None:
        async with self.opened(Capability.FOLLOW_TICKET, Capability.AGENTS) as made:
            self.playing(made, EventKind.AGENT_REPLIED, EventKind.TICKET_ASSIGNED)
            robot = (await made.to(ListsAgents).agents())[-1].id
            ref = await made.a_ticket()
            await made.play(EventKind.TICKET_ASSIGNED, ref, agent=robot)
            await made.play(EventKind.AGENT_REPLIED, ref, agent=robot, text="I am a robot.")
            person = await life(made, ref)
            async with self.opened(emulator=made.emulator, clock=made.clock, ai_agent_id=robot) as again:
                told = await life(again, ref)

            assert person.assignee is not None, "it counts while nobody says that it is the AI agent"
            assert person.first_reply is not None
            assert (told.assignee, told.first_reply) == (None, None)

    async def test_a_ticket_is_solved_and_opened_again(self) -> None:
        async with self.opened(Capability.FOLLOW_TICKET) as made:
            self.playing(made, EventKind.TICKET_SOLVED, EventKind.TICKET_REOPENED)
            ref = await made.a_ticket()

            await made.play(EventKind.TICKET_SOLVED, ref)
            solved, at = await life(made, ref), made.clock.now()
            await made.play(EventKind.TICKET_REOPENED, ref)
            again = await life(made, ref)

            assert solved.status.is_done
            assert solved.solved_at is None or abs(solved.solved_at - at) <= timedelta(minutes=2)
            assert not again.status.is_done
            assert again.solved_at is None
            assert again.as_of >= solved.as_of

    async def test_a_ticket_that_waits_for_the_customer_is_pending(self) -> None:
        async with self.opened(Capability.FOLLOW_TICKET) as made:
            self.playing(made, EventKind.STATUS_CHANGED)
            ref = await made.a_ticket()

            await made.play(EventKind.STATUS_CHANGED, ref)

            assert (await life(made, ref)).status is TicketStatus.PENDING

    @pytest.mark.parametrize("score", [0.0, 1.0], ids=["worst", "best"])
    async def test_the_customers_rating_is_told(self, score: float) -> None:
        async with self.opened(Capability.FOLLOW_TICKET, Capability.SATISFACTION) as made:
            self.playing(made, EventKind.TICKET_RATED, EventKind.TICKET_SOLVED)
            ref = await by_somebody(made)
            await made.play(EventKind.TICKET_SOLVED, ref)
            before = await life(made, ref)

            await made.play(EventKind.TICKET_RATED, ref, score=score, text="As I said.")

            told = await life(made, ref)
            assert before.rating is None
            assert told.rating is not None
            assert told.rating.score == score
            assert told.rating.said

    @holds(FollowsTickets.follow_ticket, "Raises as `read_ticket` does")
    async def test_a_deleted_ticket_has_no_life(self) -> None:
        async with self.opened(Capability.FOLLOW_TICKET) as made:
            ref = await made.a_ticket()
            self.delete_ticket(made.emulator, ref)

            with pytest.raises(RefusedError) as refused:
                await life(made, ref)

            assert refused.value.status in {404, 405, 410} or refused.value.code == "gone"

    @holds(FollowsTickets.own_id, "The vendor's id of the user", "None where the vendor tells none")
    async def test_our_own_id_is_that_of_no_other_agent_and_is_asked_for_once(self) -> None:
        async with self.opened(Capability.FOLLOW_TICKET) as made:
            follows = made.to(FollowsTickets)
            own = await follows.own_id()
            calls = len(made.emulator.calls)

            again = await follows.own_id()

            assert own is None or own
            assert again == own
            assert own is None or len(made.emulator.calls) == calls

    async def _somebody(self, made: Opened) -> str | None:
        """A person, not our own user."""
        if not made.has(Capability.AGENTS):
            return None
        own = await made.own_id()
        return next(each.id for each in await made.to(ListsAgents).agents() if each.id != own)


async def by_somebody(made: Opened) -> TicketRef:
    """A ticket of a customer's own, where the emulator plays that: some vendors ask only those for a rating."""
    if EventKind.TICKET_OPENED not in made.emulator.plays:
        return await made.a_ticket()
    return made.helpdesk.ticket_ref(await made.play(EventKind.TICKET_OPENED, text="My parcel is lost."))
