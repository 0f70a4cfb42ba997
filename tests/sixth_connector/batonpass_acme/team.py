"""What has become of a ticket, what was said on it, and who is there."""

from __future__ import annotations

from datetime import datetime

from batonpass.domain.conversation import Role, Turn
from batonpass.domain.presence import AgentPresence, Availability, Load, Presence
from batonpass.domain.reading import ReadConversation, ReadCustomer
from batonpass.domain.ticket import Agent, AgentReply, Rating, TicketLife, TicketRef, TicketStatus
from batonpass_acme import wire
from batonpass_acme.account import STATES, Account

AVAILABILITIES = {"here": Availability.ONLINE, "break": Availability.AWAY, "gone": Availability.OFFLINE}
STARS = 5


class KnowsTheTeam(Account):
    """`ReadsConversations`, `FollowsTickets`, `ListsAgents` and `TellsPresence`."""

    async def read_conversation(self, ref: TicketRef) -> ReadConversation:
        own = await self.own_id()
        ticket = await self._client.ticket(ref.id)
        turns = [
            Turn(role=self._role(message), text=message.text, at=message.at)
            async for message in self._client.messages(ref.id)
            if message.public and message.author.id != own
        ]
        asks = ticket.requester
        customer = (
            ReadCustomer() if asks is None else ReadCustomer(id=asks.id, name=asks.name, email=asks.email)
        )
        return ReadConversation(turns=tuple(turns), customer=customer, subject=ticket.subject)

    def _role(self, message: wire.Message) -> Role:
        if message.author.id == self._ai_agent_id:
            return Role.AI
        return Role.AGENT if message.staff else Role.CUSTOMER

    async def follow_ticket(self, ref: TicketRef, *, since: datetime) -> TicketLife:
        ticket = await self._client.ticket(ref.id)
        nobody = {await self.own_id(), self._ai_agent_id}
        first: AgentReply | None = None
        async for message in self._client.messages(ref.id):
            counts = message.public and message.staff and message.author.id not in nobody
            if counts and message.at >= since:
                first = AgentReply(agent=_agent(message.author), at=message.at)
                break
        assignee = ticket.assignee
        return TicketLife(
            status=STATES.get(ticket.state, TicketStatus.OPEN),
            as_of=ticket.updated_at,
            assignee=None if assignee is None or assignee.id in nobody else _agent(assignee),
            first_reply=first,
            solved_at=ticket.done_at,
            rating=None if ticket.rating is None else _rating(ticket.rating),
        )

    async def agents(self) -> tuple[Agent, ...]:
        return tuple(_agent(each) for each in await self._client.agents())

    async def presence(self) -> Presence:
        told = tuple(
            AgentPresence(
                agent=_agent(each),
                availability=AVAILABILITIES.get(each.state, Availability.UNKNOWN),
                status=each.state,
                group_ids=each.team_ids,
                loads=(Load(channel="tickets", assigned=each.open_tickets, limit=each.most_tickets),),
            )
            for each in await self._client.agents()
        )
        return Presence(agents=told, as_of=self._clock.now())


def _agent(person: wire.Person) -> Agent:
    return Agent(id=person.id, name=person.name, email=person.email)


def _rating(given: wire.GivenRating) -> Rating:
    score = (min(max(given.stars, 1), STARS) - 1) / (STARS - 1)
    return Rating(score=score, said=f"{given.stars} of {STARS}", comment=given.comment, at=given.at)
