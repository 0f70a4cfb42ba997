"""HubSpot's deliveries, as the manifest offers them."""

from __future__ import annotations

from batonpass.ports import WebhookDoor
from batonpass_hubspot.by_hand import by_hand
from batonpass_hubspot.events import KINDS
from batonpass_hubspot.webhooks import read, receive

DOOR = WebhookDoor(
    receive=receive,
    read=read,
    kinds=KINDS,
    scheme="HMAC-SHA256 of method, URL, body and time with the app's client secret, base64 (X-HubSpot-Signature-v3)",
    needs_public_url=True,
    by_hand=by_hand,
)
