"""The emulated messaging API: conversations that the AI agent holds and passes to the agents."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass_zendesk.emulated_account import EmulatedConversation, EmulatedTicket
from batonpass_zendesk.emulated_events import Change
from batonpass_zendesk.emulated_http import json_body, not_found
from batonpass_zendesk.emulated_tickets import Tickets

MOST_METADATA = 4096
AGENTS = "zd-agentWorkspace"
_SYSTEM, _FIELD = "dataCapture.systemField.", "dataCapture.ticketField."
_NUMBERS = frozenset({"group_id", "assignee_id", "brand_id"})


class Messaging(Tickets):
    def add_conversation(self, *messages: str) -> EmulatedConversation:
        """One that the AI agent holds, with what has been said in it so far."""
        made = EmulatedConversation(id=secrets.token_hex(12), messages=list(messages))
        self.account.conversations[made.id] = made
        return made

    def _show_conversation(self, request: Request) -> Response:
        found = self._conversation(request)
        if found is None:
            return _error(404, "conversation_not_found")
        name = AGENTS if found.with_agents else "shop-bot"
        kind = "zd:agentWorkspace" if found.with_agents else "custom"
        active = {"id": "5ef21b86e933b7355c11c604", "name": name, "integrationType": kind}
        told = {"id": found.id, "type": "personal", "activeSwitchboardIntegration": active}
        return JSONResponse({"conversation": told})

    async def _pass_control(self, request: Request) -> Response:
        found = self._conversation(request)
        if found is None:
            return _error(404, "conversation_not_found")
        told = await json_body(request)
        metadata = told.get("metadata") or {}
        flat = all(isinstance(value, str | int | float | bool) for value in metadata.values())
        if not flat or len(json.dumps(metadata, ensure_ascii=False).encode()) > MOST_METADATA:
            return _error(400, "bad_request")
        if told.get("switchboardIntegration") not in {"next", AGENTS} or found.with_agents:
            return _error(400, "bad_request")  # nobody comes after the agents
        found.with_agents = True
        found.ticket_from = self.clock.monotonic() + self.conversation_lag
        found.ticket_id = self._ticket_for(found, metadata if found.messages else {}).id
        self.commit("conversation.passed", found.id)
        return JSONResponse({})

    def _ticket_for(self, conversation: EmulatedConversation, metadata: Mapping[str, Any]) -> EmulatedTicket:
        system = {
            key.removeprefix(_SYSTEM): value for key, value in metadata.items() if key.startswith(_SYSTEM)
        }
        values = [
            {"id": int(key.removeprefix(_FIELD)), "value": value}
            for key, value in metadata.items()
            if key.startswith(_FIELD)
        ]
        now, name, email = self.clock.now(), system.get("requester.name"), system.get("requester.email")
        told = {"name": name or "Visitor", **({"email": email} if email else {})}
        asker = self._requester(told)
        made = EmulatedTicket(
            id=self.account.next_ticket_id(),
            subject=f"Conversation with {asker.name}",
            requester_id=asker.id,
            created_at=now,
            updated_at=now,
            channel="native_messaging",
        )
        wanted: dict[str, Any] = {"custom_fields": values, "tags": str(system.get("tags", "")).split(",")}
        wanted["tags"] = [tag.strip() for tag in wanted["tags"] if tag.strip()]
        wanted |= {key: system[key] for key in ("priority", "group_id", "assignee_id") if key in system}
        self._change(made, wanted)
        self.tickets[made.id] = made
        said = "\n\n".join(conversation.messages) or "(no message)"
        first = self._comment(made, {"body": said, "public": True}, author=asker)
        self.commit("ticket.opened", str(made.id))
        self._settle(Change(ticket=made, author=asker, before=None, comment=first))
        return made

    def _show_ticket_of(self, request: Request) -> Response:
        found = self.account.conversations.get(request.path_params["conversation"])
        there = found is not None and found.ticket_from <= self.clock.monotonic()
        ticket = self.tickets.get(found.ticket_id or 0) if found is not None and there else None
        if ticket is None or ticket.status == "closed":
            raise not_found()
        return JSONResponse({"ticket": self._json_of(ticket, request)})

    def _conversation(self, request: Request) -> EmulatedConversation | None:
        if request.path_params["app"] != self.messaging_app_id:
            return None
        return self.account.conversations.get(request.path_params["conversation"])

    def messaging_operations(self) -> tuple[tuple[str, str, str, Callable[[Request], Any], bool], ...]:
        conversation = "/sc/v2/apps/{app}/conversations/{conversation}"
        ticket = "/api/v2/tickets/messaging/conversations/{conversation}/ticket"
        return (
            ("conversations.read", "GET", conversation, self._show_conversation, False),
            ("conversations.pass", "POST", f"{conversation}/passControl", self._pass_control, False),
            ("conversations.ticket", "GET", ticket, self._show_ticket_of, False),
        )


def _error(status: int, code: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "title": code.replace("_", " ").capitalize()}]}, status)
