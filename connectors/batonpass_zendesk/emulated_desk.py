"""What every part of the emulated Zendesk stands on: its settings, its logins, its errors and limits."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from batonpass.testing.emulator import Emulator
from batonpass_zendesk import emulated_json as as_json
from batonpass_zendesk.emulated_account import Account, EmulatedTicket
from batonpass_zendesk.emulated_http import Refusal, json_body, not_found

_ERRORS = {401: "Couldn't authenticate you", 404: "RecordNotFound", 429: "TooManyRequests"}


@dataclass
class EmulatedDesk(Emulator):
    PLAN_LIMIT: ClassVar[int] = 700
    """Calls a minute of the Enterprise plan; `calls_per_window=ZendeskEmulator.PLAN_LIMIT` enforces it."""
    IDEMPOTENCY_SECONDS: ClassVar[float] = 2 * 3600

    client_id: str = "emulated-client"
    client_secret: str = "emulated-secret"  # noqa: S105 - the emulator's own, known to everybody
    email: str = "ada@helpdesk.example"
    api_token: str = "emulated-token"  # noqa: S105 - as above
    token_lifetime: float = 7200.0
    account: Account = field(default_factory=Account)
    surveys: bool = False
    """Whether satisfaction is asked for by surveys; else by the older ratings."""
    ticket_events: bool = True
    """Whether webhooks can subscribe to ticket events; else only triggers tell of tickets."""
    limits_updates: bool = False
    """Whether one ticket takes only 30 updates in ten minutes."""
    conversation_lag: float = 0.0
    """Seconds after which a passed conversation has its ticket."""
    messaging_app_id: str = "5d8cff3cd55b040010928b5b"
    messaging_key_id: str = "app_5deaa3531c7f940010fc7fb5"
    messaging_key_secret: str = "emulated-messaging-secret"  # noqa: S105 - as above

    def __post_init__(self) -> None:
        super().__post_init__()
        self.add_field = self.account.add_field
        self.add_group = self.account.add_group
        self.add_user = self.account.add_user
        self.agent = self.add_user("Ada Admin", email=self.email, role="admin")
        self._tokens: dict[str, float] = {}

    @property
    def tickets(self) -> dict[int, EmulatedTicket]:
        return self.account.tickets

    def revoke_tokens(self) -> None:
        """Every OAuth token given so far stops working."""
        self._tokens.clear()

    def login(self) -> Mapping[str, str]:
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    def messaging_login(self) -> Mapping[str, str]:
        """What a connection needs besides to pass conversations."""
        return {
            "messaging_app_id": self.messaging_app_id,
            "messaging_key_id": self.messaging_key_id,
            "messaging_key_secret": self.messaging_key_secret,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Zendesk takes every path of its API with `.json` behind it too."""
        path = scope.get("path", "")
        if path.startswith("/api/v2/"):
            scope = {**scope, "path": path.removesuffix(".json")}
        await super().__call__(scope, receive, send)

    def authorised(self, request: Request) -> bool:
        scheme, _, proof = request.headers.get("authorization", "").partition(" ")
        is_messaging = request.url.path.startswith("/sc/")
        if scheme == "Bearer":
            return not is_messaging and self._tokens.get(proof, 0.0) > self.clock.monotonic()
        try:
            given = base64.b64decode(proof, validate=True) if scheme == "Basic" else b""
        except binascii.Error:
            return False
        key = f"{self.messaging_key_id}:{self.messaging_key_secret}"
        good = key if is_messaging else f"{self.email}/token:{self.api_token}"
        return hmac.compare_digest(given, good.encode())

    def error(self, status: int, *, code: str, message: str) -> Response:
        body = {"error": _ERRORS.get(status, code)}
        return JSONResponse(body if status == 401 else {**body, "description": message}, status)

    def limit_headers(self, remaining: int, reset: float) -> dict[str, str]:
        limit = str(self.calls_per_window or self.PLAN_LIMIT)
        return {
            "X-Rate-Limit": limit,
            "X-Rate-Limit-Remaining": str(remaining),
            "ratelimit-limit": limit,
            "ratelimit-remaining": str(remaining),
            "ratelimit-reset": str(max(0, round(reset))),
        }

    async def _give_token(self, request: Request) -> Response:
        asked = await json_body(request)
        if asked.get("grant_type") != "client_credentials":
            raise Refusal(400, "unsupported_grant_type", "The grant type is not supported")
        if (asked.get("client_id"), asked.get("client_secret")) != (self.client_id, self.client_secret):
            raise Refusal(401, "invalid_client", "Client authentication failed")
        token = secrets.token_urlsafe(24)
        self._tokens[token] = self.clock.monotonic() + self.token_lifetime
        return JSONResponse(
            {
                "access_token": token,
                "token_type": "bearer",
                "scope": asked.get("scope", "read write"),
                "expires_in": int(self.token_lifetime),
            }
        )

    def _ticket(self, request: Request) -> EmulatedTicket:
        found = self.tickets.get(request.path_params["id"])
        if found is None:
            raise not_found()
        return found

    def _json_of(self, ticket: EmulatedTicket, request: Request) -> dict[str, Any]:
        return as_json.ticket(ticket, str(request.base_url), surveys=self.surveys)
