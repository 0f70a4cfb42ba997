"""The conversations of an emulated HubSpot account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.domain.clock import Clock
from batonpass_hubspot.emulated_api import Commit, Refuse, page_of
from batonpass_hubspot.emulated_schema import stamp

CHAT, ACCOUNT = "1000", "424242"
"""The channel (live chat) and its account."""


@dataclass(slots=True, kw_only=True)
class EmulatedThread:
    id: str
    ticket_id: str
    contact_id: str
    messages: list[dict[str, Any]] = field(default_factory=list)


class ThreadApi:
    """`/conversations/conversations/2026-09`, as HubSpot's own description has it."""

    def __init__(self, clock: Clock, *, refuse: Refuse, commit: Commit, next_id: Callable[[], str]) -> None:
        self._clock = clock
        self._refuse = refuse
        self._commit = commit
        self._next_id = next_id
        self.threads: dict[str, EmulatedThread] = {}
        self.app_id = ""
        self.said: Callable[[EmulatedThread, dict[str, Any]], None] = lambda *_: None
        """Told of every new message."""

    def thread_of(self, ticket_id: str) -> EmulatedThread | None:
        return next((each for each in self.threads.values() if each.ticket_id == ticket_id), None)

    def begin(self, ticket_id: str, contact_id: str) -> EmulatedThread:
        made = EmulatedThread(id=self._next_id(), ticket_id=ticket_id, contact_id=contact_id)
        self.threads[made.id] = made
        return made

    def add(
        self,
        thread: EmulatedThread,
        text: str,
        *,
        author: str,
        incoming: bool = False,
        type_: str = "MESSAGE",
        app_id: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """A message; `author` is an actor's id."""
        client = {"clientType": "INTEGRATION", "integrationAppId": int(app_id)} if app_id else None
        message: dict[str, Any] = {
            "type": type_,
            "id": f"message-{self._next_id()}",
            "conversationsThreadId": thread.id,
            "createdAt": stamp(self._clock.now()),
            "createdBy": author,
            "client": client or {"clientType": "HUBSPOT"},
            "senders": [{"actorId": author, "name": "", "senderField": "ORIGINAL_FROM"}],
            "recipients": [],
            "archived": False,
            "text": text,
            "attachments": [],
            "truncationStatus": "NOT_TRUNCATED",
            "direction": "INCOMING" if incoming else "OUTGOING",
            "channelId": CHAT,
            "channelAccountId": ACCOUNT,
            **more,
        }
        thread.messages.append(message)
        self.said(thread, message)
        return message

    def list_threads(self, request: Request, body: Any) -> Response:
        del body
        wanted = request.query_params.get("associatedTicketId")
        found = [each for each in self.threads.values() if wanted in {None, each.ticket_id}]
        return page_of(found, request.query_params.get("after"), _limit(request), self._shown)

    def list_messages(self, request: Request, body: Any) -> Response:
        del body
        thread = self.threads.get(request.path_params["id"])
        if thread is None:
            return self._refuse(404, "OBJECT_NOT_FOUND", "resource not found")
        return page_of(
            thread.messages,
            request.query_params.get("after"),
            _limit(request),
            lambda each: {name: value for name, value in each.items() if name != "_whole"},
        )

    def original(self, request: Request, body: Any) -> Response:
        del body
        thread = self.threads.get(request.path_params["id"])
        wanted = request.path_params["message"]
        found = next((each for each in thread.messages if each["id"] == wanted), None) if thread else None
        if found is None:
            return self._refuse(404, "OBJECT_NOT_FOUND", "resource not found")
        return JSONResponse({"text": found.get("_whole", found["text"])})

    def send(self, request: Request, body: Any) -> Response:
        """Only a user can be the sender, and somebody must be written to."""
        thread = self.threads.get(request.path_params["id"])
        if thread is None:
            return self._refuse(404, "OBJECT_NOT_FOUND", "resource not found")
        wrong = (
            body.get("type") not in {"MESSAGE", "COMMENT"}
            or not str(body.get("text", "")).strip()
            or not str(body.get("senderActorId", "")).startswith("A-")
            or not isinstance(body.get("attachments"), list)
        )
        public = body.get("type") == "MESSAGE"
        lacks = public and not (
            body.get("channelId") and body.get("channelAccountId") and body.get("recipients")
        )
        if wrong or lacks:
            return self._refuse(400, "VALIDATION_ERROR", "The message is not valid")
        made = self.add(
            thread,
            body["text"],
            author=body["senderActorId"],
            type_=body["type"],
            app_id=self.app_id or None,
        )
        self._commit("reply.appended" if public else "note.appended", made["id"])
        return JSONResponse(made, 201)

    @staticmethod
    def _shown(thread: EmulatedThread) -> dict[str, Any]:
        return {
            "id": thread.id,
            "status": "OPEN",
            "inboxId": "1",
            "archived": False,
            "spam": False,
            "associatedContactId": thread.contact_id,
            "originalChannelId": CHAT,
            "originalChannelAccountId": ACCOUNT,
            "createdAt": thread.messages[0]["createdAt"] if thread.messages else None,
        }


def _limit(request: Request) -> int:
    return min(int(request.query_params.get("limit", "20")), 500)
