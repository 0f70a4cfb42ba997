"""Acme Desk's deliveries: `Acme-Signature: t=<unix seconds>,s=<hex HMAC-SHA256 of "t.body">`."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr, ValidationError

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.domain.json_text import JsonError, parse_json

HEADER = "acme-signature"
TOLERANCE = 300
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),s=([0-9a-f]{64})")
_SECRET = re.compile(r"acme_wh_[a-z0-9]{8,}")

KINDS: Mapping[str, tuple[EventKind, ...]] = {
    "ticket.created": (EventKind.TICKET_OPENED,),
    "ticket.assigned": (EventKind.TICKET_ASSIGNED, EventKind.HANDOFF_ASKED),
    "message.added": (EventKind.AGENT_REPLIED, EventKind.CUSTOMER_REPLIED, EventKind.NOTE_ADDED),
    "ticket.state_changed": (
        EventKind.STATUS_CHANGED,
        EventKind.TICKET_SOLVED,
        EventKind.TICKET_REOPENED,
    ),
    "ticket.rated": (EventKind.TICKET_RATED,),
    "ticket.labelled": (EventKind.HANDOFF_ASKED,),
    "ticket.field_set": (EventKind.HANDOFF_ASKED,),
    "agent.state_changed": (EventKind.AGENT_PRESENCE_CHANGED,),
}


class _Happened(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: str
    event: str
    at: AwareDatetime
    subject: str | None = None
    actor: str | None = None
    test: bool = False
    public: bool = False
    by_staff: bool = False
    was: str | None = None
    now: str | None = None
    name: str | None = None
    """Of a label, a field, or the team that it is assigned to."""
    key: str | None = None
    value: str | None = None


def sign(body: bytes, *, secret: str, at: datetime) -> dict[str, str]:
    """The headers that prove `body`."""
    seconds = f"{at.timestamp():.0f}"
    digest = hmac.new(secret.encode(), seconds.encode() + b"." + body, sha256).hexdigest()
    return {"Acme-Signature": f"t={seconds},s={digest}"}


def receive(
    delivery: Delivery, *, secrets: Sequence[SecretStr], settings: Any, now: datetime
) -> tuple[Event, ...]:
    _verify(delivery, [_usable(secret) for secret in secrets], now)
    return read(delivery.body, settings=settings, received_at=now)


def read(body: bytes, *, settings: Any, received_at: datetime) -> tuple[Event, ...]:
    """What a body says, proven now or long ago."""
    digest = sha256(body).hexdigest()[:32]
    return tuple(
        _event(item, settings.start, fallback=f"{digest}-{place}", now=received_at)
        for place, item in enumerate(_items(body))
    )


def _items(body: bytes) -> list[Any]:
    try:
        told = parse_json(body).value
    except JsonError:
        told = None
    items = told.get("events") if isinstance(told, dict) else None
    if not isinstance(items, list):
        raise RejectedDeliveryError("the body is no list of Acme Desk events", code="malformed_body")
    return items


def _usable(secret: SecretStr) -> bytes:
    if not _SECRET.fullmatch(secret.get_secret_value()):
        raise ConfigurationError(
            "webhook_secret is no Acme Desk webhook secret (acme_wh_…)", code="bad_webhook_secret"
        )
    return secret.get_secret_value().encode()


def _verify(delivery: Delivery, keys: Sequence[bytes], now: datetime) -> None:
    if not keys:
        raise ConfigurationError("no webhook_secret is set for Acme Desk", code="no_webhook_secret")
    header = delivery.header(HEADER)
    if not header:
        raise RejectedDeliveryError(f"the header {HEADER} is missing", code="missing_header")
    found = _SIGNATURE.fullmatch(header)
    if found is None:
        raise RejectedDeliveryError(f"{HEADER} has not the form t=…,s=…", code="malformed_header")
    if abs(now.timestamp() - int(found[1])) > TOLERANCE:
        raise RejectedDeliveryError("signed more than five minutes away from now", code="too_old")
    signed = found[1].encode() + b"." + delivery.body
    expected = [hmac.new(key, signed, sha256).hexdigest() for key in keys]
    if not any([hmac.compare_digest(one, found[2]) for one in expected]):  # noqa: C419 - all are compared
        raise RejectedDeliveryError("the signature fits neither secret nor body", code="no_match")


def _event(item: Any, start: Any, *, fallback: str, now: datetime) -> Event:
    try:
        told = _Happened.model_validate(item)
    except ValidationError:
        return Event(
            kind=EventKind.UNKNOWN, id=fallback, subject_id=None, at=now, vendor_kind="not understood"
        )
    means = _MEANS.get(told.event)
    kind = EventKind.UNKNOWN if means is None else means(told)
    return Event(
        kind=EventKind.HANDOFF_ASKED if _asks(told, start) else kind,
        id=told.id,
        subject_id=told.subject,
        at=told.at,
        vendor_kind=told.event,
        actor_id=told.actor,
        test=told.test,
    )


def _asks(told: _Happened, start: Any) -> bool:
    if start is None:
        return False
    if start.tag is not None:
        return told.event == "ticket.labelled" and told.name == start.tag
    if start.group is not None:
        return told.event == "ticket.assigned" and start.group in {told.name, told.key}
    names = {told.name, told.key}
    return told.event == "ticket.field_set" and start.field in names and told.value == start.value


def _message(told: _Happened) -> EventKind:
    if not told.public:
        return EventKind.NOTE_ADDED
    return EventKind.AGENT_REPLIED if told.by_staff else EventKind.CUSTOMER_REPLIED


_DONE = {"done", "archived"}


def _state(told: _Happened) -> EventKind:
    was_done, is_done = told.was in _DONE, told.now in _DONE
    if was_done is is_done:
        return EventKind.STATUS_CHANGED
    return EventKind.TICKET_SOLVED if is_done else EventKind.TICKET_REOPENED


_MEANS: Mapping[str, Callable[[_Happened], EventKind]] = {
    "ticket.created": lambda _: EventKind.TICKET_OPENED,
    "ticket.assigned": lambda _: EventKind.TICKET_ASSIGNED,
    "message.added": _message,
    "ticket.state_changed": _state,
    "ticket.rated": lambda _: EventKind.TICKET_RATED,
    "agent.state_changed": lambda _: EventKind.AGENT_PRESENCE_CHANGED,
}
