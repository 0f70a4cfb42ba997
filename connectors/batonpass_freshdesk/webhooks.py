"""Freshdesk's webhooks: is it one of our rules, and which ticket is it about. Pure functions.

Freshdesk signs nothing. Its automation rules send whatever header a person enters, so a long random text in
`X-Batonpass-Secret` is all the proof there is: it says nothing about the body, and whoever has seen one delivery can
make more. So a delivery is a reason to read the ticket, and never believed. Its body holds ids only, because Freshdesk
fills placeholders into JSON without escaping them.

https://developers.freshdesk.com/api/#create_automation_rule (an action's `custom_headers`)
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.domain.json_text import JsonError, parse_json
from batonpass.ports import WebhookDoor

SECRET_HEADER = "X-Batonpass-Secret"  # noqa: S105 - a header's name
SHORTEST_SECRET = 16
"""Characters: nothing but this text keeps others out."""
_LONGEST_HEADER = 1000
DONE = frozenset({4, 5})
"""Resolved and closed."""
_ID = re.compile(r"[0-9]{1,19}")
_WORD = re.compile(r"[a-z_.]{1,40}")

STATUS_WORD = "status_changed"
REOPENED_WORD = "ticket_reopened"
ASKED_WORD = "handoff_asked"
KINDS: Mapping[str, tuple[EventKind, ...]] = MappingProxyType(
    {
        ASKED_WORD: (EventKind.HANDOFF_ASKED,),
        "ticket_opened": (EventKind.TICKET_OPENED,),
        "ticket_assigned": (EventKind.TICKET_ASSIGNED,),
        "agent_replied": (EventKind.AGENT_REPLIED,),
        "customer_replied": (EventKind.CUSTOMER_REPLIED,),
        "note_added": (EventKind.NOTE_ADDED,),
        STATUS_WORD: (EventKind.STATUS_CHANGED, EventKind.TICKET_SOLVED),
        "ticket_solved": (EventKind.TICKET_SOLVED,),
        REOPENED_WORD: (EventKind.TICKET_REOPENED, EventKind.TICKET_SOLVED),
        "ticket_rated": (EventKind.TICKET_RATED,),
    }
)
"""The word in the body's `batonpass`, which the rule's author has written → what it means. With `status_changed` and
`ticket_reopened` may stand the status that the ticket has now: one that is closed after it was resolved is still
solved."""

_WITH_STATUS = frozenset({STATUS_WORD, REOPENED_WORD})


def receive(
    delivery: Delivery, *, secrets: Sequence[SecretStr], settings: Any, now: datetime
) -> tuple[Event, ...]:
    """As `batonpass.ports.webhooks.Receive` says, but nothing is signed: the secret stands in a header.

    Freshdesk gives deliveries no id, so each has one of its own: a delivery that comes twice is two events, both of
    which only make us read the ticket. Who did it is not told. Whether a ticket asks for a person is said by the
    rule, so without a `start` rule in the settings its word means nothing.
    """
    _prove(delivery, secrets)
    return read(delivery.body, settings=settings, received_at=now)


def read(body: bytes, *, settings: Any, received_at: datetime) -> tuple[Event, ...]:
    """As `batonpass.ports.webhooks.Read` says: an event's id is made from its delivery's body and arrival."""
    return (_event(body, received_at.astimezone(UTC), starts=settings.start is not None),)


def _prove(delivery: Delivery, secrets: Sequence[SecretStr]) -> None:
    keys = [_usable(secret) for secret in secrets]
    if not keys:
        raise ConfigurationError("no webhook_secret is set for this connection", code="no_webhook_secret")
    name = SECRET_HEADER.lower()
    given = [value for known, value in delivery.headers if known == name]
    if not any(given):
        raise RejectedDeliveryError(f"the header {SECRET_HEADER} is missing", code="missing_header")
    if len(given) > 1 or len(given[0]) > _LONGEST_HEADER:
        raise RejectedDeliveryError(
            f"the header {SECRET_HEADER} came several times or is too long", code="malformed_header"
        )
    told = given[0].encode(errors="surrogatepass")
    matches = [hmac.compare_digest(key, told) for key in keys]
    if not any(matches):
        raise RejectedDeliveryError(f"{SECRET_HEADER} is not this connection's", code="no_match")


def _usable(secret: SecretStr) -> bytes:
    value = secret.get_secret_value()
    if len(value) < SHORTEST_SECRET or not value.isascii() or value != value.strip():
        raise ConfigurationError(
            f"webhook_secret must be a random text of {SHORTEST_SECRET} characters or more (ASCII, no white space at "
            "its ends): it is all that keeps others out",
            code="bad_webhook_secret",
        )
    return value.encode()


def _event(body: bytes, now: datetime, *, starts: bool) -> Event:
    try:
        told = parse_json(body).value
    except JsonError:
        raise RejectedDeliveryError("the body is no JSON", code="malformed_body") from None
    word = told.get("batonpass") if isinstance(told, dict) else None
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        raise RejectedDeliveryError("the body is none of our templates", code="malformed_body")
    ticket_id = _id(told.get("ticket_id"))
    if ticket_id is None:
        raise RejectedDeliveryError("the body names no ticket", code="malformed_body")
    return Event(
        kind=_kind(word, _id(told.get("status_id")), starts=starts),
        id=hashlib.sha256(now.isoformat().encode() + b"\n" + body).hexdigest(),
        subject_id=ticket_id,
        at=now,
        vendor_kind=word,
    )


def _kind(word: str, status: str | None, *, starts: bool) -> EventKind:
    if word in _WITH_STATUS and status is not None and int(status) in DONE:
        return EventKind.TICKET_SOLVED
    if word == ASKED_WORD and not starts:
        return EventKind.UNKNOWN
    return KINDS.get(word, (EventKind.UNKNOWN,))[0]


def _id(told: Any) -> str | None:
    """An id as a number or as its digits; a placeholder that was not filled in is none."""
    text = str(told) if isinstance(told, int | str) and not isinstance(told, bool) else ""
    return str(int(text)) if _ID.fullmatch(text) else None


def template(word: str) -> dict[str, str]:
    """The body of a rule that says `word`."""
    told = {"batonpass": word, "ticket_id": "{{ticket.id}}"}
    return {**told, "status_id": "{{ticket.status_id}}"} if word in _WITH_STATUS else told


_BY_HAND = (
    ("Ticket creation", "ticket_opened"),
    ("Ticket updates by the team or by the system: agent or group is changed", "ticket_assigned"),
    ("Ticket updates by the team or by the system: status is changed", STATUS_WORD),
    ("Ticket updates by the team or by the system: status is changed from Resolved or Closed", REOPENED_WORD),
    ("Ticket updates by the team: reply is sent, public note is added", "agent_replied"),
    ("Ticket updates by the team: private note is added", "note_added"),
    ("Ticket updates by the requester: reply is sent", "customer_replied"),
    ("Ticket updates by the requester: customer feedback is received", "ticket_rated"),
)


def by_hand(settings: Any, url: str) -> tuple[str, ...]:
    """What an admin enters in Freshdesk where the API does not make the rules."""
    rules = list(_BY_HAND)
    if settings.start is not None:
        rules.append(
            ("Ticket creation and ticket updates, where the ticket asks for a person", "handoff_asked")
        )
    where = (
        "Freshdesk > Admin > Workflows > Automations: one rule for each line below that begins with a dash. “The team” "
        "is every agent but the one whose API key this is."
    )
    action = (
        f"Each with the action Trigger webhook: POST, URL {url}, custom header {SECRET_HEADER} with this connection's "
        "webhook_secret, encoding JSON, Advanced, and as its content what the line says"
    )
    return (where, action, *(f"- {when}; content {json.dumps(template(word))}" for when, word in rules))


DOOR = WebhookDoor(
    receive=receive,
    read=read,
    kinds=KINDS,
    scheme=f"not signed: a secret of your own in the header {SECRET_HEADER}; every delivery is only a hint",
    hint_only=True,
    by_hand=by_hand,
)
