"""Intercom's webhooks: is it Intercom, and what happened. Pure functions.

A notification is signed with `X-Hub-Signature: sha1=` and the hexadecimal HMAC-SHA1 of the raw body under the app's
client secret. Nothing signed tells when: a replay is known by the notification's id. Health checks and uninstalls
come with `X-Body-Signature`, a hexadecimal HMAC-SHA256, instead (seen, not documented); a notification never does.

Intercom stops delivering for 15 minutes after a thousand failures in a row, and for good after seven days or a 410;
it tells nobody so by its API: only silence shows it, and the page Developer Hub > your app > Webhooks.
https://developers.intercom.com/docs/references/2.16/webhooks/webhook-models
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.domain.json_text import JsonError, parse_json
from batonpass.ports import StartRule, WebhookDoor
from batonpass_intercom.notifications import KINDS, NOTIFICATION, events_in
from batonpass_intercom.settings import IntercomSettings

SIGNATURE = "x-hub-signature"
BODY_SIGNATURE = "x-body-signature"
_SHA1 = re.compile(r"sha1=[0-9a-fA-F]{40}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_ACCESS_TOKEN = "dG9rO"  # noqa: S105 - how every access token begins


def receive(
    delivery: Delivery, *, secrets: Sequence[SecretStr], settings: IntercomSettings, now: datetime
) -> tuple[Event, ...]:
    """`batonpass.ports.Receive`."""
    keys = [_usable(secret) for secret in secrets]
    if not keys:
        raise ConfigurationError(
            "no webhook_secret is set: the app's client secret from Developer Hub > Basic information",
            code="no_webhook_secret",
        )
    by_hub = _verified(delivery, keys)
    told = _object_in(delivery.body)
    if by_hub:
        return events_in(told, settings.start)
    if _is_notification(told):
        raise RejectedDeliveryError(f"a notification is proven by {SIGNATURE} only", code="wrong_kind")
    return (_of_the_app(delivery.body, now),)


def read(body: bytes, *, settings: IntercomSettings, received_at: datetime) -> tuple[Event, ...]:
    """`batonpass.ports.Read`. Which header proved it is not kept: what is no notification was about the app."""
    told = _object_in(body)
    return events_in(told, settings.start) if _is_notification(told) else (_of_the_app(body, received_at),)


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        told = parse_json(body).value
    except JsonError:
        raise RejectedDeliveryError("the body is no JSON", code="malformed_body") from None
    if not isinstance(told, dict):
        raise RejectedDeliveryError("the body is no JSON object", code="malformed_body")
    return told


def _is_notification(told: Mapping[str, Any]) -> bool:
    return told.get("type") == NOTIFICATION or "topic" in told


def _verified(delivery: Delivery, keys: Sequence[bytes]) -> bool:
    """Whether it is signed as a notification; False: as a call about the app itself. Raises if neither."""
    hub, own = delivery.header(SIGNATURE), delivery.header(BODY_SIGNATURE)
    if hub is not None:
        if not _SHA1.fullmatch(hub):
            code = "malformed_header" if not hub or hub.startswith("sha1=") else "wrong_kind"
            raise RejectedDeliveryError("the signature is not sha1= with 40 hexadecimal digits", code=code)
        _match(hub.removeprefix("sha1="), delivery.body, keys, "sha1")
        return True
    if own is None:
        raise RejectedDeliveryError(f"the header {SIGNATURE} is missing", code="missing_header")
    if not _SHA256.fullmatch(own):
        raise RejectedDeliveryError("the signature is not 64 hexadecimal digits", code="malformed_header")
    _match(own, delivery.body, keys, "sha256")
    return False


def _match(given: str, body: bytes, keys: Sequence[bytes], algorithm: str) -> None:
    matches = [
        hmac.compare_digest(hmac.digest(key, body, algorithm).hex().encode(), given.lower().encode())
        for key in keys
    ]
    if not any(matches):
        raise RejectedDeliveryError("the signature fits neither secret nor body", code="no_match")


def _usable(secret: SecretStr) -> bytes:
    value = secret.get_secret_value()
    if not value.strip() or value.startswith(_ACCESS_TOKEN):
        what = "the access token" if value.strip() else "empty"
        raise ConfigurationError(
            f"webhook_secret is {what}; set the app's client secret from Developer Hub > Basic information",
            code="bad_webhook_secret",
        )
    return value.encode(errors="surrogatepass")


def _of_the_app(body: bytes, now: datetime) -> Event:
    """Health checks and uninstalls have no id: the same body is the same event."""
    digest = hashlib.sha256(body).hexdigest()[:32]
    return Event(kind=EventKind.UNKNOWN, id=f"app_{digest}", subject_id=None, at=now, vendor_kind="app")


# For people ---------------------------------------------------------------------------------------------------

PERMISSIONS = "Read conversations, Read tickets, Read admins, Read users and companies"


def by_hand(settings: IntercomSettings, url: str) -> tuple[str, ...]:
    """What a person enters in the Developer Hub: Intercom has no API for it."""
    return (
        "Open https://app.intercom.com/a/apps/_/developer-hub and choose your app (New app, if there is none).",
        "Configure > Basic information: copy the Client secret; set it as webhook_secret of this connection.",
        f"Configure > Authentication: see that the app has these permissions: {PERMISSIONS}.",
        "Configure > Webhooks: enter the endpoint URL, which must be reachable by HTTPS:",
        f"  {url}",
        "Configure > Webhooks: set the version of the notifications to 2.16.",
        "Configure > Webhooks: add each of these topics:",
        *(f"  {topic}" for topic in KINDS if topic != "ping"),
        *_about_the_start(settings.start),
        "Save. Intercom calls the URL at once (ping); it must be answered 2xx.",
    )


def _about_the_start(start: StartRule | None) -> tuple[str, ...]:
    if start is None:
        return ()
    if start.tag is not None:
        return (
            (
                f"The tag {start.tag!r} starts a handoff when it is put on a message of a conversation; Intercom has no "
                "topic for tags of tickets, and its API does not tell them."
            ),
        )
    if start.group is not None:
        return (f"Assigning a conversation or a ticket to the team {start.group!r} starts a handoff.",)
    return (
        (
            f"Setting the ticket attribute {start.field!r} starts a handoff; Intercom has no topic for attributes of "
            "conversations: let a workflow assign those to a team, or tag them."
        ),
    )


DOOR = WebhookDoor(
    receive=receive,
    read=read,
    kinds=KINDS,
    scheme="HMAC-SHA1 of the body, hexadecimal, after sha1=; HMAC-SHA256 for calls about the app itself",
    by_hand=by_hand,
)
