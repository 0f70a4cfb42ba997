"""The transport of one connection."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import httpx

from batonpass import __version__
from batonpass.domain.clock import Clock
from batonpass.domain.errors import (
    BatonpassError,
    ConfigurationError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    RefusedError,
    RetryLaterError,
)
from batonpass.domain.json_text import JsonError, parse_answer
from batonpass.transport.calls import Answer, Call, Explanation, unexpected_content
from batonpass.transport.credentials import Credentials
from batonpass.transport.endings import Endings
from batonpass.transport.gate import Gate
from batonpass.transport.limits import Allowance, account_left, endpoint_pause, notable
from batonpass.transport.sockets import never_connected
from batonpass.transport.waiting import retry_after

DEADLINE = 10.0
MOST_BYTES = 5_000_000
LONGEST_WINDOW = 60.0
"""Seconds: no vendor counts an account's or an endpoint's calls over a longer time, so that a 429 which asks for more is
about the one object (Zendesk: 30 updates of one ticket in ten minutes)."""
_CONNECTED_WITHIN = 0.8
"""Of the deadline; aiohttp rounds what is over 5 s up to a whole second."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TITLE = re.compile(rb"<title[^>]*>([^<]{0,80})", re.IGNORECASE)
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"batonpass/{__version__}",
}
_REQUEST_IDS = ("x-request-id", "request-id", "x-zendesk-request-id", "x-hubspot-correlation-id")

Explain = Callable[[Any], Explanation]


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
    ) -> None:
        """`hosts` are the allowed names: exact (`api.stripe.com`) or a suffix (`.zendesk.com`); loopback always is.

        `explain` reads the vendor's error body; `headers` go with every call. `deadline` is in seconds.
        """
        self.connection = connection
        self.deadline = deadline
        self._base = _checked_base(base_url, hosts, connection)
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self._explain = explain
        self._headers = {**_HEADERS, **(headers or {})}
        self._most_bytes = most_bytes
        self._account_gate = Gate(connection, clock)
        self._allowance = Allowance(connection, clock)
        self._endings = Endings(connection)
        self._gates: dict[str, Gate] = {}
        self._objects: dict[tuple[str, str | None], Gate] = {}
        """Gates of single objects, only while they are closed."""

    async def call(self, call: Call) -> Answer:
        """Send one call and judge its answer."""
        gate = self._gates.get(call.operation)
        if gate is None:
            gate = self._gates[call.operation] = Gate(f"{self.connection} {call.operation}", self._clock)
        self._pass_object(call)
        account_probe = self._account_gate.enter()
        try:
            probe = gate.enter()
            try:
                under_way = _UnderWay(call, gate, self._allowance.enter())
                return await self._authorised(under_way, probing=account_probe)
            finally:
                gate.leave(probe)
        finally:
            self._account_gate.leave(account_probe)

    def _pass_object(self, call: Call) -> None:
        """Raise `RetryLaterError` while the vendor takes no such call about this one object."""
        own = self._objects.get((call.operation, call.about))
        if own is None:
            return
        if own.closed:
            raise own.refusal(own.seconds_left)
        del self._objects[call.operation, call.about]

    async def _authorised(self, under_way: _UnderWay, *, probing: bool) -> Answer:
        """Once more after a 401, with renewed credentials or, the first time, to confirm that it is meant."""
        proof = await self._credentials.headers()
        try:
            return await self._within_deadline(under_way, proof)
        except _UnauthorisedError:
            if self._account_gate.closed:
                raise self._account_gate.refusal(1.0) from None
        try:
            renewed = await self._credentials.renew(proof)
        except CredentialsRefusedError:  # the old ones are refused, new ones are not given
            raise self._account_gate.unauthorised() from None
        if probing and not renewed:
            raise self._account_gate.unauthorised()
        try:
            return await self._within_deadline(under_way, await self._credentials.headers())
        except _UnauthorisedError:
            raise self._account_gate.unauthorised() from None

    async def _within_deadline(self, under_way: _UnderWay, proof: Mapping[str, str]) -> Answer:
        call, gate = under_way.call, under_way.gate
        seconds = call.deadline or self.deadline
        try:
            async with asyncio.timeout(seconds):
                response, body = await self._exchange(call, proof, seconds)
        except TimeoutError:
            gate.failed()
            raise self._no_answer(call, f"no answer within {seconds:g} s", code="timeout") from None
        except httpx.HTTPError as error:
            gate.failed()
            if (why := never_connected(error)) is not None:
                raise RetryLaterError(f"{call.operation}: {why}", code="unreachable") from None
            raise self._no_answer(call, "the connection broke", code="connection_broke") from None
        except aiohttp.ClientError:
            gate.failed()
            raise self._no_answer(call, "the connection broke", code="connection_broke") from None
        return self._judged(under_way, response, body)

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
            body = bytearray()
            async for chunk in _chunks(response):
                body += chunk
                if len(body) > self._most_bytes:
                    return response, None
            return response, bytes(body)
        finally:
            await response.aclose()

    def _judged(self, under_way: _UnderWay, response: httpx.Response, body: bytes | None) -> Answer:
        call, gate = under_way.call, under_way.gate
        status = response.status_code
        headers = response.headers
        request_id = next((headers[name] for name in _REQUEST_IDS if name in headers), None)
        if 200 <= status < 300:
            data = self._parsed(call, response, body, request_id)
            self._account_gate.succeeded()
            gate.succeeded()
            self._heed(under_way, headers)
            return Answer(call=call, status=status, headers=headers, data=data, request_id=request_id)
        if status == 401:
            raise _UnauthorisedError
        self._account_gate.succeeded()
        if status >= 500:
            gate.failed()
        elif status != 429:
            gate.succeeded()  # it refuses this call, but it is there
        self._heed(under_way, headers)
        raise self._error(call, gate, response, body, request_id)

    def _heed(self, under_way: _UnderWay, headers: httpx.Headers) -> None:
        """What stands beside the answer: how many calls are left, and whether the endpoint ends."""
        told = notable(headers.raw)
        if not told:
            return
        if (left := account_left(told, headers, self._clock)) is not None:
            self._allowance.told(under_way.number, left)
        if (pause := endpoint_pause(told)) is not None:
            under_way.gate.used_up(pause)
        self._endings.heed(under_way.call.operation, told)

    def _error(
        self, call: Call, gate: Gate, response: httpx.Response, body: bytes | None, request_id: str | None
    ) -> BatonpassError:
        status = response.status_code
        if 300 <= status < 400:
            return RefusedError(
                f"{call.operation}: redirect refused",
                status=status,
                code="redirect_refused",
                request_id=request_id,
            )
        told = response.headers.get("retry-after")
        after = retry_after(told, self._clock, date=response.headers.get("date")) or None  # 0 tells nothing
        if status == 429 and call.about is not None and after is not None and after > LONGEST_WINDOW:
            own = Gate(f"{self.connection} {call.operation} of {call.about}", self._clock)
            self._objects[call.operation, call.about] = own
            return own.limited(after)
        if status == 429:
            return gate.limited(self._allowance.resets_in if after is None else after)
        if status in {408, 425, 503} or (status >= 500 and not call.effect):
            if after is not None:
                gate.unavailable(after)
            return RetryLaterError(
                f"{call.operation}: HTTP {status}",
                retry_after=after,
                consumes_attempt=after is None,
                code="unavailable",
                request_id=request_id,
            )
        if status >= 500:
            return OutcomeUnknownError(
                f"{call.operation}: HTTP {status}", code="server_error", request_id=request_id
            )
        said = self._explanation(body)
        about = "".join(f" {word}" for word in (*said.reasons, *said.fields))
        return RefusedError(
            f"{call.operation}: HTTP {status}{about}",
            status=status,
            fields=said.fields,
            reasons=said.reasons,
            code=_REFUSAL_CODES.get(status, "refused"),
            request_id=request_id,
        )

    def _explanation(self, body: bytes | None) -> Explanation:
        """What the vendor says of its refusal; a body of any other shape says nothing."""
        try:
            return self._explain(parse_answer(body or b""))
        except (JsonError, LookupError, TypeError, ValueError, AttributeError):
            return Explanation()

    def _parsed(
        self, call: Call, response: httpx.Response, body: bytes | None, request_id: str | None
    ) -> Any:
        if body is None:
            raise unexpected_content(call, f"larger than {self._most_bytes:,} bytes", request_id=request_id)
        kind = response.headers.get("content-type", "without a content type").split(";")[0].strip().lower()
        if not call.reads_body or (not body and response.status_code == 204):
            return None
        if "json" not in kind:
            raise unexpected_content(call, f"{kind}, no JSON{_page_title(body)}", request_id=request_id)
        try:
            return parse_answer(body)
        except JsonError as error:
            raise unexpected_content(call, str(error), request_id=request_id) from None

    @staticmethod
    def _no_answer(call: Call, what: str, *, code: str) -> BatonpassError:
        message = f"{call.operation}: {what}"
        return OutcomeUnknownError(message, code=code) if call.effect else RetryLaterError(message, code=code)


class _UnderWay(NamedTuple):
    """One call that has passed the gates."""

    call: Call
    gate: Gate
    number: int
    """Its place in the order in which the connection's calls started."""


class _UnauthorisedError(Exception):
    """HTTP 401, before it is known whether it is meant."""


_REFUSAL_CODES = {403: "forbidden", 404: "not_found", 409: "conflict", 410: "gone", 413: "too_large"}


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


def _page_title(body: bytes) -> str:
    found = _TITLE.search(body[:20_000])
    return f" (a page titled {found[1].decode('utf-8', 'replace').strip()!r})" if found else ""


def _checked_base(base_url: str, hosts: tuple[str, ...], connection: str) -> str:
    """The base URL if it names an allowed host by https (loopback: http too), without a trailing slash."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    if host in _LOOPBACK and parts.scheme in {"http", "https"}:
        return base_url.rstrip("/")
    allowed = any(
        host.endswith(rule) and len(host) > len(rule) if rule.startswith(".") else host == rule
        for rule in hosts
    )
    if parts.scheme != "https" or not allowed or parts.username or parts.password:
        raise ConfigurationError(
            f"connection {connection!r}: {host or 'the address'} is not one of its vendor's hosts "
            f"({', '.join(hosts)}) by https; correct base_url or leave it out",
            code="host_not_allowed",
        )
    return base_url.rstrip("/")
