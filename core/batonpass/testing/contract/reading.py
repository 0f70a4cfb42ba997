"""Conversations are read as people see them."""

from __future__ import annotations

import pytest

from batonpass.domain.conversation import Role
from batonpass.domain.errors import RefusedError
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import NoteKey, TicketRef
from batonpass.ports import Capability, ListsAgents, ReadsConversations, Replies
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.opened import Opened
from batonpass.testing.contract.samples import HOSTILE

MIA = "mia.keller@example.com"


async def by_customer(made: Opened, text: str = "My parcel is lost.") -> TicketRef:
    """A ticket that a customer has opened."""
    ticket = await made.play(EventKind.TICKET_OPENED, text=text, email=MIA)
    return made.helpdesk.ticket_ref(ticket)


class ReadingContract(Basis):
    """`ReadsConversations`."""

    needs = Capability.READ_CONVERSATION

    @holds(ReadsConversations.read_conversation, "All public turns, oldest first")
    @holds(ReadsConversations.read_conversation, "Internal notes are no part of it")
    async def test_turns_stand_in_order_with_their_roles_and_without_notes_and_our_own(self) -> None:
        async with self.opened(Capability.READ_CONVERSATION) as made:
            self.playing(
                made,
                EventKind.TICKET_OPENED,
                EventKind.AGENT_REPLIED,
                EventKind.CUSTOMER_REPLIED,
                EventKind.NOTE_ADDED,
            )
            ref = await by_customer(made)
            await made.play(EventKind.AGENT_REPLIED, ref, text="Which parcel?")
            await made.play(EventKind.NOTE_ADDED, ref, text="Only for the team.")
            if made.has(Capability.REPLY):
                await made.to(Replies).reply(ref, "Said by batonpass.", key=NoteKey(made.key()))
            await made.play(EventKind.CUSTOMER_REPLIED, ref, text="The red one & <b>not</b> the blue one.")

            read = await made.to(ReadsConversations).read_conversation(ref)

            assert [(turn.role, turn.text.strip()) for turn in read.turns] == [
                (Role.CUSTOMER, "My parcel is lost."),
                (Role.AGENT, "Which parcel?"),
                (Role.CUSTOMER, "The red one & <b>not</b> the blue one."),
            ]
            assert (read.customer.email or "").casefold() == MIA
            times = [turn.at for turn in read.turns if turn.at is not None]
            assert len(times) == 3
            assert times == sorted(times)
            assert read.cut == 0

    async def test_the_ai_agents_own_user_is_the_ai(self) -> None:
        async with self.opened(Capability.READ_CONVERSATION, Capability.AGENTS) as made:
            self.playing(made, EventKind.TICKET_OPENED, EventKind.AGENT_REPLIED)
            robot = (await made.to(ListsAgents).agents())[-1].id
            ref = await by_customer(made)
            await made.play(EventKind.AGENT_REPLIED, ref, agent=robot, text="I am a robot.")
            async with self.opened(emulator=made.emulator, clock=made.clock, ai_agent_id=robot) as again:
                read = await again.to(ReadsConversations).read_conversation(ref)

            assert [turn.role for turn in read.turns] == [Role.CUSTOMER, Role.AI]

    async def test_every_page_is_read(self) -> None:
        async with self.opened(Capability.READ_CONVERSATION) as made:
            self.playing(made, EventKind.TICKET_OPENED, EventKind.CUSTOMER_REPLIED)
            ref = await by_customer(made)
            for number in range(120):
                await made.play(EventKind.CUSTOMER_REPLIED, ref, text=f"Message {number}.")

            read = await made.to(ReadsConversations).read_conversation(ref)

            assert len(read.turns) + read.cut == 121
            assert read.turns[-1].text.strip() == "Message 119."

    @pytest.mark.parametrize("what", HOSTILE)
    async def test_hostile_text_is_read_as_it_was_written(self, what: str) -> None:
        async with self.opened(Capability.READ_CONVERSATION) as made:
            self.playing(made, EventKind.TICKET_OPENED, EventKind.CUSTOMER_REPLIED)
            ref = await by_customer(made)

            await made.play(EventKind.CUSTOMER_REPLIED, ref, text=f"I write: {HOSTILE[what]}")

            read = await made.to(ReadsConversations).read_conversation(ref)
            assert len(read.turns) == 2
            assert read.turns[-1].role is Role.CUSTOMER
            assert read.turns[-1].text.startswith("I write:")

    async def test_the_conversation_of_a_deleted_ticket_is_refused(self) -> None:
        async with self.opened(Capability.READ_CONVERSATION) as made:
            ref = await made.a_ticket()
            self.delete_ticket(made.emulator, ref)

            with pytest.raises(RefusedError):
                await made.to(ReadsConversations).read_conversation(ref)
