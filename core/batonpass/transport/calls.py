"""One call out and its answer, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from batonpass.domain.errors import BatonpassError, OutcomeUnknownError, RefusedError

Params = Sequence[tuple[str, str]]
Wire = TypeVar("Wire", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    operation: str
    """A stable word for limits, logs and the journal: `tickets.create`."""
    method: str
    path: str
    """From the base URL on, parts from outside already quoted."""
    params: Params = ()
    json: Any = None
    form: Params | None = None
    content: bytes | None = None
    """The body as it is, where its bytes are signed; `headers` then name its type."""
    headers: Mapping[str, str] = field(default_factory=dict)
    about: str | None = None
    """The object that the vendor may hold to a limit of its own (so many changes of one ticket); None: none."""
    effect: bool = False
    """Whether it changes something there: then no clear answer means `OutcomeUnknownError`."""
    reads_body: bool = True
    """False: any 2xx will do, its body means nothing to us."""
    deadline: float | None = None
    """Seconds for the whole call; None: the connection's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a vendor's error body says, without its free text."""

    fields: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A 2xx answer."""

    call: Call
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    data: Any
    """The parsed JSON; None for an empty body."""
    request_id: str | None = None

    def read_as(self, model: type[Wire]) -> Wire:
        """The body as a wire model. Raises `OutcomeUnknownError` after an effect, else `RefusedError`."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            places = sorted(
                {".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False)}
            )
            raise self.unexpected(f"unlike the documented shape at {', '.join(places[:5])}") from None

    def unexpected(self, what: str) -> BatonpassError:
        """The error for an answer that is not what the vendor documents."""
        return unexpected_content(self.call, what, request_id=self.request_id)


def unexpected_content(call: Call, what: str, *, request_id: str | None = None) -> BatonpassError:
    message = f"{call.operation}: the answer was {what}"
    if call.effect:
        return OutcomeUnknownError(message, code="unexpected_content", request_id=request_id)
    return RefusedError(message, code="unexpected_content", request_id=request_id)
