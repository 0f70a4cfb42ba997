"""The API: `POST /v1/handoffs`, `GET /v1/handoffs/{id}` and the health checks; the vendors' door is in `webhooks`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from batonpass import __version__
from batonpass.app.announcer import Sayings
from batonpass.app.health import Health
from batonpass.app.intake import Delivery, Intake, InvalidRequestError, UnreadableRequestError
from batonpass.app.metrics import Metrics, RequestOutcome
from batonpass.app.status import HandoffStatus, status_of
from batonpass.app.webhook_intake import WebhookIntake
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.handoff import HandoffRecord, HandoffState, StepKind
from batonpass.domain.ids import HandoffId
from batonpass.store import Conflict, StoreError
from batonpass.store.emptied import is_emptied
from batonpass.web.bodies import TooLargeError, read_body
from batonpass.web.pages import PageServing, add_pages
from batonpass.web.problems import FieldProblemView, Problem, documented, ending, problem
from batonpass.web.webhooks import add_webhooks

log = structlog.get_logger()

LONGEST_KEY = 255


class Serving(PageServing, Protocol):
    """What the doors open to."""

    @property
    def intake(self) -> Intake: ...

    @property
    def webhooks(self) -> WebhookIntake: ...

    @property
    def health(self) -> Health: ...

    @property
    def metrics(self) -> Metrics: ...


class HandoffAccepted(BaseModel):
    """The handoff is on the disk; what becomes of it shows at `status_url`."""

    id: str
    state: HandoffState
    status_url: str
    replayed: bool
    """Whether this Idempotency-Key had made the handoff before."""
    say: str | None = None
    """What the customer can be told of the wait, where it is longer than usual."""


def create_app(
    serving: Serving, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None
) -> FastAPI:
    """The ASGI application."""
    app = FastAPI(
        title="batonpass",
        version=__version__,
        summary="Warm handoffs from an AI support agent to a person",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would lead to whatever the Host header said
        lifespan=lifespan,
    )
    doors = _Doors(serving)
    app.add_api_route(
        "/v1/handoffs",
        doors.hand_over,
        methods=["POST"],
        status_code=202,
        response_model=HandoffAccepted,
        responses=documented(400, 401, 413, 415, 422, 503),
        summary="Hand a conversation over to a person",
        description="Answers once the handoff is on the disk. Repeat with the same `Idempotency-Key` as often as "
        "you like: one handoff, one ticket. Everything but the turns is optional.",
        openapi_extra=_BODY,
    )
    app.add_api_route(
        "/v1/handoffs/{handoff_id}",
        doors.show,
        methods=["GET"],
        response_model=HandoffStatus,
        responses=documented(401, 404, 503),
        summary="What became of a handoff: every step, attempt and result, redacted",
        openapi_extra=_SECURED,
    )
    app.add_api_route(
        "/v1/handoffs/{handoff_id}/transcript",
        doors.transcript,
        methods=["GET"],
        response_class=PlainTextResponse,
        responses=documented(401, 404, 410, 503),
        summary="The whole conversation as it was handed over",
        openapi_extra=_SECURED,
    )
    app.add_api_route(
        "/livez", doors.alive, methods=["GET"], response_class=PlainTextResponse, summary="The process moves",
        responses=documented(503),
    )  # fmt: skip
    app.add_api_route(
        "/readyz", doors.ready, methods=["GET"], response_class=PlainTextResponse, summary="The journal takes handoffs",
        responses=documented(503),
    )  # fmt: skip
    add_webhooks(app, serving)
    add_pages(app, serving)
    _answer_errors_as_problems(app)
    _complete_openapi(app)
    return app


class _Doors:
    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._sayings = Sayings.of(serving.config.handoff)
        self._agents = {agent.key_sha256: name for name, agent in serving.config.agents.items()}

    async def hand_over(self, request: Request) -> Response:
        if self._serving.health.draining:
            return ending()
        ai_agent = self._agent_of(request)
        if ai_agent is None:
            return _UNAUTHORISED()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return problem(415, "unsupported_media_type", "Not JSON", "Send the handoff as application/json.")
        key = request.headers.get("idempotency-key")
        if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable() and key.isascii()):
            return problem(
                400, "bad_idempotency_key", "Unusable Idempotency-Key",
                f"Idempotency-Key: 1 to {LONGEST_KEY} printable ASCII characters.",
            )  # fmt: skip
        try:
            body = await read_body(request, self._serving.config.server.max_body_bytes)
        except TooLargeError:
            most = self._serving.config.server.max_body_bytes
            return problem(
                413, "too_large", "Body too large",
                f"body: more than {most:,} bytes (server.max_body_bytes). Send fewer or shorter turns.",
                headers={"Connection": "close"},
            )  # fmt: skip
        return await self._accepted(request, Delivery(ai_agent=ai_agent, body=body, idempotency_key=key))

    async def _accepted(self, request: Request, delivery: Delivery) -> Response:
        count = self._serving.metrics.requested
        try:
            answer = await self._serving.intake.accept(delivery)
        except (UnreadableRequestError, InvalidRequestError):
            count(delivery.ai_agent, None, RequestOutcome.INVALID)
            raise
        except StoreError:
            count(delivery.ai_agent, None, RequestOutcome.UNAVAILABLE)
            raise
        outcome = answer.outcome
        if isinstance(outcome, Conflict):
            count(delivery.ai_agent, answer.channel, RequestOutcome.CONFLICT)
            return problem(
                422, "idempotency_key_reused", "Idempotency-Key used before",
                "This Idempotency-Key came with another body before. Take a new key for a new handoff.",
            )  # fmt: skip
        count(
            delivery.ai_agent,
            answer.channel,
            RequestOutcome.REPLAYED if outcome.replayed else RequestOutcome.ACCEPTED,
        )
        url = self._url(request, outcome.handoff_id)
        made = HandoffAccepted(
            id=outcome.handoff_id,
            state=HandoffState.REQUESTED,
            status_url=url,
            replayed=outcome.replayed,
            say=answer.say,
        )
        return JSONResponse(made.model_dump(mode="json"), 202, headers={"Location": url})

    async def show(self, request: Request, handoff_id: str) -> Any:
        ai_agent = self._agent_of(request)
        if ai_agent is None:
            return _UNAUTHORISED()
        record = await self._serving.journal.handoff(HandoffId(handoff_id))
        if record is None or record.ai_agent != ai_agent:
            return _NOT_FOUND()
        return status_of(record).model_copy(update={"say": await self._say(record)})

    async def _say(self, record: HandoffRecord) -> str | None:
        late = any(step.kind is StepKind.TELL_DELAY for step in record.steps)
        if record.ticket_id is None and not late:
            return None
        stored = await self._serving.journal.request(record.id)
        if stored is None or not stored.body:
            return None
        language = HandoffRequest.model_validate_json(stored.body).conversation.language
        if record.ticket_id is None:
            return self._sayings.no_ticket_yet(language)
        opened = next((step.result for step in record.steps if step.result and "ticket" in step.result), None)
        number = opened["ticket"].get("number") if opened else None
        return self._sayings.ticket_stands(language, number or record.ticket_id)

    async def transcript(self, request: Request, handoff_id: str) -> Response:
        ai_agent = self._agent_of(request)
        if ai_agent is None:
            return _UNAUTHORISED()
        stored = await self._serving.journal.request(HandoffId(handoff_id))
        if stored is None or stored.ai_agent != ai_agent:
            return _NOT_FOUND()
        if not stored.body:
            return problem(
                404, "transcript_not_read", "No transcript yet",
                "The conversation has not been read from the helpdesk yet; ask again in a minute.",
            )  # fmt: skip
        asked = HandoffRequest.model_validate_json(stored.body)
        if is_emptied(asked):
            return problem(
                410, "transcript_gone", "Transcript deleted",
                "The conversation is no longer kept here; what stands on the ticket is the helpdesk's.",
            )  # fmt: skip
        turns = asked.conversation.turns
        return PlainTextResponse(
            "\n\n".join(f"[{n}] {turn.role}: {turn.text}" for n, turn in enumerate(turns, 1))
        )

    async def ready(self) -> Response:
        if self._serving.health.draining:
            return ending()
        await self._serving.journal.ping()
        return PlainTextResponse("ready")

    async def alive(self) -> Response:
        stuck = self._serving.health.stuck_for()
        if stuck is not None:
            return problem(
                503,
                "stuck",
                "Stuck",
                f"The engine has not moved for {stuck:.0f} s. Restart the process: nothing is lost.",
            )
        return PlainTextResponse("alive")

    def _agent_of(self, request: Request) -> str | None:
        """The AI agent whose key this is. Only hashes are kept, so a look-up by hash gives nothing away."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            return None
        return self._agents.get(hashlib.sha256(key.strip().encode("utf-8", "replace")).hexdigest())

    def _url(self, request: Request, handoff_id: str) -> str:
        base = self._serving.config.server.public_url or str(request.base_url).rstrip("/")
        return f"{base}/v1/handoffs/{handoff_id}"


def _UNAUTHORISED() -> JSONResponse:  # noqa: N802 - an answer by name
    return problem(
        401, "unauthorised", "Not authorised",
        "Send the AI agent's API key as `Authorization: Bearer KEY`; config.toml holds its SHA-256.",
        headers={"WWW-Authenticate": "Bearer"},
    )  # fmt: skip


def _NOT_FOUND() -> JSONResponse:  # noqa: N802 - an answer by name
    return problem(404, "not_found", "Not found", "There is no such handoff of this AI agent.")


def _answer_errors_as_problems(app: FastAPI) -> None:
    @app.exception_handler(UnreadableRequestError)
    async def unreadable(_: Request, error: UnreadableRequestError) -> Response:
        return problem(400, error.code, "Not JSON", f"body: {error}.")

    @app.exception_handler(InvalidRequestError)
    async def invalid(_: Request, error: InvalidRequestError) -> Response:
        errors = [FieldProblemView(field=each.field, problem=each.problem) for each in error.problems]
        return problem(422, error.code, "Not a handoff", "Correct the named fields.", errors=errors)

    @app.exception_handler(StoreError)
    async def unavailable(_: Request, error: StoreError) -> Response:
        detail = "The handoff could not be kept. Send it again, with the same Idempotency-Key."
        return problem(503, error.code, "Not available", detail, headers={"Retry-After": "5"})

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=400)  # nobody reads it

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        """A bug of ours must not look final: some vendors never send again after a 500. Its text may quote anybody."""
        del request
        log.error("answer_failed", error=type(error).__name__)
        detail = "Something went wrong on our side. Send it again, a handoff with the same Idempotency-Key."
        return problem(503, "internal_error", "Not available", detail, headers={"Retry-After": "30"})

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> Response:
        detail = "See /openapi.json for what this server answers."
        return problem(error.status_code, "http_error", str(error.detail), detail, headers=error.headers)


_SECURED: dict[str, Any] = {"security": [{"aiAgentKey": []}]}
_BODY: dict[str, Any] = {
    **_SECURED,
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": LONGEST_KEY,
                "pattern": r"^[\x20-\x7E]+$",
            },
            "description": "Same key and body: same answer. Same key, other body: 422. Kept for 24 hours.",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HandoffRequest"}}},
    },
}


def _complete_openapi(app: FastAPI) -> None:
    """Add what FastAPI cannot see: the body is read by us, byte by byte."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        schema = HandoffRequest.model_json_schema(ref_template="#/components/schemas/{model}")
        components = document.setdefault("components", {})
        known = components.setdefault("schemas", {})
        known.update(schema.pop("$defs", {}))
        known["HandoffRequest"] = schema
        known["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        known.update(known["Problem"].pop("$defs", {}))
        components["securitySchemes"] = {"aiAgentKey": {"type": "http", "scheme": "bearer"}}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the documented way: fastapi.tiangolo.com/how-to/extending-openapi
