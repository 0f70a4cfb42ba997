"""The transport of one connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import aiohttp
import httpx

from batonpass import __version__
from batonpass.domain.clock import Clock
from batonpass.domain.errors import (
    BatonpassError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    RetryLaterError,
)
from batonpass.testing.failpoints import failpoint
from batonpass.transport.addresses import checked_base
from batonpass.transport.calls import Answer, Call, Explanation
from batonpass.transport.condition import Condition
from batonpass.transport.credentials import Credentials
from batonpass.transport.endings import Endings
from batonpass.transport.gate import CREDENTIALS_REFUSED, Hear
from batonpass.transport.judging import Explain, parsed, refused, request_id_of
from batonpass.transport.lanes import lane, may_act
from batonpass.transport.limits import account_left, endpoint_pause, notable
from batonpass.transport.sharing import Board
from batonpass.transport.sockets import never_connected
from batonpass.transport.waiting import retry_after
from batonpass.transport.ways import Way, Ways

DEADLINE = 10.0
MOST_BYTES = 5_000_000
LONGEST_WINDOW = 60.0
"""Seconds: no vendor counts an account's or an endpoint's calls over a longer time, so that a 429 which asks for more is
about the one object (Zendesk: 30 updates of one ticket in ten minutes)."""
_CONNECTED_WITHIN = 0.8
"""Of the deadline; aiohttp rounds what is over 5 s up to a whole second."""
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"batonpass/{__version__}",
}


class Transport:
    """Calls one connection's API.

    `call` raises `RetryLaterError` (nothing happened there), `RefusedError` (it will not), `OutcomeUnknownError`
    (an effect without a clear answer) and nothing else on purpose.
    """

    def __init__(
        self,
        *,
        connection: str,
        base_url: str,
        hosts: tuple[str, ...],
        http: httpx.AsyncBaseTransport,
        credentials: Credentials,
        clock: Clock,
        explain: Explain = lambda _: Explanation(),
        headers: Mapping[str, str] | None = None,
        deadline: float = DEADLINE,
        most_bytes: int = MOST_BYTES,
        board: Board | None = None,
        on_trouble: Hear | None = None,
    ) -> None:
        """`hosts` are the allowed names: exact (`api.stripe.com`) or a suffix (`.zendesk.com`); loopback always is.

        `explain` reads the vendor's error body; `headers` go with every call. `deadline` is in seconds. `board` joins
        the nodes; None: this transport is alone. `on_trouble` hears, on the node that finds it, that credentials are
        refused or an operation's breaker is open, again with each probe that fails, and `WELL` when it is over; it
        returns at once and raises nothing.
        """
        self.connection = connection
        self.deadline = deadline
        self._base = checked_base(base_url, hosts, connection)
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self._explain = explain
        self._headers = {**_HEADERS, **(headers or {})}
        self._most_bytes = most_bytes
        self._endings = Endings(connection)
        self._ways = Ways(connection, credentials.name, clock, board=board, on_trouble=on_trouble)
        self._account_gate = self._ways.account_gate
        self._allowance = self._ways.allowance
        self._budget = self._ways.budget

    def condition(self) -> Condition:
        """How this transport fares: what is closed, what is left, what has been counted."""
        return self._ways.condition()

    async def call(self, call: Call) -> Answer:
        """Send one call and judge its answer."""
        way = self._ways.of(call)
        account_probe = self._account_gate.enter()
        try:
            if account_probe:
                await self._account_gate.ask_others()
            probe = way.gate.enter()
            try:
                if probe:
                    await way.gate.ask_others()
                under_way = _UnderWay(call, way, self._allowance.enter(lane.get()))
                return await self._authorised(under_way)
            finally:
                way.gate.leave(probe)
        finally:
            self._account_gate.leave(account_probe)

    async def _authorised(self, under_way: _UnderWay) -> Answer:
        """Once more after a 401, with renewed credentials or, the first time, to confirm that it is meant."""
        known = self._account_gate.probing_here and self._account_gate.code == CREDENTIALS_REFUSED
        proof = await self._proof()
        try:
            return await self._within_deadline(under_way, proof)
        except _UnauthorisedError:
            if self._account_gate.closed:
                raise self._account_gate.refusal(1.0) from None
        try:
            renewed = await self._credentials.renew(proof)
        except CredentialsRefusedError:  # the old ones are refused, new ones are not given
            raise self._account_gate.unauthorised() from None
        if known and not renewed:
            raise self._account_gate.unauthorised()
        try:
            return await self._within_deadline(under_way, await self._proof())
        except _UnauthorisedError:
            raise self._account_gate.unauthorised() from None

    async def _proof(self) -> Mapping[str, str]:
        try:
            return await self._credentials.headers()
        except CredentialsRefusedError as told:  # no token is given to us
            raise self._account_gate.unauthorised(told.retry_after) from None

    async def _within_deadline(self, under_way: _UnderWay, proof: Mapping[str, str]) -> Answer:
        call = under_way.call
        if call.effect and not may_act.get()():
            message = f"{call.operation}: this process has not been heard of for too long to act"
            raise RetryLaterError(message, retry_after=1.0, consumes_attempt=False, code="lease_lost")
        seconds = call.deadline or self.deadline
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(seconds):
                response, body = await self._exchange(call, proof, seconds)
        except TimeoutError:
            raise self._no_answer(under_way, began, f"no answer within {seconds:g} s", "timeout") from None
        except httpx.HTTPError as error:
            if (why := never_connected(error)) is not None:
                raise self._no_answer(under_way, began, why, "unreachable", sent=False) from None
            raise self._no_answer(under_way, began, "the connection broke", "connection_broke") from None
        except aiohttp.ClientError:
            raise self._no_answer(under_way, began, "the connection broke", "connection_broke") from None
        return self._judged(under_way, began, response, body)

    def _no_answer(
        self, under_way: _UnderWay, began: float, what: str, code: str, *, sent: bool = True
    ) -> BatonpassError:
        call, now = under_way.call, self._clock.monotonic()
        self._budget.called(now)
        under_way.way.unanswered(now, now - began)
        message = f"{call.operation}: {what}"
        if sent and call.effect:
            return OutcomeUnknownError(message, code=code)
        return self._budget.later(message, code=code)

    async def _exchange(
        self, call: Call, proof: Mapping[str, str], seconds: float
    ) -> tuple[httpx.Response, bytes | None]:
        """The response and its decoded body; None where the body went past the size cap."""
        request = httpx.Request(
            call.method,
            self._base + call.path,
            params=list(call.params) or None,
            json=call.json,
            content=call.content,
            data=_form(call.form),
            headers={**self._headers, **call.headers, **proof},
            # Cut while connecting, an effect is known not to have happened; it costs, so reads go without.
            extensions={"timeout": {"pool": seconds * _CONNECTED_WITHIN}} if call.effect else None,
        )
        response = await self._http.handle_async_request(request)
        try:
            failpoint("transport.sent")
            body = bytearray()
            async for chunk in _chunks(response):
                body += chunk
                if len(body) > self._most_bytes:
                    return response, None
            return response, bytes(body)
        finally:
            await response.aclose()

    def _judged(
        self, under_way: _UnderWay, began: float, response: httpx.Response, body: bytes | None
    ) -> Answer:
        call, way = under_way.call, under_way.way
        status, headers = response.status_code, response.headers
        request_id = request_id_of(headers)
        now = self._clock.monotonic()
        self._budget.called(now)
        way.answered(status, now, now - began)
        if status == 401:
            raise _UnauthorisedError
        # A page where JSON was due opens nothing.
        well = 200 <= status < 300
        data = (
            parsed(call, response, body, most_bytes=self._most_bytes, request_id=request_id) if well else None
        )
        self._heed(under_way, headers)
        self._account_gate.succeeded()
        if status < 500 and status != 429:
            way.gate.succeeded()  # also where it refuses this call: it is there
        if well:
            return Answer(call=call, status=status, headers=headers, data=data, request_id=request_id)
        raise self._error(call, way, response, body, request_id)

    def _heed(self, under_way: _UnderWay, headers: httpx.Headers) -> None:
        """What stands beside the answer: how many calls are left, and whether the endpoint ends."""
        told = notable(headers.raw)
        if not told:
            return
        if (left := account_left(told, headers, self._clock)) is not None:
            self._allowance.told(under_way.number, left)
            if (seconds := self._allowance.resets_in) is not None:
                self._account_gate.used_up(seconds)
        if (pause := endpoint_pause(told)) is not None:
            under_way.way.gate.used_up(pause)
        self._endings.heed(under_way.call.operation, told)

    def _error(
        self, call: Call, way: Way, response: httpx.Response, body: bytes | None, request_id: str | None
    ) -> BatonpassError:
        status = response.status_code
        told = response.headers.get("retry-after")
        after = retry_after(told, self._clock, date=response.headers.get("date")) or None  # 0 tells nothing
        if status == 429 and call.about is not None and after is not None and after > LONGEST_WINDOW:
            return self._ways.limit_object(call, after)
        if status == 429:
            return way.gate.limited(self._allowance.resets_in if after is None else after)
        message = f"{call.operation}: HTTP {status}"
        if status in {408, 425, 503} or (status >= 500 and not call.effect):
            if after is None:
                return self._budget.later(message, code="unavailable", request_id=request_id)
            way.gate.unavailable(after)
            return RetryLaterError(
                message, retry_after=after, consumes_attempt=False, code="unavailable", request_id=request_id
            )
        if status >= 500:
            return OutcomeUnknownError(message, code="server_error", request_id=request_id)
        return refused(call, response, body, explain=self._explain, request_id=request_id)


class _UnderWay(NamedTuple):
    """One call that has passed the gates."""

    call: Call
    way: Way
    number: int
    """Its place in the order in which the connection's calls started."""


class _UnauthorisedError(Exception):
    """HTTP 401, before it is known whether it is meant."""


def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The decoded body; decoding costs, so only where there is something to decode."""
    if "content-encoding" in response.headers or response.is_stream_consumed:
        return response.aiter_bytes()
    return response.aiter_raw()


def _form(form: Any) -> dict[str, str | list[str]] | None:
    if form is None:
        return None
    fields: dict[str, str | list[str]] = {}
    for name, value in form:
        known = fields.get(name)
        fields[name] = value if known is None else [*([known] if isinstance(known, str) else known), value]
    return fields
