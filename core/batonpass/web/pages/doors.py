"""What every page does with a request: who asks, is the form theirs, and the way to sign in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import structlog
from fastapi import Request, Response

from batonpass.app.config import Config
from batonpass.app.sign_in import SESSION, NotEntered, SignIn, Visitor
from batonpass.domain.clock import Clock
from batonpass.store import Installation
from batonpass.web.bodies import read_body
from batonpass.web.pages.showing import Showing

log = structlog.get_logger()

LARGEST_FORM = 4_000_000
"""Bytes; a mapping file is a few thousand."""
_FIELDS = 20
_OWN = frozenset({"same-origin", "none"})
"""`Sec-Fetch-Site` of a request that no other site has made."""


class Signing(Protocol):
    @property
    def config(self) -> Config: ...

    @property
    def installation(self) -> Installation: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def page_key(self) -> bytes: ...


class Doors:
    """Signing in and out, and who has."""

    def __init__(self, serving: Signing, showing: Showing) -> None:
        self._public = urlsplit(serving.config.server.public_url or "")
        self._sign_in = SignIn(
            serving.config.pages.users,
            key=serving.page_key,
            installation=serving.installation,
            clock=serving.clock,
        )
        self._showing = showing
        self._secure = self._public.scheme == "https"
        # a browser takes a cookie of this name from this host alone, over TLS
        self._cookie = "__Host-batonpass" if self._secure else "batonpass"

    async def visitor(self, request: Request) -> Visitor | None:
        cookie = request.cookies.get(self._cookie)
        return None if cookie is None else await self._sign_in.visitor(cookie)

    async def form(self, request: Request, visitor: Visitor) -> dict[str, str] | None:
        """The fields of a form that is the visitor's own; None where somebody else may have made it.

        Raises `TooLargeError`."""
        fields = await self._fields(request)
        if fields is None or fields.get("form_token") != visitor.form_token:
            return None
        return fields

    def sign_in_first(self, request: Request) -> Response:
        """The way to sign in, and back to where they were going."""
        if not self._sign_in.has_users:
            return self._showing.page("no_users.html", status=403)
        query = f"?{request.url.query}" if request.url.query else ""
        return self._showing.away(f"/sign-in?{urlencode({'to': f'{request.url.path}{query}'})}")

    async def show(self, request: Request) -> Response:
        """`GET /sign-in`."""
        if not self._sign_in.has_users:
            return self._showing.page("no_users.html", status=403)
        return self._asked(_inside(request.query_params.get("to", "")))

    async def enter(self, request: Request) -> Response:
        """`POST /sign-in`."""
        if not self._sign_in.has_users:
            return self._showing.page("no_users.html", status=403)
        fields = await self._fields(request)
        if fields is None:
            return self.not_yours()
        to = _inside(fields.get("to", ""))
        outcome = await self._sign_in.enter(fields.get("name", ""), fields.get("password", ""))
        if isinstance(outcome, NotEntered):
            log.warning("sign_in_refused", too_often=outcome.seconds > 0)
            return self._asked(to, refused=outcome)
        answer = self._showing.away(to)
        answer.set_cookie(
            self._cookie,
            outcome.cookie,
            max_age=int(SESSION.total_seconds()),
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    async def leave(self, request: Request) -> Response:
        """`POST /sign-out`: of all their sessions."""
        visitor = await self.visitor(request)
        if visitor is None:
            return self._showing.away("/sign-in")
        if await self.form(request, visitor) is None:
            return self.not_yours()
        await self._sign_in.leave(visitor)
        answer = self._showing.away("/sign-in")
        answer.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="lax")
        return answer

    def not_yours(self) -> Response:
        """A form that did not come from our page, or from one that was opened in another session."""
        return self._showing.page("not_yours.html", status=403)

    def _asked(self, to: str, *, refused: NotEntered | None = None) -> Response:
        status, headers = 200, dict[str, str]()
        if refused is not None:
            status = 429 if refused.seconds else 401
            headers = {"Retry-After": str(refused.seconds)} if refused.seconds else {}
        return self._showing.page("sign_in.html", status=status, headers=headers, to=to, refused=refused)

    async def _fields(self, request: Request) -> dict[str, str] | None:
        """Raises `TooLargeError`."""
        if not self._of_our_pages(request.headers):
            return None
        body = await read_body(request, LARGEST_FORM)
        try:
            pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS)
        except ValueError:
            return None
        return dict(pairs)

    def _of_our_pages(self, headers: Mapping[str, str]) -> bool:
        """Whether the browser says that one of our pages sends this. One that says nothing is old: the form's token,
        and its cookie which no other site's form carries, must do then."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in _OWN
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc in {headers.get("host"), self._public.netloc}


def _inside(path: str) -> str:
    """A path of our own pages: nobody is led away from here."""
    known = path.startswith(("/mappings", "/handoffs/", "/audit")) and path.isprintable() and "\\" not in path
    return path if known else "/mappings"
