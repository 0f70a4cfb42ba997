"""How far a ticket has come."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import AgentReply, Rating, TicketLife, TicketRef, TicketStatus
from batonpass_zendesk import wire
from batonpass_zendesk.account import STAFF, STATUSES, Account, as_agent, number
from batonpass_zendesk.tickets import standing

MERGED = "closed_by_merge"
"""The tag that Zendesk puts on a ticket that it merged into another."""
_REQUEST_NUMBER = re.compile(r"#([0-9]{1,19})\b")
_SCORES = {"bad": 0.0, "good": 1.0}
_SCALE = 5


class Following:
    """`FollowsTickets`."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client
        self._has_surveys = True

    async def own_id(self) -> str | None:
        return await self._account.own_id()

    async def follow_ticket(self, ref: TicketRef, *, since: datetime) -> TicketLife:
        """When it was solved, and into what it was merged, is read from its audits, only where it is done."""
        ticket_id = number(ref.id, "ticket")
        told = await self._client.ticket_with_people(ticket_id)
        ticket = standing(told.ticket)
        status = STATUSES.get(ticket.status or "", TicketStatus.OPEN)
        machines = await self._account.machines()
        people = {user.id: user for user in told.users}
        assignee = people.get(ticket.assignee_id, wire.User(id=ticket.assignee_id))
        ending = await self._ending(ticket) if status.is_done else _Ending()
        return TicketLife(
            status=status,
            as_of=ticket.updated_at or ticket.created_at or self._account.clock.now(),
            assignee=None if assignee.id is None or str(assignee.id) in machines else as_agent(assignee),
            first_reply=await self._first_reply(ticket, since, machines),
            solved_at=ending.solved_at,
            rating=await self._rating(ticket),
            merged_into=ending.merged_into,
        )

    async def _first_reply(
        self, ticket: wire.Ticket, since: datetime, machines: frozenset[str]
    ) -> AgentReply | None:
        async for page in self._client.comments_with_authors(ticket.id):
            staff = {user.id: user for user in page.users if user.role in STAFF}
            for comment in page.comments:
                if comment.created_at is None or comment.created_at < since:
                    continue
                author = staff.get(comment.author_id)
                speaks = comment.public and comment.author_id != ticket.requester_id
                if author is not None and speaks and str(author.id) not in machines:
                    return AgentReply(agent=as_agent(author), at=comment.created_at)
        return None

    async def _ending(self, ticket: wire.Ticket) -> _Ending:
        """A ticket that Zendesk closes days later has been solved when it was solved, for the last time."""
        solved_at: datetime | None = None
        merged_into: str | None = None
        merged = MERGED in ticket.tags
        was_done = False
        async for audit in self._client.audits(ticket.id):
            if merged:
                merged_into = _merge_target(audit, ticket.id) or merged_into
            for is_done in (_is_done(event) for event in audit.events if _sets_status(event)):
                if not is_done:
                    solved_at = None
                elif not was_done:
                    solved_at = audit.created_at
                was_done = is_done
        return _Ending(solved_at=solved_at, merged_into=merged_into)

    async def _rating(self, ticket: wire.Ticket) -> Rating | None:
        """An account has either the older ratings, which stand on the ticket, or surveys; or neither.

        Surveys are asked for unless the ticket shows that the older ratings are in use, and never again once
        Zendesk has said that the account has none.
        """
        older = ticket.satisfaction_rating
        if older is not None and older.score in {*_SCORES, "offered"}:
            if older.score not in _SCORES:
                return None
            return Rating(score=_SCORES[older.score], said=older.score, comment=older.comment or None)
        if not self._has_surveys:
            return None
        try:
            responses = await self._client.survey_responses(ticket.id)
        except RefusedError as refused:
            if refused.status not in {403, 404}:
                raise
            self._has_surveys = False
            return None
        rated = [rating for response in responses if (rating := _surveyed(response)) is not None]
        return max(rated, key=lambda one: one.at.timestamp() if one.at else 0.0, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    solved_at: datetime | None = None
    merged_into: str | None = None


def _sets_status(event: wire.AuditEvent) -> bool:
    return event.type in {"Change", "Create"} and event.field_name == "status"


def _is_done(event: wire.AuditEvent) -> bool:
    status = STATUSES.get(event.value) if isinstance(event.value, str) else None
    return status is not None and status.is_done


def _merge_target(audit: wire.Audit, own: int) -> str | None:
    """The other ticket's number, from where Zendesk itself says so: a number in a comment that was not written by
    the merge could be anybody's.

    The audit's `via.source.to.ticket_id` is not in Zendesk's reference, and not seen on every account: then the
    first request number in the text of the merge, "This request was closed and merged into request #123".
    """
    source = audit.via.source if audit.via is not None else None
    if source is None or source.rel != "merge":
        return None
    named = str((source.to or {}).get("ticket_id", ""))
    if re.fullmatch(r"[0-9]{1,19}", named):
        return named
    texts = (event.body or "" for event in audit.events if event.type == "Comment")
    numbers = (int(found) for text in texts for found in _REQUEST_NUMBER.findall(text))
    return next((str(each) for each in numbers if each != own), None)


def _surveyed(response: wire.SurveyResponse) -> Rating | None:
    answer = next(
        (
            each
            for each in response.answers
            if each.type == "rating_scale" and each.rating is not None and _about_satisfaction(each)
        ),
        None,
    )
    if answer is None or answer.rating is None:
        return None
    offered = (
        [option.rating for option in answer.question.options if option.rating] if answer.question else []
    )
    best, worst = (max(offered), min(offered)) if len(offered) > 1 else (_SCALE, 1)
    share = (answer.rating - worst) / (best - worst) if best > worst else 1.0
    said = [each.value for each in response.answers if each.type == "open_ended" and each.value]
    return Rating(
        score=min(1.0, max(0.0, share)),
        said=f"{answer.rating} of {best}",
        comment="\n".join(said) or None,
        at=answer.updated_at or answer.created_at,
    )


def _about_satisfaction(answer: wire.Answer) -> bool:
    return answer.question is None or answer.question.sub_type in {None, "customer_satisfaction"}
