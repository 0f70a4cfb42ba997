"""The emulator's endpoints for tickets and conversations."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.domain.plain_text import plain_text
from batonpass_intercom import emulated_json as as_json
from batonpass_intercom.emulated_account import Account, EmulatedAdmin, EmulatedContact, EmulatedWork
from batonpass_intercom.emulated_desk import Desk
from batonpass_intercom.emulated_http import Refusal, not_found, told
from batonpass_intercom.emulated_rules import check_body, check_required, check_title, kept
from batonpass_intercom.emulated_search import Search, Values, fitting

_REFERENCE = re.compile(r"ref: batonpass-note-([A-Za-z0-9_-]+)\s*\Z")
Commit = Callable[[str, str, str | None], None]
"""An effect's kind, id and key."""


class Calls:
    def __init__(
        self,
        account: Account,
        desk: Desk,
        *,
        own: EmulatedAdmin,
        commit: Commit,
        horizon: Callable[[], datetime],
    ) -> None:
        self._account = account
        self._desk = desk
        self._own = own
        self._commit = commit
        self._horizon = horizon
        self.search: Search[EmulatedWork] = Search(
            times=self._times, number=lambda work: work.id, sorted_by="updated_at"
        )

    # Tickets --------------------------------------------------------------------------------------------------

    async def create_ticket(self, request: Request) -> Response:
        body = await told(request)
        known = {str(each.id): each for each in self._account.types.values() if not each.archived}
        type_ = known.get(str(body.get("ticket_type_id")))
        if type_ is None:
            raise not_found("Ticket type")
        contacts = body.get("contacts")
        if not isinstance(contacts, list) or len(contacts) != 1:
            raise Refusal(400, "parameter_invalid", "exactly one contact is needed", field="contacts")
        values = dict(body.get("ticket_attributes") or {})
        title, description = str(values.pop("_default_title_", "")), values.pop("_default_description_", "")
        check_title(title)
        check_required(self._account, type_.id, values)
        attributes = kept(self._account, "ticket", values, type_id=type_.id)
        assignment = body.get("assignment") or {}
        made = self._desk.open_ticket(
            self._contact(contacts[0]),
            title=title,
            description=str(description or ""),
            attributes=attributes,
            type_id=type_.id,
            team_id=self._team(assignment.get("team_assignee_id"), field="team_assignee_id"),
            admin_id=self._admin(assignment.get("admin_assignee_id"), field="admin_assignee_id"),
        )
        ours = next((str(value) for name, value in attributes.items() if name == "Batonpass key"), None)
        self._commit("ticket.opened", f"ticket-{made.id}", ours)
        return JSONResponse(as_json.ticket(made, self._account))

    def show_ticket(self, request: Request) -> Response:
        return JSONResponse(as_json.ticket(self._work(request, "ticket"), self._account))

    async def update_ticket(self, request: Request) -> Response:
        work = self._work(request, "ticket")
        body = await told(request)
        by = self._by(body.get("admin_id"))
        values = dict(body.get("ticket_attributes") or {})
        title = values.pop("_default_title_", None)
        values.pop("_default_description_", None)
        stored = kept(self._account, "ticket", values, type_id=work.type_id)
        category = self._category(body.get("ticket_state_id"))
        if title is not None:
            check_title(title)
            self._desk.set_title(work, title)
        self._desk.set_attributes(work, stored, by)
        if category is not None:
            self._desk.set_category(work, category, by)
        if "open" in body:
            self._desk.set_open(work, "open" if body["open"] else "closed", by)
        if "assignee_id" in body:
            self._assign(work, by, body["assignee_id"])
        self._commit("ticket.changed", f"ticket-{work.id}", None)
        return JSONResponse(as_json.ticket(work, self._account))

    def _category(self, state_id: Any) -> str | None:
        if state_id is None:
            return None
        found = next((name for name, id_ in self._account.states.items() if str(id_) == str(state_id)), None)
        if found is None:
            what = "Ticket state id is not valid or is not associated with the ticket type"
            raise Refusal(400, "ticket_state_id_invalid", what)
        return found

    async def search_tickets(self, request: Request) -> Response:
        body = await told(request)
        found = self._found("ticket", body["query"])
        some, pages = self.search.page(body, found)
        listed = [as_json.ticket(work, self._account) for work in some]
        answer = {"type": "ticket.list", "tickets": listed, "total_count": len(found), "pages": pages}
        return JSONResponse(answer)

    # Conversations --------------------------------------------------------------------------------------------

    def show_conversation(self, request: Request) -> Response:
        return JSONResponse(as_json.conversation(self._work(request, "conversation"), self._account))

    async def update_conversation(self, request: Request) -> Response:
        work = self._work(request, "conversation")
        body = await told(request)
        stored = kept(self._account, "conversation", body.get("custom_attributes") or {}, type_id=0)
        if body.get("title") is not None:
            check_title(body["title"])
            self._desk.set_title(work, body["title"])
        self._desk.set_attributes(work, stored, self._own)
        self._commit("ticket.changed", f"conversation-{work.id}", None)
        return JSONResponse(as_json.conversation(work, self._account))

    async def manage_conversation(self, request: Request) -> Response:
        work = self._work(request, "conversation")
        body = await told(request)
        by = self._by(body.get("admin_id"), needed=True)
        match body.get("message_type"):
            case "assignment":
                self._assign(work, by, body["assignee_id"])
            case "open":
                self._desk.set_open(work, "open", by)
            case "close":
                self._desk.set_open(work, "closed", by)
            case "snoozed" if isinstance(body.get("snoozed_until"), int):
                self._desk.set_open(work, "snoozed", by)
            case _:
                raise Refusal(400, "parameter_invalid", "message_type is invalid", field="message_type")
        self._commit("ticket.changed", f"conversation-{work.id}", None)
        return JSONResponse(as_json.conversation(work, self._account))

    async def search_conversations(self, request: Request) -> Response:
        body = await told(request)
        found = self._found("conversation", body["query"])
        some, pages = self.search.page(body, found)
        listed = [as_json.conversation(work, self._account, with_parts=False) for work in some]
        answer = {
            "type": "conversation.list",
            "conversations": listed,
            "total_count": len(found),
            "pages": pages,
        }
        return JSONResponse(answer)

    # Both -----------------------------------------------------------------------------------------------------

    async def reply(self, request: Request) -> Response:
        work = self._work(request, "ticket" if "/tickets/" in request.url.path else "conversation")
        body = await told(request)
        kind = body.get("message_type")
        if kind not in {"comment", "note"} or body.get("type") != "admin":
            raise Refusal(400, "parameter_invalid", "message_type is invalid", field="message_type")
        by = self._by(body.get("admin_id"), needed=True)
        part = self._desk.say(work, kind, check_body(body.get("body")), by)
        reference = _REFERENCE.search(plain_text(part.body))
        kind = "note.appended" if kind == "note" else "reply.appended"
        self._commit(kind, str(part.id), reference[1] if reference else None)
        if work.kind == "ticket":
            return JSONResponse(as_json.ticket_part(part))
        return JSONResponse(as_json.conversation(work, self._account))

    async def attach_tag(self, request: Request) -> Response:
        work = self._work(request, "ticket" if "/tickets/" in request.url.path else "conversation")
        body = await told(request)
        tag_id = int(body["id"])
        if tag_id not in self._account.tags:
            raise not_found("Tag")
        self._desk.tag(work, tag_id, self._by(body.get("admin_id"), needed=True))
        self._commit("tag.attached", f"{work.kind}-{work.id}", None)
        return JSONResponse(as_json.tag(tag_id, self._account.tags[tag_id]))

    def _found(self, kind: str, query: Mapping[str, Any]) -> Sequence[EmulatedWork]:
        fits = fitting(query, functools.partial(self._values, kind))
        horizon = self._horizon()
        return [
            work
            for work in self._account.work.values()
            if work.kind == kind and work.created_at <= horizon and fits(work)
        ]

    def _times(self, name: str) -> Callable[[EmulatedWork], datetime]:
        """As the index has them: of the changes that it does not know yet it does not know the time."""
        horizon = self._horizon()
        if name == "updated_at":
            return lambda work: work.updated_at if work.updated_at <= horizon else work.created_at
        return lambda work: work.created_at

    def _values(self, kind: str, field: str) -> Values[EmulatedWork] | None:
        attribute = field.removeprefix("ticket_attribute.")
        if attribute != field and kind == "ticket":
            known = next((each for each in self._account.all_fields() if str(each.id) == attribute), None)
            if known is None:
                what = "The requested ticket attribute ID is not a valid integer"
                raise Refusal(400, "field_not_found", what)
            on = {type_.id for type_ in self._account.types.values() if known.id in type_.fields}
            name = known.name
            return lambda work: [work.attributes.get(name) if work.type_id in on else None]
        changed_at = self._times("updated_at")
        plain: Mapping[str, Values[EmulatedWork]] = {
            "id": lambda work: [str(work.id)],
            "contact_ids": lambda work: [work.contact_id],
            "created_at": lambda work: [int(work.created_at.timestamp())],
            "updated_at": lambda work: [int(changed_at(work).timestamp())],
            "open": lambda work: [work.state != "closed"],
            "state": lambda work: [work.category if work.kind == "ticket" else work.state],
            "conversation_rating.score": lambda work: [] if work.rating is None else [work.rating[0]],
        }
        if field.startswith("conversation_rating") and kind == "ticket":
            return None
        return plain.get(field)

    def _assign(self, work: EmulatedWork, by: EmulatedAdmin, assignee_id: Any) -> None:
        wanted = int(assignee_id)
        if wanted in self._account.teams:
            self._desk.assign(work, by, team_id=wanted)
        elif wanted in self._account.admins or wanted == 0:
            self._desk.assign(work, by, admin_id=wanted)
        else:
            raise Refusal(400, "parameter_invalid", "assignee_id is invalid", field="assignee_id")

    def _work(self, request: Request, kind: str) -> EmulatedWork:
        wanted = request.path_params["id"]
        found = self._account.work.get(int(wanted)) if wanted.isdigit() else None
        if found is None or found.kind != kind:
            raise not_found(kind.capitalize())
        return found

    def _contact(self, asked: Mapping[str, Any]) -> EmulatedContact:
        for name in ("id", "external_id", "email"):
            for known in self._account.contacts.values():
                if name in asked and getattr(known, name) == asked[name]:
                    return known
        raise not_found("Contact")

    def _team(self, wanted: Any, *, field: str) -> int:
        if wanted is None:
            return 0
        if int(wanted) not in self._account.teams:
            raise Refusal(400, "parameter_invalid", "team not found", field=field)
        return int(wanted)

    def _admin(self, wanted: Any, *, field: str) -> int:
        if wanted is None:
            return 0
        if int(wanted) not in self._account.admins:
            raise Refusal(400, "parameter_invalid", "admin not found", field=field)
        return int(wanted)

    def _by(self, admin_id: Any, *, needed: bool = False) -> EmulatedAdmin:
        if admin_id is None and not needed:
            return self._own
        found = self._account.admins.get(int(admin_id)) if admin_id is not None else None
        if found is None:
            raise Refusal(400, "parameter_invalid", "admin_id is not a teammate", field="admin_id")
        return found
