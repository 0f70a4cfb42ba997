"""The AI agent of a machine of rules: asks, asks again, hears."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from batonpass.domain.clock import Clock
from batonpass.testing.desk import API_KEY
from batonpass.testing.history import Acknowledged, Told

CALLBACK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the AI agent that is made up here
ASK = "I was charged twice for my plan this month. Please refund one of the charges."
AI_AGENT = "ai-agent"
ASK_WITHIN = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request, which may be sent several times."""

    key: str
    conversation: str
    canary: str
    ticket: str | None = None
    """The one that stands already."""

    @property
    def body(self) -> Mapping[str, Any]:
        said = [
            {"role": "customer", "text": f"{ASK} ({self.canary})"},
            {"role": "ai", "text": "Refunds need a colleague of mine; I pass you on."},
        ]
        customer = {"name": "Mia Keller", "email": "mia.keller@example.com", "identity": "verified"}
        return {
            "conversation": {"id": self.conversation, "turns": said},
            "customer": customer,
            "reason": {"code": "billing_dispute", "text": "Refunds need a person"},
            **({"helpdesk": {"ticket_id": self.ticket}} if self.ticket else {}),
        }


@dataclass(slots=True, kw_only=True)
class Agent:
    clock: Clock
    fails: int = 0
    """How often its callback answers 503 from now on."""
    asked: list[Asking] = field(default_factory=list)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What was answered to a request that should have been accepted."""
    told: list[Told] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The callback, as an ASGI application."""
        request = Request(scope, receive)
        body = await request.body()
        await Response(status_code=self._hear(request.headers, body))(scope, receive, send)

    def _hear(self, headers: Mapping[str, str], body: bytes) -> int:
        if self.fails > 0:
            self.fails -= 1
            return 503
        event = json.loads(body)
        data = event["data"]
        told = Told(
            event_id=headers["webhook-id"],
            kind=event["type"],
            handoff_id=data["handoff_id"],
            ticket_id=data["ticket"]["id"] if data["ticket"] else None,
            at=self.clock.now(),
            say=data.get("say") or "",
        )
        self.told.append(told)
        return 204

    async def ask(self, http: httpx.AsyncClient, url: str, asking: Asking) -> None:
        """Send it; once more where no answer comes back."""
        if asking not in self.asked:
            self.asked.append(asking)
        headers = {"Idempotency-Key": asking.key, "Authorization": f"Bearer {API_KEY}"}
        sent_at = self.clock.now()
        try:
            answer = await http.post(
                f"{url}/v1/handoffs", json=asking.body, headers=headers, timeout=ASK_WITHIN
            )
        except httpx.HTTPError:
            return  # whoever dropped the server asks again
        if answer.status_code != 202:
            self.refused.append(f"asked with {asking.key}: {answer.status_code} {answer.text[:200]}")
            return
        self.acknowledged.append(
            Acknowledged(
                key=asking.key,
                handoff_id=str(answer.json()["id"]),
                conversation_id=asking.conversation,
                sent_at=sent_at,
                at=self.clock.now(),
                canary=asking.canary,
                ai_agent=AI_AGENT,
            )
        )
