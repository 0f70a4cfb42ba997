"""A little AI agent: hands conversations over and hears, by signed webhook, what became of them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from batonpass.app.status import HandoffStatus
from batonpass.domain.errors import RefusedError

CALLBACK_PATH = "/batonpass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The event that it received, its signature verified."""

    ticket_id: str
    ticket_url: str
    say: str
    """What it can say to the customer."""


class AiAgent:
    """Its own endpoint (`app`), and the calls it makes."""

    def __init__(self) -> None:
        self.app = Starlette(routes=[Route(CALLBACK_PATH, self._receive, methods=["POST"])])
        self._webhook: Webhook | None = None
        self._heard: dict[str, asyncio.Future[Told]] = {}

    def expect_signatures(self, secret: str) -> None:
        """From now on, events that are signed with this secret are believed."""
        self._webhook = Webhook(secret)

    async def hand_over(self, http: httpx.AsyncClient, body: bytes, *, key: str) -> dict[str, Any]:
        """The server's answer: the handoff's id and where its status is. Raises `RefusedError` with its reason."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        answer = await http.post("/v1/handoffs", content=body, headers=headers)
        told: dict[str, Any] = answer.json()
        if not answer.is_success:
            raise RefusedError(f"the server refused the handoff: {told['detail']}", status=answer.status_code)
        return told

    async def heard_of(self, handoff_id: str, *, within: float) -> Told:
        """What the event said. Raises `TimeoutError`."""
        async with asyncio.timeout(within):
            return await self._future(handoff_id)

    async def status(self, http: httpx.AsyncClient, handoff_id: str) -> HandoffStatus:
        answer = await http.get(f"/v1/handoffs/{handoff_id}")
        answer.raise_for_status()
        return HandoffStatus.model_validate(answer.json())

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        if self._webhook is None or not _signed(self._webhook, body, dict(request.headers)):
            return Response(status_code=401)
        data = json.loads(body)["data"]
        future = self._future(data["handoff_id"])
        if not future.done():  # a repeat has the same id and says the same
            ticket = data["ticket"]
            future.set_result(Told(ticket_id=ticket["id"], ticket_url=ticket["url"], say=data["say"]))
        return Response(status_code=204)

    def _future(self, handoff_id: str) -> asyncio.Future[Told]:
        return self._heard.setdefault(handoff_id, asyncio.get_running_loop().create_future())


def _signed(webhook: Webhook, body: bytes, headers: dict[str, str]) -> bool:
    try:
        webhook.verify(body, headers)
    except Exception:  # noqa: BLE001 - the library raises several kinds on hostile input; each means "no"
        return False
    return True
