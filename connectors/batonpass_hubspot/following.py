"""How far a ticket has come."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import AgentReply, Rating, TicketLife, TicketStatus
from batonpass_hubspot.client import MOST_IN_A_BATCH, ObjectType
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.fields import CHANGED_AT, CLOSED_AT, CREATED_AT, FIRST_REPLY_AT, OWNER, STAGE
from batonpass_hubspot.threads import Threads, first_reply
from batonpass_hubspot.values import instant
from batonpass_hubspot.wire import Record

FOLLOWED = (STAGE, OWNER, CLOSED_AT, CHANGED_AT, CREATED_AT, FIRST_REPLY_AT)

_RATED_AT, _SAID, _WORDS = "hs_submission_timestamp", "hs_value", "hs_content"
_GROUP, _SENTIMENT, _SURVEY = "hs_response_group", "hs_sentiment", "hs_survey_type"
RATED = (_RATED_AT, _SAID, _WORDS, _GROUP, _SENTIMENT, _SURVEY)
SCORES: Mapping[str, float] = MappingProxyType(
    {
        **dict.fromkeys(("happy", "satisfied", "positive", "promoter", "easy"), 1.0),
        **dict.fromkeys(("neutral", "passive"), 0.5),
        **dict.fromkeys(
            ("unhappy", "dissatisfied", "unsatisfied", "negative", "detractor", "difficult"), 0.0
        ),
    }
)
"""HubSpot's word for how an answer is meant → ours. Its surveys have several scales (0 to 2, 1 to 5, 1 to 7, 0 to 10)
and an answer does not say which, so that the number is shown and never reckoned with. The words have been seen, but
are listed in no documentation; another one gives no rating."""


class Following:
    def __init__(self, desk: Desk, threads: Threads) -> None:
        self._desk = desk
        self._threads = threads

    async def life(self, ticket_id: str, *, since: datetime) -> TicketLife:
        """`as_of` is the time of the record's last change. A merged ticket answers as the one that took its place."""
        ticket = await self._desk.api.read(ObjectType.TICKETS, ticket_id, properties=FOLLOWED)
        if ticket is None:
            raise RefusedError("tickets.get: the ticket is deleted", status=404, code="not_found")
        stages = await self._desk.stages()
        if stages.status(ticket.stored(STAGE)) is None:
            stages = await self._desk.stages(anew=True)
        closed_at = instant(ticket.stored(CLOSED_AT))
        gone = TicketStatus.SOLVED if closed_at else TicketStatus.OPEN  # the stage itself is deleted
        status = stages.status(ticket.stored(STAGE)) or gone
        reply, rating, assignee = await asyncio.gather(
            self._first_reply(ticket, since), self._rating(ticket.id), self._desk.agent(ticket.stored(OWNER))
        )
        return TicketLife(
            status=status,
            as_of=instant(ticket.stored(CHANGED_AT)) or self._desk.clock.now(),
            assignee=assignee,
            first_reply=reply,
            solved_at=closed_at if status.is_done else None,
            rating=rating,
            merged_into=ticket.id if ticket.id != ticket_id else None,
        )

    async def _first_reply(self, ticket: Record, since: datetime) -> AgentReply | None:
        """By the ticket's conversations; where they may not be read, or where there is none, by the time that HubSpot
        itself notes of the first answer, taken for the owner's. For chats HubSpot seldom notes one."""
        try:
            said = await self._threads.said_on(ticket.id)
        except RefusedError as refused:
            if refused.code != "forbidden":
                raise
            said = ()
        if said:
            found = first_reply(said, since)
            if found is None or found.message.created_at is None:
                return None
            return AgentReply(agent=await self._threads.author(found.message), at=found.message.created_at)
        at = instant(ticket.stored(FIRST_REPLY_AT))
        agent = await self._desk.agent(ticket.stored(OWNER))
        return AgentReply(agent=agent, at=at) if at is not None and at >= since and agent else None

    async def _rating(self, ticket_id: str) -> Rating | None:
        """The newest survey answer that belongs to the ticket; None also where they may not be read."""
        try:
            ids = await self._desk.api.linked_ids(ObjectType.TICKETS, ticket_id, ObjectType.FEEDBACK)
            newest = ids[:MOST_IN_A_BATCH]
            answers = await self._desk.crm.read_batch(ObjectType.FEEDBACK, newest, RATED) if newest else ()
        except RefusedError as refused:
            if refused.status not in {400, 403, 404}:
                raise
            return None
        ratings = [rating for answer in answers if (rating := rating_of(answer)) is not None]
        longest_ago = datetime.min.replace(tzinfo=UTC)
        return max(ratings, key=lambda each: each.at or longest_ago, default=None)


def rating_of(answer: Record) -> Rating | None:
    word = next((word for name in (_GROUP, _SENTIMENT) if (word := answer.stored(name).strip())), "")
    score = SCORES.get(word.casefold())
    if score is None:
        return None
    said = " ".join(part for part in (answer.stored(_SURVEY), answer.stored(_SAID)) if part)
    return Rating(
        score=score,
        said=f"{word.lower()} ({said})" if said else word.lower(),
        comment=answer.stored(_WORDS) or None,
        at=instant(answer.stored(_RATED_AT)),
    )
