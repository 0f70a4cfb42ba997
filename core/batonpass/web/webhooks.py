"""The vendors' door: `POST /webhooks/{connection}`."""

from __future__ import annotations

from typing import Protocol

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from batonpass.app.config import Config
from batonpass.app.health import Health
from batonpass.app.metrics import Metrics, WebhookVerdict
from batonpass.app.webhook_intake import WebhookIntake
from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.store import StoreError
from batonpass.web.bodies import TooLargeError, read_body
from batonpass.web.problems import documented, ending, problem

log = structlog.get_logger()

MOST_BYTES = 1_000_000
RETRY_AFTER = "60"
"""Seconds. What is our own fault must not look final to a vendor: some never try again after a 4xx."""


class ServingWebhooks(Protocol):
    @property
    def config(self) -> Config: ...

    @property
    def webhooks(self) -> WebhookIntake: ...

    @property
    def health(self) -> Health: ...

    @property
    def metrics(self) -> Metrics: ...


class WebhookReceived(BaseModel):
    """The delivery is on the disk."""

    new: int
    """Events that were not there before."""
    seen: int
    """Events that were delivered before: they have no effect."""


def add_webhooks(app: FastAPI, serving: ServingWebhooks) -> None:
    async def receive(request: Request, connection: str) -> Response:
        """401 only where a secret is set and the proof is wrong; 503 for whatever is our own fault."""
        if serving.health.draining:
            return ending()
        if not serving.webhooks.takes(connection):
            return problem(
                404, "no_connection", "Not found", "No connection of this name in config.toml takes webhooks."
            )
        try:
            body = await read_body(request, MOST_BYTES)
            received = await serving.webhooks.accept(connection, _delivery(serving, request, body))
        except TooLargeError:
            return problem(
                413, "too_large", "Body too large", f"body: more than {MOST_BYTES:,} bytes.",
                headers={"Connection": "close"},
            )  # fmt: skip
        except RejectedDeliveryError as error:
            serving.metrics.webhook_received(connection, WebhookVerdict.REJECTED)
            status = 400 if error.code == "malformed_body" else 401
            return problem(status, error.code, "Delivery refused", f"{error}.")
        except ConfigurationError as error:
            return _unavailable(error.code, "The connection is not set up for webhooks yet.")
        except StoreError as error:
            serving.metrics.webhook_received(connection, WebhookVerdict.UNAVAILABLE)
            return _unavailable(error.code, "The delivery could not be kept. Send it again.")
        verdict = WebhookVerdict.KEPT if received.new or not received.seen else WebhookVerdict.SEEN
        serving.metrics.webhook_received(connection, verdict)
        return JSONResponse(WebhookReceived(new=received.new, seen=received.seen).model_dump())

    async def probe(connection: str) -> Response:
        """A vendor may ask with HEAD whether anybody is there before it takes an address."""
        return Response(status_code=200 if serving.webhooks.takes(connection) else 404)

    app.add_api_route("/webhooks/{connection}", probe, methods=["HEAD"], include_in_schema=False)
    app.add_api_route(
        "/webhooks/{connection}",
        receive,
        methods=["POST"],
        response_model=WebhookReceived,
        responses=documented(400, 401, 404, 413, 503),
        summary="A vendor's webhook",
        description="What the vendors call. The raw body is proven by the vendor's own signature, kept, and answered; "
        "what follows from it happens afterwards. Register it with `batonpass webhooks register`.",
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}},
    )


def _delivery(serving: ServingWebhooks, request: Request, body: bytes) -> Delivery:
    """As it came; its address is the configured one, for what `Host` and `X-Forwarded-…` say can be forged."""
    path = request.scope.get("raw_path", request.url.path.encode()).decode("ascii", "replace")
    query = request.scope.get("query_string", b"").decode("ascii", "replace")
    return Delivery(
        method=request.method,
        url=f"{serving.config.server.public_url or ''}{path.partition('?')[0]}{f'?{query}' if query else ''}",
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.headers.raw
        ),
        body=body,
    )


def _unavailable(code: str, detail: str) -> JSONResponse:
    return problem(503, code, "Not available", detail, headers={"Retry-After": RETRY_AFTER})
