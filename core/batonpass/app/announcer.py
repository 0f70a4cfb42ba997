"""Tells an AI agent by webhook what became of its handoff, signed as Standard Webhooks says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from standardwebhooks.webhooks import Webhook

from batonpass.app.config import SAY, SAY_DELAYED, HandoffConfig
from batonpass.domain.clock import Clock
from batonpass.transport import Call, FixedCredentials, Transport

DEFAULT_LANGUAGE = "en"


class WebhookAnnouncer:
    """Posts events to one AI agent's callback (https://www.standardwebhooks.com: id, timestamp, signature)."""

    def __init__(
        self,
        *,
        ai_agent: str,
        url: str,
        secret: str,
        http: httpx.AsyncBaseTransport,
        clock: Clock,
    ) -> None:
        """Raises `ConfigurationError`."""
        self._clock = clock
        self._webhook = Webhook(secret)
        host = urlsplit(url).hostname or ""
        self._transport = Transport(
            connection=f"callback of {ai_agent}",
            base_url=url,
            hosts=(host,),
            http=http,
            credentials=FixedCredentials({}),
            clock=clock,
        )

    async def tell(self, event_id: str, payload: Mapping[str, object]) -> None:
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
        now = self._clock.now()
        headers = {
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(event_id, now, body),
        }
        await self._transport.call(
            Call(
                operation="announce",
                method="POST",
                path="",
                content=body.encode(),
                headers=headers,
                reads_body=False,
            )
        )


@dataclass(frozen=True, slots=True)
class Sayings:
    """What the customer can truthfully be told, by language; `en` is always there."""

    ticketed: Mapping[str, str]
    delayed: Mapping[str, str]

    @classmethod
    def of(cls, settings: HandoffConfig) -> Sayings:
        return cls(
            {DEFAULT_LANGUAGE: SAY, **settings.say}, {DEFAULT_LANGUAGE: SAY_DELAYED, **settings.say_delayed}
        )

    def ticket_stands(self, language: str | None, called: str) -> str:
        """`called`: what people call the ticket."""
        return sentence(self.ticketed, language, called)

    def no_ticket_yet(self, language: str | None) -> str:
        return sentence(self.delayed, language, "")


def sentence(say: Mapping[str, str], language: str | None, ticket: str) -> str:
    """What the customer can be told, in their language where there is one; `ticket` is what people call it.

    `say`: language → sentence with `{ticket_id}`; `en` must be there.
    """
    wanted = (language or DEFAULT_LANGUAGE).lower()
    found = say.get(wanted) or say.get(wanted.partition("-")[0]) or say[DEFAULT_LANGUAGE]
    return found.replace("{ticket_id}", ticket)
