"""The emulated account's tickets: made, changed, commented on, listed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass_zendesk import emulated_json as as_json
from batonpass_zendesk.emulated_account import (
    EmulatedAudit,
    EmulatedComment,
    EmulatedTicket,
    EmulatedUser,
)
from batonpass_zendesk.emulated_events import STAFF, Change, Snapshot, audit_events
from batonpass_zendesk.emulated_http import Refusal, not_found, page, told_ticket
from batonpass_zendesk.emulated_rules import (
    Complaint,
    RecordInvalidError,
    check,
    check_solving,
    fill_in,
    kept_values,
    tags_of,
)
from batonpass_zendesk.emulated_sending import Sending

_REFERENCE = re.compile(r"ref: ([A-Za-z0-9_-]+)(?:<[^<>]*>|\s)*\Z")
_UPDATES, _UPDATES_WINDOW = 30, 600.0
_REOPENS = frozenset({"pending", "hold", "solved"})
Item = TypeVar("Item")


@dataclass(frozen=True)
class _Kept:
    """A 201 that was given under an idempotency key."""

    body: bytes
    answer: dict[str, Any]
    until: float


class Tickets(Sending):
    def __post_init__(self) -> None:
        super().__post_init__()
        self._kept: dict[str, _Kept] = {}
        self._updates: dict[int, deque[float]] = {}

    # What tests and plays use ---------------------------------------------------------------------------------

    def add_ticket(
        self,
        subject: str,
        *,
        requester: EmulatedUser | None = None,
        status: str = "open",
        external_id: str | None = None,
        created_at: datetime | None = None,
        comment: str = "<p>Hello</p>",
    ) -> EmulatedTicket:
        """A ticket that somebody else made: it is not in the ledger."""
        moment = created_at or self.clock.now()
        asker = requester or self.agent
        made = EmulatedTicket(
            id=self.account.next_ticket_id(),
            subject=subject,
            requester_id=asker.id,
            created_at=moment,
            updated_at=moment,
            status=status,
            external_id=external_id,
            channel="web",
        )
        self.tickets[made.id] = made
        first = self._comment(made, {"html_body": comment, "public": True}, author=asker)
        self._settle(Change(ticket=made, author=asker, before=None, comment=first))
        return made

    def delete_ticket(self, ticket_id: int | str) -> None:
        """It is in the account's bin: the API knows it no more."""
        ticket = self.tickets.pop(int(ticket_id))
        about = {"id": str(ticket.id), "actor_id": str(self.account.person().id)}
        subject = f"zen:ticket:{ticket.id}"
        self.tell_event("zen:event-type:ticket.soft_deleted", subject=subject, event={}, about=about)

    def internal_notes(self, ticket: str) -> list[str]:
        return [comment.html for comment in self.tickets[int(ticket)].comments if not comment.public]

    def merge_ticket(self, ticket_id: int | str, into: int | str) -> None:
        """The ticket is closed, with Zendesk's tag and its comment that names the other."""
        ticket, author = self.tickets[int(ticket_id)], self.account.person()
        before = Snapshot.of(ticket)
        ticket.status = "closed"
        ticket.tags.append("closed_by_merge")
        said = f"<p>This request was closed and merged into request #{int(into)}.</p>"
        comment = self._comment(ticket, {"html_body": said, "public": False}, author=author)
        change = Change(ticket=ticket, author=author, before=before, comment=comment)
        self._settle(change, merged=True)

    def update(
        self, ticket: EmulatedTicket, told: Mapping[str, Any], *, author: EmulatedUser
    ) -> EmulatedAudit:
        """What `PUT /tickets/{id}` does, as `author`. Raises `RecordInvalidError`."""
        if ticket.status == "closed":
            raise RecordInvalidError([Complaint("status", "Status: closed prevents ticket update")])
        check(self.account, told)
        check_solving(self.account, ticket, told)
        before = Snapshot.of(ticket)
        self._change(ticket, told)
        comment = self._comment(ticket, told["comment"], author=author) if "comment" in told else None
        if "status" not in told:
            self._open_by_rule(ticket, comment, author)
        ticket.updated_at = self.clock.now()
        change = Change(ticket=ticket, author=author, before=before, comment=comment)
        return self._settle(change, custom=told.get("metadata") or {})

    @staticmethod
    def _open_by_rule(ticket: EmulatedTicket, comment: EmulatedComment | None, author: EmulatedUser) -> None:
        speaks = comment is not None and comment.public and author.role not in STAFF
        if (speaks and ticket.status in _REOPENS) or (ticket.status == "new" and ticket.assignee_id):
            ticket.status = "open"

    def _settle(
        self, change: Change, *, custom: Mapping[str, Any] | None = None, merged: bool = False
    ) -> EmulatedAudit:
        """Note it in the ticket's audits and tell whoever wants to know."""
        audit = EmulatedAudit(
            id=self.account.next_id(),
            author_id=change.author.id,
            at=change.ticket.created_at if change.created else self.clock.now(),
            events=audit_events(change, iter(self.account.next_id, None)),
            custom=dict(custom or {}),
            merged=merged,
        )
        change.ticket.audits.append(audit)
        self.tell(change)
        return audit

    # Making and changing --------------------------------------------------------------------------------------

    async def _create_ticket(self, request: Request) -> Response:
        key = request.headers.get("idempotency-key")
        body = await request.body()
        if key is None:
            return JSONResponse(await self._opened(request), 201)
        if not 0 < len(key) <= 255:
            raise Refusal(400, "IdempotentRequestError", "The idempotency key has more than 255 characters")
        kept = self._kept.get(key)
        if kept is not None and kept.until > self.clock.monotonic():
            if kept.body != body:
                raise Refusal(400, "IdempotentRequestError", "Request parameters don't match the given key")
            return JSONResponse(kept.answer, 201, {"x-idempotency-lookup": "hit"})
        answer = await self._opened(request)  # a refusal is raised here, so that no key is kept for it
        self._kept[key] = _Kept(body, answer, self.clock.monotonic() + self.IDEMPOTENCY_SECONDS)
        return JSONResponse(answer, 201, {"x-idempotency-lookup": "miss"})

    async def _opened(self, request: Request) -> dict[str, Any]:
        told = await told_ticket(request)
        comment = told.setdefault("comment", {"body": told.get("description", "")})
        check(self.account, told)
        now = self.clock.now()
        requester = self._requester(told.get("requester"))
        made = EmulatedTicket(
            id=self.account.next_ticket_id(),
            subject=told.get("subject") or "",
            requester_id=requester.id,
            created_at=now,
            updated_at=now,
            external_id=told.get("external_id"),
        )
        self._change(made, told)
        self.tickets[made.id] = made
        first = self._comment(made, comment)
        self.commit("ticket.opened", str(made.id), key=made.external_id)
        audit = self._settle(Change(ticket=made, author=self.agent, before=None, comment=first))
        return {"ticket": self._json_of(made, request), "audit": as_json.audit(audit, made.id)}

    def _requester(self, told: dict[str, Any] | None) -> EmulatedUser:
        if told is None:
            return self.agent
        email = told.get("email")
        known = self.account.user_with_email(email) if email else None
        if known is not None:
            return known
        made = self.add_user(told["name"], email=email, created_at=self.clock.now())
        self.commit("user.created", str(made.id))
        return made

    async def _update_ticket(self, request: Request) -> Response:
        ticket = self._ticket(request)
        told = await told_ticket(request)
        self._count_update(ticket.id)
        if told.get("safe_update") in {True, "true"} and told.get("updated_stamp") != as_json.at(
            ticket.updated_at
        ):
            raise Refusal(
                409, "UpdateConflict", "Safe Update prevented the update due to outdated ticket data"
            )
        commented = len(ticket.comments)
        audit = self.update(ticket, told, author=self.agent)
        for comment in ticket.comments[commented:]:
            reference = _REFERENCE.search(comment.html)
            kept = next(iter((told.get("metadata") or {}).values()), None)
            kind = "reply.appended" if comment.public else "note.appended"
            self.commit(kind, str(comment.id), key=reference[1] if reference else kept)
        if set(told) - {"comment", "metadata", "safe_update", "updated_stamp"}:
            self.commit("ticket.changed", str(ticket.id))
        return JSONResponse(
            {"ticket": self._json_of(ticket, request), "audit": as_json.audit(audit, ticket.id)}
        )

    def _count_update(self, ticket_id: int) -> None:
        """https://developer.zendesk.com/api-reference/introduction/rate-limits/#endpoint-rate-limits"""
        now, made = self.clock.monotonic(), self._updates.setdefault(ticket_id, deque())
        while made and made[0] <= now - _UPDATES_WINDOW:
            made.popleft()
        if self.limits_updates and len(made) >= _UPDATES:
            wait = max(1, round(_UPDATES_WINDOW - (now - made[0])))
            refusal = Refusal(429, "TooManyRequests", "Too many updates of this ticket")
            refusal.response.headers["Retry-After"] = str(wait)
            raise refusal
        made.append(now)

    def _change(self, ticket: EmulatedTicket, told: Mapping[str, Any]) -> None:
        for name in ("subject", "status", "priority", "group_id", "assignee_id"):
            setattr(ticket, name, told.get(name, getattr(ticket, name)))
        self._settle_group(ticket, told)
        form = self.account.form(told.get("ticket_form_id", ticket.form_id))
        ticket.form_id = None if form is None else form.id
        fields = kept_values(self.account, told.get("custom_fields") or (), form=form)
        ticket.fields.update(fields)
        tags = [
            *told.get("tags", ticket.tags),
            *told.get("additional_tags", ()),
            *tags_of(self.account, fields),
        ]
        gone = set(told.get("remove_tags", ()))
        ticket.tags = [tag for tag in dict.fromkeys(tag.lower() for tag in tags) if tag not in gone]

    def _settle_group(self, ticket: EmulatedTicket, told: Mapping[str, Any]) -> None:
        """An agent brings their default group where none is named, and is gone where the new group is not theirs."""
        agent = self.account.users.get(ticket.assignee_id or 0)
        if agent is None or agent.group_ids is None or ticket.group_id in agent.group_ids:
            return
        if told.get("assignee_id") is not None:
            ticket.group_id = agent.group_ids[0] if agent.group_ids else None
        elif told.get("group_id") is not None:
            ticket.assignee_id = None

    def _comment(
        self, ticket: EmulatedTicket, told: Mapping[str, Any], *, author: EmulatedUser | None = None
    ) -> EmulatedComment:
        text = told.get("html_body") or as_json.paragraphs(told.get("body") or "")
        made = EmulatedComment(
            id=self.account.next_id(),
            html=fill_in(text, ticket, self.account.users[ticket.requester_id]),
            public=told.get("public", True),
            author_id=(author or self.agent).id,
            at=self.clock.now(),
        )
        ticket.comments.append(made)
        return made

    # Reading --------------------------------------------------------------------------------------------------

    def _show_ticket(self, request: Request) -> Response:
        ticket = self._ticket(request)
        answer: dict[str, Any] = {"ticket": self._json_of(ticket, request)}
        if "users" in request.query_params.get("include", ""):
            answer["users"] = self._people({ticket.requester_id, ticket.assignee_id})
        return JSONResponse(answer)

    def _people(self, ids: set[int | None]) -> list[dict[str, Any]]:
        return [as_json.user(user) for user in self.account.users.values() if user.id in ids]

    def _list_requested(self, request: Request) -> Response:
        user_id = request.path_params["id"]
        if user_id not in self.account.users:
            raise not_found()
        found = [ticket for ticket in self.tickets.values() if ticket.requester_id == user_id]
        found.sort(key=lambda one: one.created_at, reverse=request.query_params.get("sort_order") == "desc")
        return page(request, "tickets", [self._json_of(ticket, request) for ticket in found])

    def _list_comments(self, request: Request) -> Response:
        comments = _in_order(self._ticket(request).comments, request)
        people = self._people({comment.author_id for comment in comments})
        wanted = {"users": people} if request.query_params.get("include") == "users" else {}
        return page(request, "comments", [as_json.comment(comment) for comment in comments], **wanted)

    def _list_audits(self, request: Request) -> Response:
        ticket = self._ticket(request)
        audits = _in_order(ticket.audits, request)
        return page(request, "audits", [as_json.audit(audit, ticket.id) for audit in audits])

    def _list_surveys(self, request: Request) -> Response:
        if not self.surveys:
            raise Refusal(403, "Forbidden", "CSAT surveys are not available")
        zrn = request.query_params.get("filter[subject_zrns]", "")
        ticket = self.tickets.get(int(zrn.rpartition(":")[2] or 0))
        rated = ticket.ratings if ticket is not None else []
        listed = [as_json.survey_response(rating, ticket.id) for rating in rated] if ticket else []
        return page(request, "survey_responses", listed)


def _in_order(items: Sequence[Item], request: Request) -> list[Item]:
    """The oldest first: `sort_order` counts with offset pagination only."""
    asked = request.query_params
    newest_first = asked.get("sort_order") == "desc" and "page[size]" not in asked
    return list(reversed(items) if newest_first else items)
