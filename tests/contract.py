"""Holds an emulator and whoever calls it to the vendor's published contract, from between the two.

checked = ContractChecked(emulator, shared_file("contracts", "zendesk.openapi.yaml"))
async with served(checked) as url:
    ...
assert checked.checked and not checked.violations
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.templating.responses.exceptions import ResponseNotFound
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from werkzeug.datastructures import Headers, ImmutableMultiDict

UNCHECKED = ("/_emulator/", "/oauth/tokens", "/agent/")
"""What no contract describes: the emulators' own doors, Zendesk's token endpoint and its page for agents."""


@dataclass(frozen=True, slots=True)
class _Contract:
    openapi: OpenAPI
    origin: str
    """Scheme and host of the contract's first server, its variables at their defaults."""


@dataclass(slots=True)
class _Request:
    """`openapi_core.protocols.Request`."""

    host_url: str
    path: str
    method: str
    body: bytes | None
    content_type: str
    parameters: RequestParameters


@dataclass(slots=True)
class _Response:
    """`openapi_core.protocols.Response`."""

    status_code: int
    headers: Headers
    content_type: str
    data: bytes


class ContractChecked:
    """An ASGI application in front of another: passes everything through unchanged, and notes in `violations`
    each request and each whole answer that the OpenAPI document at `spec_path` does not allow.

    A path that the document does not know is a violation; what begins with one of `unchecked` is passed by. An
    answer that an emulator's fault cuts short cannot be judged; one that a fault spoils is a violation.
    """

    def __init__(self, app: ASGIApp, spec_path: Path, *, unchecked: tuple[str, ...] = UNCHECKED) -> None:
        self._app = app
        self._contract = _read(spec_path)
        self._unchecked = unchecked
        self.violations: list[str] = []
        self.checked = 0
        """How many requests were held against the document."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self._unchecked):
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        request = _request(self._contract.origin, scope, body)
        self.checked += 1
        self._note(request, "request", self._contract.openapi.iter_request_errors(request))
        answer = _Recorded(send)
        await self._app(scope, _replay(body, receive), answer)
        if answer.whole:
            self._note(
                request, "answer", self._contract.openapi.iter_response_errors(request, answer.response())
            )

    def _note(self, request: _Request, what: str, errors: Iterable[Exception]) -> None:
        for error in errors:
            self.violations.append(f"{request.method.upper()} {request.path}: {what}: {_readable(error)}")


@dataclass(slots=True)
class _Recorded:
    """Sends on at once and keeps a copy."""

    send: Send
    status: int = 0
    headers: Headers = field(default_factory=Headers)
    body: bytearray = field(default_factory=bytearray)
    whole: bool = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = _headers(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            self.whole = not message.get("more_body", False)
        await self.send(message)

    def response(self) -> _Response:
        kind = self.headers.get("content-type", "")
        return _Response(
            status_code=self.status, headers=self.headers, content_type=kind, data=bytes(self.body)
        )


@functools.cache
def _read(spec_path: Path) -> _Contract:
    document = yaml.load(
        spec_path.read_bytes(), Loader=yaml.CSafeLoader
    )  # a safe loader, and ten times as fast
    _narrow(document)
    # Whether the document itself is flawless is not our question and takes seconds to answer.
    openapi = OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))
    server = document["servers"][0]
    defaults = {name: variable["default"] for name, variable in server.get("variables", {}).items()}
    parts = urlsplit(server["url"].format(**defaults))
    return _Contract(openapi, f"{parts.scheme}://{parts.netloc}")


def _narrow(document: Any) -> None:
    """Leave of each deepObject parameter what openapi-core 0.23 can read: it fails on every call where the schema
    is a choice (`page[size]=…` or `page=2`) or a list (`expand[]=…`), given or not.

    Of a choice the object is kept, so that `page=2` is a violation; a list is not checked.
    """
    shared = document.get("components", {}).get("parameters", {}).values()
    for parameter in (*shared, *_own_parameters(document)):
        schema = parameter.get("schema", {})
        if parameter.get("style") != "deepObject":
            continue
        if choice := schema.get("oneOf") or schema.get("anyOf"):
            parameter["schema"] = next(each for each in choice if each.get("type") == "object")
        elif schema.get("type") == "array":
            parameter.pop("style")
            parameter["required"] = False


def _own_parameters(document: Any) -> Iterable[Any]:
    for path in document["paths"].values():
        yield from path.get("parameters", ())
        for operation in path.values():
            if isinstance(operation, dict):
                yield from operation.get("parameters", ())


async def _whole_body(receive: Receive) -> bytes:
    body = bytearray()
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _request(origin: str, scope: Scope, body: bytes) -> _Request:
    headers = _headers(scope["headers"])
    query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
    return _Request(
        host_url=origin,
        path=scope["path"],
        method=scope["method"].lower(),
        body=body or None,
        content_type=headers.get("content-type", ""),
        parameters=RequestParameters(
            query=ImmutableMultiDict(query), header=headers, cookie=ImmutableMultiDict()
        ),
    )


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])


def _readable(error: BaseException) -> str:
    """The error's own words, those of its cause and the places in the body, without the body."""
    if isinstance(error, PathError | ResponseNotFound | MediaTypeNotFound):
        return str(error)
    cause = error.__cause__
    details = list(_schema_errors(cause)) or ([] if cause is None else [str(cause)])
    return "; ".join([f"{type(error).__name__} {error}".strip(), *details])


def _schema_errors(error: Any) -> Iterable[str]:
    for found in getattr(error, "schema_errors", ()):
        place = "/".join(str(step) for step in found.absolute_path) or "(whole)"
        yield f"at {place}: {found.message[:300]}"


__all__: tuple[str, ...] = ("UNCHECKED", "ContractChecked")
