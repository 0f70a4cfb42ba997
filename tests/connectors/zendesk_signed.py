"""Deliveries as Zendesk signs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import SecretStr

from batonpass.domain.delivery import Delivery
from batonpass.domain.event import Event
from batonpass_zendesk import ZendeskSettings
from batonpass_zendesk.webhooks import SIGNATURE, TIMESTAMP, receive

NOW = datetime(2026, 11, 20, 5, 33, 20, tzinfo=UTC)
SIGNED_AT = "2026-11-20T05:33:18Z"
SECRET = SecretStr("signing-secret-of-a-test")
BODY = json.dumps(
    {
        "type": "zen:event-type:ticket.agent_assignment_changed",
        "account_id": 12514403,
        "id": "2b24ef10-1111",
        "time": SIGNED_AT,
        "zendesk_event_version": "2022-11-06",
        "subject": "zen:ticket:5158",
        "detail": {"id": "5158", "status": "OPEN", "actor_id": "77"},
        "event": {"previous": None, "current": "8447388090494"},
    }
).encode()


Headers = Mapping[str, str] | Sequence[tuple[str, str]]


def sign(body: bytes = BODY, at: str = SIGNED_AT, secret: SecretStr = SECRET) -> dict[str, str]:
    digest = hmac.digest(secret.get_secret_value().encode(), at.encode() + body, hashlib.sha256)
    return {SIGNATURE: base64.b64encode(digest).decode(), TIMESTAMP: at}


def settings(**start: str) -> ZendeskSettings:
    told = {"subdomain": "acme", "client_id": "c", "client_secret": "s", "start": start or None}
    return ZendeskSettings.model_validate(told)


def events(
    headers: Headers,
    body: bytes = BODY,
    *,
    secrets: Sequence[SecretStr] = (SECRET,),
    start: dict[str, str] | None = None,
) -> tuple[Event, ...]:
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    delivery = Delivery(method="POST", url="https://x.example/webhooks/support", headers=pairs, body=body)
    return receive(delivery, secrets=secrets, settings=settings(**(start or {})), now=NOW)
