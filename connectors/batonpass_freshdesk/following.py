"""The ports `FollowsTickets` and `ReadsConversations`: how far a ticket has come, and what was said on it."""

from __future__ import annotations

from datetime import datetime

from batonpass.domain.conversation import Role, Turn
from batonpass.domain.errors import RefusedError
from batonpass.domain.plain_text import plain_text
from batonpass.domain.reading import ReadConversation, ReadCustomer
from batonpass.domain.ticket import Agent, AgentReply, Rating, TicketLife, TicketRef
from batonpass_freshdesk import wire
from batonpass_freshdesk.account import number
from batonpass_freshdesk.tables import (
    MAIL_QUOTES,
    OUR_STATUSES,
    OUTBOUND_EMAIL,
    SCORES,
    SOURCES,
    SURVEY_FEEDBACK,
)
from batonpass_freshdesk.tickets import Tickets

_NO_SURVEYS = frozenset({403, 404})
"""Surveys are no part of every plan."""


class Following(Tickets):
    async def own_id(self) -> str | None:
        return str((await self._account.me()).id)

    async def follow_ticket(self, ref: TicketRef, *, since: datetime) -> TicketLife:
        """Two or three calls, counted as three or four by Freshdesk: the ticket with its times, its conversations,
        and its ratings once there is something to rate; and once in ten minutes the list of agents for their names,
        which only an admin's key may read. Freshdesk does not tell what a ticket was merged into."""
        ticket = await self._standing(ref, include="stats")
        status = OUR_STATUSES.get(ticket.status, OUR_STATUSES[2])
        first = await self._first_reply(ticket, since)
        stats = ticket.stats or wire.Stats()
        rateable = first is not None or status.is_done or stats.resolved_at or stats.closed_at
        return TicketLife(
            status=status,
            as_of=ticket.updated_at or ticket.created_at or self._account.clock.now(),
            assignee=await self._assignee(ticket),
            first_reply=first,
            solved_at=(stats.resolved_at or stats.closed_at) if status.is_done else None,
            rating=await self._rating(ticket) if rateable else None,
        )

    async def _assignee(self, ticket: wire.Ticket) -> Agent | None:
        if ticket.responder_id is None or not await self._is_person(ticket.responder_id):
            return None
        return await self._agent(ticket.responder_id)

    async def _agent(self, user_id: int) -> Agent:
        return Agent(id=str(user_id), name=await self._account.name_of(user_id))

    async def _is_person(self, user_id: int) -> bool:
        return str(user_id) not in {await self.own_id(), self._account.settings.ai_agent_id}

    async def _first_reply(self, ticket: wire.Ticket, since: datetime) -> AgentReply | None:
        """A public note of an agent is shown to the customer too, so it counts."""
        async for each in self._account.client.conversations(ticket.id):
            if each.private or each.incoming or each.user_id is None or each.created_at is None:
                continue
            by_agent = each.user_id != ticket.requester_id and each.source != SURVEY_FEEDBACK
            if by_agent and each.created_at >= since and await self._is_person(each.user_id):
                return AgentReply(agent=await self._agent(each.user_id), at=each.created_at)
        return None

    async def _rating(self, ticket: wire.Ticket) -> Rating | None:
        """The newest, by its default question. Shown as one of 103 to -103, or, on old accounts, 1 to 3."""
        try:
            ratings = await self._account.client.ratings(ticket.id)
        except RefusedError as refused:
            if refused.status in _NO_SURVEYS:
                return None
            raise
        known = [each for each in ratings if each.ratings.get("default_question") in SCORES]
        if not known:
            return None
        newest = max(known, key=lambda each: each.created_at.timestamp() if each.created_at else 0.0)
        score, said = SCORES[newest.ratings["default_question"]]
        return Rating(score=score, said=said, comment=newest.feedback or None, at=newest.created_at)

    # Conversations --------------------------------------------------------------------------------------------

    async def read_conversation(self, ref: TicketRef) -> ReadConversation:
        """The ticket's description is its first turn, unless we have opened the ticket: then it is our own sentence.

        Who wrote the description is not told: it counts as the customer's, but on a ticket that began with an e-mail
        of an agent. Quoted earlier messages are left out of each turn.
        """
        ticket = await self._standing(ref, include="requester")
        turns = [] if await self._key_place.is_ours(ticket) else [_description(ticket)]
        async for each in self._account.client.conversations(number(ref.id, "ticket")):
            role = await self._role(each, ticket)
            if role is not None:
                turns.append(
                    Turn(role=role, text=plain_text(each.body, quotes=MAIL_QUOTES), at=each.created_at)
                )
        ours = str(ticket.requester_id) == await self.own_id()
        return ReadConversation(
            turns=tuple(turn for turn in turns if turn.text),
            customer=ReadCustomer() if ours else _customer(ticket),
            subject=ticket.subject,
            channel=None if ticket.source is None else SOURCES.get(ticket.source, f"source {ticket.source}"),
        )

    async def _role(self, each: wire.Conversation, ticket: wire.Ticket) -> Role | None:
        """None: no turn, or our own."""
        user = None if each.user_id is None else str(each.user_id)
        if each.private or each.source == SURVEY_FEEDBACK:
            return None
        if user is not None and user == self._account.settings.ai_agent_id:
            return Role.AI
        if each.incoming:
            return Role.CUSTOMER
        if user == await self.own_id():
            return None
        return Role.CUSTOMER if each.user_id == ticket.requester_id else Role.AGENT


def _customer(ticket: wire.Ticket) -> ReadCustomer:
    known = ticket.requester or wire.Person()
    return ReadCustomer(
        id=None if ticket.requester_id is None else str(ticket.requester_id),
        name=known.name,
        email=known.email,
        phone=known.phone or known.mobile,
    )


def _description(ticket: wire.Ticket) -> Turn:
    role = Role.AGENT if ticket.source == OUTBOUND_EMAIL else Role.CUSTOMER
    return Turn(role=role, text=plain_text(ticket.description, quotes=MAIL_QUOTES), at=ticket.created_at)
