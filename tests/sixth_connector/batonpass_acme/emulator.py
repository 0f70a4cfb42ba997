"""Acme Desk as an ASGI application: strict, with state, webhooks and faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.domain.event import EventKind
from batonpass.testing.emulator import Handler, Operation
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass_acme.emulated_account import EmulatedPerson, EmulatedTicket, EmulatedWebhook
from batonpass_acme.emulated_changes import changes
from batonpass_acme.emulated_events import EventsOf
from batonpass_acme.emulated_field_admins import FieldAdmins
from batonpass_acme.emulated_rules import TEXT_LIMIT, RefusalError, check, check_required, kept

PAGE = 20


@dataclass
class AcmeEmulator(FieldAdmins):
    api_key: str = "acme_key_emulated1"

    plays: ClassVar[frozenset[EventKind]] = frozenset(
        {
            EventKind.TICKET_OPENED,
            EventKind.TICKET_ASSIGNED,
            EventKind.AGENT_REPLIED,
            EventKind.CUSTOMER_REPLIED,
            EventKind.NOTE_ADDED,
            EventKind.STATUS_CHANGED,
            EventKind.TICKET_SOLVED,
            EventKind.TICKET_REOPENED,
            EventKind.TICKET_RATED,
            EventKind.HANDOFF_ASKED,
            EventKind.AGENT_PRESENCE_CHANGED,
        }
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.own = self.account.add_person("Batonpass", "bot@helpdesk.example", staff=True)
        self._events = EventsOf(self.account, self)

    @classmethod
    def with_sample_account(cls, **options: Any) -> Self:
        made = cls(**options)
        made.account.furnish()
        return made

    def login(self) -> Mapping[str, str]:
        return {"api_key": self.api_key, "webhook_secret": "acme_wh_emulated1"}

    def deliver_to(self, url: str, *, secret: str) -> None:
        made = EmulatedWebhook(id=self.account.next_id("W"), url=url, secret=secret)
        self.account.webhooks[made.id] = made

    def happen(self, happening: Happening) -> str:
        if happening.kind not in self.plays:
            raise CannotPlayError(f"Acme Desk plays {', '.join(sorted(self.plays))}")
        return self._events.play(happening)

    def delete_ticket(self, ticket_id: str) -> None:
        del self.account.tickets[ticket_id]

    def add_ticket_of(self, person: EmulatedPerson) -> EmulatedTicket:
        """A ticket that somebody else opened: it is not in the ledger."""
        return self._events.opened_by(person, "An earlier one.")

    def add_chat(self) -> str:
        """A chat between a customer and the AI agent."""
        made = self.account.next_id("C")
        self.account.chats[made] = None
        return made

    # The vendor ---------------------------------------------------------------------------------------------------

    def operations(self) -> Sequence[Operation]:
        ticket = "/v1/tickets/{id}"
        table: Sequence[tuple[str, str, str, Callable[[Request, Any], Response]]] = (
            ("me.read", "GET", "/v1/me", self._me),
            ("tickets.create", "POST", "/v1/tickets", self._create),
            ("tickets.list", "GET", "/v1/tickets", self._list),
            ("changes.list", "GET", "/v1/changes", self._list_changes),
            ("tickets.read", "GET", ticket, self._read),
            ("tickets.change", "PATCH", ticket, self._change),
            ("messages.add", "POST", f"{ticket}/messages", self._add_message),
            ("messages.list", "GET", f"{ticket}/messages", self._messages),
            ("fields.list", "GET", "/v1/fields", self._fields),
            ("fields.create", "POST", "/v1/fields", self._create_field),
            ("options.add", "POST", "/v1/fields/{key}/options", self._add_option),
            ("teams.list", "GET", "/v1/teams", self._teams),
            ("forms.list", "GET", "/v1/forms", self._forms),
            ("agents.list", "GET", "/v1/agents", self._agents),
            ("webhooks.list", "GET", "/v1/webhooks", self._webhooks),
            ("webhooks.put", "POST", "/v1/webhooks", self._put_webhook),
            ("webhooks.put", "PUT", "/v1/webhooks/{id}", self._put_webhook),
            ("chats.pass", "POST", "/v1/chats/{id}/pass", self._pass_chat),
        )
        return [Operation(name, method, path, _answering(handler)) for name, method, path, handler in table]

    def authorised(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.api_key}"

    def error(self, status: int, *, code: str, message: str) -> Response:
        del message
        return JSONResponse({"errors": [{"field": None, "code": code}]}, status)

    def _me(self, request: Request, told: Any) -> Response:
        return JSONResponse({"id": self.own.id, "name": self.own.name, "account": "acme"})

    def _create(self, request: Request, told: Any) -> Response:
        made, is_new = self._opened(told)
        return JSONResponse(made.as_json(), 201 if is_new else 200)

    def _opened(self, told: Any) -> tuple[EmulatedTicket, bool]:
        for known in self.account.tickets.values():
            if known.reference == told["reference"]:
                return known, False
        check(self.account, {"subject": "", "note": "", **told})
        check_required(self.account, told)
        now = self.clock.now()
        asks = told.get("requester")
        requester = self.own if asks is None else self.account.customer(asks.get("email"), asks.get("name"))
        made = EmulatedTicket(
            id=self.account.next_id("T"),
            subject=told["subject"],
            requester=requester,
            created_at=now,
            updated_at=now,
            reference=told["reference"],
            priority=told.get("priority"),
            team_id=told.get("team_id"),
            assignee=self.account.people.get(told.get("assignee_id", "")),
            form_id=told.get("form_id"),
            labels=list(dict.fromkeys(told.get("labels", ()))),
            fields=kept(self.account, told.get("fields") or {}),
        )
        self._events.opened(made, self.own)
        self._events.message(made, told["note"], self.own, public=False)
        self.commit("ticket.opened", made.id, key=made.reference)
        return made, True

    def _list(self, request: Request, told: Any) -> Response:
        reference, email = (request.query_params.get(name) for name in ("reference", "requester_email"))
        found = [
            ticket.as_json()
            for ticket in self.account.tickets.values()
            if reference in {None, ticket.reference} and email in {None, ticket.requester.email}
        ]
        return JSONResponse({"tickets": found})

    def _list_changes(self, request: Request, told: Any) -> Response:
        return JSONResponse(changes(self.account.tickets.values(), request))

    def _read(self, request: Request, told: Any) -> Response:
        return JSONResponse(self._ticket(request).as_json())

    def _change(self, request: Request, told: Any) -> Response:
        ticket = self._ticket(request)
        if ticket.state == "archived":
            raise RefusalError(422, ("state", "archived"))
        check(self.account, told)
        ticket.subject = told.get("subject", ticket.subject)
        ticket.priority = told.get("priority", ticket.priority)
        if told.keys() & {"team_id", "assignee_id"}:
            to = self.account.people.get(told.get("assignee_id", ""))
            self._events.assigned(ticket, self.own, to=to, team=told.get("team_id"))
        if "state" in told:
            self._events.state(ticket, told["state"], self.own)
        for label in told.get("add_labels", ()):
            self._events.labelled(ticket, label, self.own)
        for key, value in kept(self.account, told.get("fields") or {}).items():
            self._events.field_set(ticket, key, value, self.own)
        ticket.updated_at = self.clock.now()
        self.commit("ticket.changed", ticket.id)
        return JSONResponse(ticket.as_json())

    def _add_message(self, request: Request, told: Any) -> Response:
        ticket = self._ticket(request)
        if not 0 < len(told["text"]) <= TEXT_LIMIT:
            raise RefusalError(422, ("text", "length"))
        made = self._events.message(
            ticket, told["text"], self.own, public=told["public"], reference=told.get("reference")
        )
        kind, key = ("reply" if made.public else "note"), (made.reference or "").partition("-")[2]
        self.commit(f"{kind}.appended", made.id, key=key or None)
        return JSONResponse(made.as_json(), 201)

    def _messages(self, request: Request, told: Any) -> Response:
        page = int(request.query_params.get("page", "1"))
        messages = self._ticket(request).messages
        some = messages[(page - 1) * PAGE : page * PAGE]
        more = page + 1 if len(messages) > page * PAGE else None
        return JSONResponse({"messages": [each.as_json() for each in some], "next": more})

    def _fields(self, request: Request, told: Any) -> Response:
        return JSONResponse({"fields": [each.as_json() for each in self.account.fields.values()]})

    def _create_field(self, request: Request, told: Any) -> Response:
        options = tuple(each["label"] for each in told.get("options", ()))
        made = self.account.add_field(told["title"], told["type"], options)
        self.commit("field.created", made.key)
        return JSONResponse(made.as_json(), 201)

    def _add_option(self, request: Request, told: Any) -> Response:
        known = self.account.fields.get(request.path_params["key"])
        if known is None or told["label"] in known.options:
            raise RefusalError(404 if known is None else 422, ("options", "taken"))
        known.options.append(told["label"])
        self.commit("option.added", known.key)
        return JSONResponse(known.as_json(), 201)

    def _teams(self, request: Request, told: Any) -> Response:
        return JSONResponse(
            {"teams": [{"id": id_, "name": name} for id_, name in self.account.teams.items()]}
        )

    def _forms(self, request: Request, told: Any) -> Response:
        return JSONResponse({"forms": [each.as_json() for each in self.account.forms.values()]})

    def _agents(self, request: Request, told: Any) -> Response:
        listed = [
            {**each.as_json(), "state": each.state, "team_ids": each.team_ids, **self._load(each)}
            for each in self.account.staff()
            if each is not self.own
        ]
        return JSONResponse({"agents": listed})

    def _load(self, person: EmulatedPerson) -> dict[str, int]:
        assigned = [each for each in self.account.tickets.values() if each.assignee is person]
        return {"open_tickets": len(assigned), "most_tickets": 20}

    def _webhooks(self, request: Request, told: Any) -> Response:
        return JSONResponse({"webhooks": [each.as_json() for each in self.account.webhooks.values()]})

    def _put_webhook(self, request: Request, told: Any) -> Response:
        known = self.account.webhooks.get(request.path_params.get("id", ""))
        if known is None:
            id_ = self.account.next_id("W")
            known = EmulatedWebhook(id=id_, url=told["url"], secret=f"acme_wh_made{id_.lower()}secret")
            self.account.webhooks[known.id] = known
            self.commit("webhook.registered", known.id)
        known.on, known.events = told["on"], tuple(told["events"])
        return JSONResponse({**known.as_json(), "secret": known.secret})

    def _pass_chat(self, request: Request, told: Any) -> Response:
        chat = request.path_params["id"]
        if chat not in self.account.chats:
            raise RefusalError(404, (None, "not_found"))
        known = self.account.chats[chat]
        if known is None:
            known = self.account.chats[chat] = self._opened(told)[0].id
        return JSONResponse({"ticket": self.account.tickets[known].as_json()})

    def _ticket(self, request: Request) -> EmulatedTicket:
        found = self.account.tickets.get(request.path_params["id"])
        if found is None:
            raise RefusalError(404, (None, "not_found"))
        return found


def _answering(handler: Callable[[Request, Any], Response]) -> Handler:
    async def answered(request: Request) -> Response:
        try:
            body = await request.body()
            return handler(request, json.loads(body) if body else {})
        except RefusalError as refusal:
            return refusal.response
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"errors": [{"field": None, "code": "malformed"}]}, 400)

    return answered
