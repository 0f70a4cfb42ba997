"""Where the pages are."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response

from batonpass.app.kept_packages import Kept, kept
from batonpass.app.mapping_desk import Desk
from batonpass.app.mappings import Mappings
from batonpass.app.signed_links import SignedLinks
from batonpass.context.wording import ROLES
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import FieldSchema
from batonpass.engine.world import Packing
from batonpass.store import Journal
from batonpass.web.bodies import TooLargeError
from batonpass.web.pages.audit_pages import AuditPages
from batonpass.web.pages.doors import Doors, Signing
from batonpass.web.pages.handoff_page import STATUSES, STEPS, view_of
from batonpass.web.pages.mapping_pages import MappingPages
from batonpass.web.pages.showing import Showing, static_file


class PageServing(Signing, Protocol):
    """What the pages open to."""

    @property
    def journal(self) -> Journal: ...

    @property
    def links(self) -> SignedLinks: ...

    @property
    def packing(self) -> Packing: ...

    @property
    def mappings(self) -> Mappings: ...

    @property
    def schema(self) -> FieldSchema | None: ...


def add_pages(app: FastAPI, serving: PageServing) -> None:
    root = urlsplit(serving.config.server.public_url or "").path.rstrip("/")
    showing = Showing(root)
    doors = Doors(serving, showing)
    handoffs = _HandoffPages(serving, showing, doors)
    desk = Desk(
        serving.config,
        mappings=serving.mappings,
        journal=serving.journal,
        packing=serving.packing,
        schema=lambda: serving.schema,
        clock=serving.clock,
    )
    mappings = MappingPages(desk, showing, doors)
    audits = AuditPages(serving.config, serving.clock, showing, doors)

    async def static(name: str) -> Response:
        return static_file(name) or showing.page(
            "closed.html", status=404, days=serving.config.pages.link_days
        )

    async def too_large(_: Request, __: Exception) -> Response:
        return showing.page("too_large.html", status=413)

    for method, path, answer in (
        ("GET", "/pages/{name}", static),
        ("GET", "/handoffs/{handoff_id}", handoffs.show),
        ("GET", "/sign-in", doors.show),
        ("POST", "/sign-in", doors.enter),
        ("POST", "/sign-out", doors.leave),
        ("GET", "/audit", audits.show),
        ("GET", "/mappings", mappings.overview),
        ("GET", "/mappings/{name}", mappings.show),
        ("GET", "/mappings/{name}/edit", mappings.edit),
        ("POST", "/mappings/{name}/edit", mappings.write),
        ("GET", "/mappings/{name}/versions", mappings.versions),
        ("GET", "/mappings/{name}/versions/{version}", mappings.version),
        ("POST", "/mappings/{name}/versions/{version}", mappings.put_back),
    ):
        _route(app, method, path, answer)
    app.add_exception_handler(TooLargeError, too_large)


def _route(app: FastAPI, method: str, path: str, answer: Any) -> None:
    app.add_api_route(path, answer, methods=[method], include_in_schema=False, response_model=None)


class _HandoffPages:
    def __init__(self, serving: PageServing, showing: Showing, doors: Doors) -> None:
        self._serving = serving
        self._showing = showing
        self._doors = doors
        self._titles = {each.name: each.manifest.title for each in serving.config.connections}

    async def show(self, request: Request, handoff_id: str) -> Response:
        """To who has the link, or has signed in. To all others every handoff, and none, looks the same."""
        asked = request.query_params
        admitted = self._serving.links.admits(
            handoff_id,
            until=asked.get("until", ""),
            signature=asked.get("sig", ""),
            now=self._serving.clock.now(),
        )
        if not admitted and await self._doors.visitor(request) is None:
            return self._closed()
        found = await kept(self._serving.journal, HandoffId(handoff_id))
        return self._closed() if found is None else await asyncio.to_thread(self._page, found)

    def _page(self, found: Kept) -> Response:
        package, why_without = found.package(self._serving.packing)
        view = view_of(found.record, package, self._titles, why_without=why_without)
        return self._showing.page(
            "handoff.html",
            headers={"Referrer-Policy": "no-referrer"},  # the link itself must not travel on
            view=view,
            titles=self._titles,
            steps=STEPS,
            roles=ROLES,
            statuses=STATUSES,
        )

    def _closed(self) -> Response:
        return self._showing.page(
            "closed.html",
            status=404,
            headers={"Referrer-Policy": "no-referrer"},
            days=self._serving.config.pages.link_days,
        )
