"""The base of the vendors' emulators: an ASGI application with state, latency, faults and a ledger.

An emulator is as strict as its vendor: it checks credentials, required fields and limits, and it answers what the
vendor answers. It keeps its state in memory, and in `ledger` every effect that it has committed.

It plays what people do at the vendor (`happen`) and delivers the webhooks of it, signed, to `deliver_to`'s address.

It also answers `GET /_emulator/ledger`, `GET /_emulator/counts`, `POST /_emulator/faults`, `POST /_emulator/happen`,
`POST /_emulator/webhooks`, `POST /_emulator/outbox` and `GET /_emulator/outbox`, for whoever drives it from another
process.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from batonpass.domain.clock import Clock, SystemClock
from batonpass.domain.event import EventKind
from batonpass.ports import StartRule
from batonpass.testing.controls import Controls
from batonpass.testing.faults import Drip, Fault, Faults, Planned, Reset, Truncated, bomb
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass.testing.outbox import Outbox

__all__ = ["Effect", "Emulator", "Fault", "Handler", "Latency", "Operation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One committed change."""

    kind: str
    """`ticket.opened`, `note.appended`, …"""
    id: str
    key: str | None
    """The caller's own key of the effect (external id, marker), where it sent one."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long an answer takes: `seconds` ± `spread` (a share of it), evenly spread."""

    seconds: float = 0.0
    spread: float = 0.0

    def draw(self, chance: random.Random) -> float:
        return self.seconds * (1 + self.spread * chance.uniform(-1, 1))


Handler = Callable[[Request], Awaitable[Response] | Response]


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint: its handler is called after credentials and limits have been checked."""

    name: str
    """As in the connector's `Call.operation`."""
    method: str
    path: str
    """A Starlette path (`/api/v2/tickets/{id:int}`)."""
    handler: Handler
    open: bool = False
    """Whether it needs no credentials (a token endpoint checks its own)."""


@dataclass
class Emulator(ABC):
    """Subclasses give the operations, the credential check, the error bodies and the rate limit's headers."""

    latency: Latency = field(default_factory=Latency)
    clock: Clock = field(default_factory=SystemClock)
    calls_per_window: int | None = None
    """The vendor's rate limit; None: no limit."""
    endpoint_limits: Mapping[str, int] = field(default_factory=dict)
    """Operation → its own limit in one window, beside the account's."""
    search_lag: float = 0.0
    """Seconds for which what is new or changed is missing from the vendor's search index (and from nothing else)."""
    seed: int = 1
    ledger: list[Effect] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    """The operation of every call that arrived, in order."""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - no secret
        self._faults = Faults(self.clock)
        self._windows: dict[str, deque[float]] = {}
        self.outbox = Outbox(clock=self.clock, seed=self.seed)
        routes = [Route(op.path, self._guarded(op), methods=[op.method]) for op in self.operations()]
        self._app = Starlette(
            routes=[
                *routes,
                *Controls(self).routes(),
            ],
            exception_handlers={404: self._unknown_path, 405: self._unknown_path},
        )

    # What a vendor fills in -------------------------------------------------------------------------------------

    @abstractmethod
    def operations(self) -> Sequence[Operation]: ...

    @abstractmethod
    def authorised(self, request: Request) -> bool:
        """Whether the request proves who it is."""

    @abstractmethod
    def error(self, status: int, *, code: str, message: str) -> Response:
        """An error in the vendor's own shape."""

    def limit_headers(self, remaining: int, reset: float) -> dict[str, str]:
        """The vendor's rate-limit headers; `reset` in seconds from now."""
        del remaining, reset
        return {}

    @property
    def window_seconds(self) -> float:
        """The length of the vendor's rate window."""
        return 60.0

    plays: ClassVar[frozenset[EventKind]] = frozenset()
    """The kinds that `happen` plays."""

    def happen(self, happening: Happening) -> str:
        """Let it happen as if somebody else than batonpass did it, note the change in the state and post the webhooks
        that the vendor would send for it. Gives the id of the ticket or object. Needs a running event loop where an
        endpoint is registered. Raises `CannotPlayError`."""
        raise CannotPlayError(f"{type(self).__name__} plays nothing, so not {happening.kind} either")

    def deliver_to(self, url: str, *, secret: str) -> None:
        """Deliver webhooks of everything to `url` from now on, proven with `secret`, as if a person had entered it
        at the vendor: batonpass's own kind of webhook, with the rules it needs."""
        raise CannotPlayError(f"{type(self).__name__} delivers no webhooks")

    def asks_when(self, start: StartRule) -> None:  # noqa: B027 - most vendors need nothing here
        """Have the account's own rules ask for a person where `start` is met, from the next `deliver_to` on. Nothing
        to do where deliveries tell enough for batonpass to see it by itself."""

    def fill(self, stream: str, number: int) -> tuple[str, ...]:
        """Let the account have so many more records of what this stream reads (`ports.Stream`), all of this very
        moment, as people or an import would make them; quick enough for 20,000. Gives their ids."""
        raise CannotPlayError(f"{type(self).__name__} cannot make {number} {stream}")

    def touch(self, stream: str, record: str) -> None:
        """Let somebody change this record now."""
        raise CannotPlayError(f"{type(self).__name__} cannot change {stream} {record}")

    def drop(self, stream: str, record: str) -> None:
        """Let somebody delete it, as the vendor lets people do that."""
        raise CannotPlayError(f"{type(self).__name__} cannot delete {stream} {record}")

    def delete_ticket(self, ticket: str) -> None:
        """Let somebody delete it, without a word to us; `ticket` is `TicketRef.id`."""
        raise CannotPlayError(f"{type(self).__name__} cannot delete ticket {ticket}")

    def internal_notes(self, ticket: str) -> list[str]:
        """The HTML of a ticket's internal notes as agents see them, oldest first; `ticket` is `TicketRef.id`."""
        raise CannotPlayError(f"{type(self).__name__} shows no notes of ticket {ticket}")

    # What an account's admins do, each by `FieldDefinition.id` --------------------------------------------------

    def rename_option(self, field: str, label: str, new: str) -> None:
        """What people see of an option; what is written for it changes where this vendor writes labels."""
        raise CannotPlayError(f"{type(self).__name__} cannot rename option {label} of {field} to {new}")

    def remove_option(self, field: str, label: str) -> None:
        """Nobody can choose it any more."""
        raise CannotPlayError(f"{type(self).__name__} cannot remove option {label} of {field}")

    def deactivate_field(self, field: str) -> None:
        """Switch off or archive a field: it holds nothing from now on."""
        raise CannotPlayError(f"{type(self).__name__} cannot switch off field {field}")

    def require_field(self, field: str) -> None:
        """Make a field compulsory, in the way this vendor means that."""
        raise CannotPlayError(f"{type(self).__name__} cannot make field {field} compulsory")

    def take_off_form(self, field: str, form: str) -> None:
        """Take a field off a form, by `Form.id`."""
        raise CannotPlayError(f"{type(self).__name__} cannot take field {field} off form {form}")

    # What tests and people use ----------------------------------------------------------------------------------

    @classmethod
    def with_sample_account(cls, **options: Any) -> Self:
        """One that knows the people of the demo, as far as this vendor would; `options` are its own arguments."""
        return cls(**options)

    def login(self) -> Mapping[str, str]:
        """What `[connections.…]` needs besides `base_url` to call it. Its secrets open nothing else."""
        return {}

    def next_call(
        self,
        fault: Fault,
        *,
        operation: str | None = None,
        times: int = 1,
        for_seconds: float | None = None,
        retry_after: float | None = None,
        status: int = 500,
        seconds: float = 60.0,
        location: str = "https://elsewhere.example/",
    ) -> None:
        """Let the next `times` calls (of `operation`, where given) meet with `fault`; of them only those that come
        within `for_seconds`, where given."""
        planned = Planned(
            fault=fault,
            operation=operation,
            times=times,
            retry_after=retry_after,
            status=status,
            seconds=seconds,
            location=location,
        )
        self._faults.plan(planned, for_seconds=for_seconds)

    @property
    def planned_faults(self) -> int:
        """How many plans of faults are still to be met."""
        return len(self._faults)

    def heal(self) -> None:
        """Forget the faults that have not happened yet."""
        self._faults.clear()

    def commit(self, kind: str, id: str, *, key: str | None = None) -> None:  # noqa: A002 - the ledger's word
        """Note one effect in the ledger."""
        self.ledger.append(Effect(kind=kind, id=id, key=key, at=self.clock.now()))

    def effects(self, kind: str) -> list[Effect]:
        return [effect for effect in self.ledger if effect.kind == kind]

    # How a call goes ------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _guarded(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self.calls.append(operation.name)
            await asyncio.sleep(self.latency.draw(self._chance))
            fault = self._faults.take(operation.name)
            if fault is not None and (early := await self._before(fault, request)) is not None:
                return early
            if not operation.open and not self.authorised(request):
                return self.error(401, code="unauthorized", message="Couldn't authenticate you")
            allowed, headers = self._count_call(operation.name)
            if not allowed:
                response = self.error(429, code="rate_limited", message="Rate limit exceeded")
            else:
                made = operation.handler(request)
                response = made if isinstance(made, Response) else await made
            response.headers.update(headers)
            return response if fault is None else await self._after(fault, request, response)

        return answer

    async def _before(self, planned: Planned, request: Request) -> Response | None:
        """The answer to a call that is not to be handled; None: handle it first."""
        match planned.fault:
            case Fault.RATE_LIMITED | Fault.SERVER_ERROR | Fault.UNAUTHORISED:
                return self._refusal(planned)
            case Fault.NEVER_ANSWERED | Fault.RESET:
                await asyncio.sleep(planned.seconds if planned.fault is Fault.NEVER_ANSWERED else 0)
                return Reset(request)
            case Fault.HTML_PAGE:
                return Response("<html><title>Sign in</title></html>", media_type="text/html")
            case Fault.REDIRECT:
                return Response(status_code=302, headers={"Location": planned.location})
            case Fault.GZIP_BOMB:
                return Response(bomb(), media_type="application/json", headers={"Content-Encoding": "gzip"})
            case _:
                return None

    def _refusal(self, planned: Planned) -> Response:
        if planned.fault is Fault.UNAUTHORISED:
            return self.error(401, code="unauthorized", message="Couldn't authenticate you")
        if planned.fault is Fault.SERVER_ERROR:
            return self.error(planned.status, code="internal_error", message="Something went wrong")
        response = self.error(429, code="rate_limited", message="Rate limit exceeded")
        if planned.retry_after is not None:
            response.headers["Retry-After"] = f"{planned.retry_after:g}"
        return response

    async def _after(self, planned: Planned, request: Request, response: Response) -> Response:
        """What becomes of the answer to a call that has been handled."""
        match planned.fault:
            case Fault.ANSWER_LOST:
                return Reset(request)
            case Fault.ANSWER_TRUNCATED:
                return Truncated(request, response)
            case Fault.ANSWER_EMPTY:
                return Response(status_code=response.status_code, media_type="application/json")
            case Fault.BROKEN_JSON:
                return Response('{"ticket": {"id": 1', status_code=200, media_type="application/json")
            case Fault.ERROR_AFTER_COMMIT:
                return self.error(planned.status, code="internal_error", message="Something went wrong")
            case Fault.ANSWERED_LATE:
                await asyncio.sleep(planned.seconds)
                return response
            case Fault.DRIP:
                return Drip(response)
            case _:
                return response

    def _count_call(self, operation: str) -> tuple[bool, dict[str, str]]:
        """Whether the call is within the account's limit and its endpoint's; and the headers that say so."""
        own = self.endpoint_limits.get(operation)
        if own is not None:
            allowed, left, reset = self._counted(operation, own)
            if not allowed:  # the account's limit is far: https://developer.zendesk.com, and others likewise
                return False, {
                    **self.limit_headers(remaining=699, reset=self.window_seconds),
                    "Retry-After": str(max(1, round(reset))),
                }
            del left
        if self.calls_per_window is None:
            return True, self.limit_headers(remaining=699, reset=self.window_seconds)
        allowed, left, reset = self._counted("", self.calls_per_window)
        headers = self.limit_headers(remaining=left, reset=reset)
        return allowed, headers if allowed else {**headers, "Retry-After": str(max(1, round(reset)))}

    def _counted(self, name: str, most: int) -> tuple[bool, int, float]:
        """(within the limit, calls left, seconds until one more is free) of one window."""
        window = self._windows.setdefault(name, deque())
        now = self.clock.monotonic()
        while window and window[0] <= now - self.window_seconds:
            window.popleft()
        reset = self.window_seconds - (now - window[0]) if window else self.window_seconds
        if len(window) >= most:
            return False, 0, reset
        window.append(now)
        return True, most - len(window), reset

    async def _unknown_path(self, request: Request, error: Exception) -> Response:
        del error
        self.calls.append(f"unknown {request.method} {request.url.path}")
        return self.error(404, code="not_found", message="The resource does not exist")
