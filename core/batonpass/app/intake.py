"""The way in: bytes from an AI agent become a handoff in the journal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from batonpass.app.line import Line
from batonpass.domain.clock import Clock
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.errors import BatonpassError
from batonpass.domain.ids import HandoffId
from batonpass.domain.json_text import JsonError, parse_json
from batonpass.engine import decide
from batonpass.store import Accepted, Conflict, Journal, NewHandoff
from batonpass.store.people import person
from batonpass.testing.failpoints import failpoint

MOST_PROBLEMS = 20
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class FieldProblem:
    field: str
    """Where: `conversation.turns.3.confidence`."""
    problem: str
    """What is wrong, never with the input itself."""


class UnreadableRequestError(BatonpassError):
    """The body is no JSON that we take."""

    code = "malformed_json"


class InvalidRequestError(BatonpassError):
    """The body is JSON, but no handoff. `problems` names the fields."""

    code = "invalid_request"

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__("; ".join(f"{each.field}: {each.problem}" for each in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    ai_agent: str
    body: bytes
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What becomes of a delivery that can be read."""

    outcome: Accepted | Conflict
    say: str | None
    """What the customer can be told of the wait, where it is longer than usual."""
    channel: str | None


class Intake:
    """Accepts deliveries; returns only once they are on the disk."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        *,
        helpdesk: str,
        new_id: Callable[[], HandoffId],
        wake: Callable[[], None],
        line: Line,
        pepper: bytes | None = None,
        mask: Callable[[HandoffRequest], HandoffRequest] | None = None,
    ) -> None:
        """`helpdesk`: the connection that keeps the tickets; `line`: where a handoff stands among others; `pepper`: the
        store's key for hashes of people, without which nobody is noted as whose handoff it is; `mask`: what is done to
        every request before it is kept, instead of what came."""
        self._mask = mask
        self._line = line
        self._pepper = pepper
        self._helpdesk = helpdesk
        self._journal = journal
        self._clock = clock
        self._new_id = new_id
        self._wake = wake

    async def accept(self, delivery: Delivery) -> Answer:
        """Raises `UnreadableRequestError`, `InvalidRequestError`, and `StoreError` where it cannot be kept."""
        request, mended = read_request(delivery.body)
        person, body = self._person(request), delivery.body
        if self._mask is not None:
            request = self._mask(request)
            body = request.model_dump_json(exclude_defaults=True).encode()
        now = self._clock.now()
        place = self._line.place(delivery.ai_agent, request, now)
        new = NewHandoff(
            id=self._new_id(),
            ai_agent=delivery.ai_agent,
            conversation_id=request.conversation.id,
            body=body,
            request=request.model_dump_json(exclude_defaults=True).encode(),
            mended=mended,
            idempotency_key=delivery.idempotency_key,
            body_sha256=hashlib.sha256(delivery.body).digest(),
            received_at=now,
            helpdesk=self._helpdesk,
            asked_about=request.helpdesk.ticket_id,
            lane=place.lane,
            rank=place.rank,
            reason=request.reason.code.value,
            person=person,
        )
        failpoint("accept.received")
        outcome = await self._journal.accept(new, decide.on_request())
        failpoint("accept.committed")
        self._wake()
        return Answer(outcome=outcome, say=place.say, channel=request.conversation.channel)

    def _person(self, request: HandoffRequest) -> bytes | None:
        email = request.customer.email
        return None if email is None or self._pepper is None else person(self._pepper, email)


def read_request(body: bytes) -> tuple[HandoffRequest, bool]:
    """The handoff in the body, and whether some of its text had to be mended."""
    try:
        parsed = parse_json(body)
    except JsonError as error:
        raise UnreadableRequestError(str(error)) from None
    try:
        return HandoffRequest.model_validate(parsed.value), parsed.mended
    except ValidationError as error:
        raise InvalidRequestError(_problems(error)) from None


def _problems(error: ValidationError) -> tuple[FieldProblem, ...]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    # A list whose items are wrong counts as empty for pydantic: that says nothing new.
    outer = {item["loc"][:depth] for item in found for depth in range(len(item["loc"]))}
    meant = [item for item in found if not (item["type"] == "too_short" and item["loc"] in outer)]
    return tuple(FieldProblem(_path(item["loc"]), item["msg"]) for item in meant[:MOST_PROBLEMS])


def _path(place: tuple[int | str, ...]) -> str:
    """Some parts are names that the caller chose, of any length."""
    return ".".join(str(part)[:LONGEST_NAME] for part in place) or "body"
