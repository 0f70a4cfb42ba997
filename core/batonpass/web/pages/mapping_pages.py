"""`/mappings`: what the files say, what is wrong with them, and the ticket that they make."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from batonpass.app.mapping_checks import MappingFile
from batonpass.app.mapping_desk import Desk, NotSaved, Saved, text_of
from batonpass.app.mapping_files import diff, from_form
from batonpass.app.sign_in import Visitor
from batonpass.diagnostics import Finding, Severity
from batonpass.web.pages.doors import Doors
from batonpass.web.pages.marked_lines import marked
from batonpass.web.pages.showing import Showing

_Answer = Callable[[Visitor, MappingFile], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Findings:
    all: tuple[Finding, ...]
    errors: int
    warnings: int

    @classmethod
    def of(cls, findings: tuple[Finding, ...]) -> _Findings:
        kinds = [each.severity for each in findings]
        return cls(all=findings, errors=kinds.count(Severity.ERROR), warnings=kinds.count(Severity.WARNING))


class MappingPages:
    def __init__(self, desk: Desk, showing: Showing, doors: Doors) -> None:
        self._desk = desk
        self._showing = showing
        self._doors = doors

    async def overview(self, request: Request) -> Response:
        visitor = await self._doors.visitor(request)
        if visitor is None:
            return self._doors.sign_in_first(request)
        standings = [await self._desk.standing(each) for each in self._desk.files()]
        return self._showing.page("mappings.html", visitor=visitor, standings=standings)

    async def show(self, request: Request, name: str) -> Response:
        """The file with its findings, the account's fields, and the ticket that it makes."""

        async def answer(visitor: Visitor, file: MappingFile) -> Response:
            standing = await self._desk.standing(file)
            return self._showing.page(
                "mapping.html",
                visitor=visitor,
                file=file,
                standing=standing,
                lines=marked(standing.opened.text, standing.findings, file.shown_as),
                elsewhere=[each for each in standing.findings if each.file != file.shown_as],
                schema=self._desk.schema(file),
                preview=await self._preview(file, standing.opened.text, request),
                saved=request.query_params.get("saved") == standing.opened.digest[:12],
            )

        return await self._with(request, name, answer)

    async def edit(self, request: Request, name: str) -> Response:
        async def answer(visitor: Visitor, file: MappingFile) -> Response:
            opened = await self._desk.opened(file)
            return await self._editor(request, visitor, file, opened.text, opened=opened.digest)

        return await self._with(request, name, answer, edits=True)

    async def write(self, request: Request, name: str) -> Response:
        """The form of the editor: checks the text, or checks and saves it."""

        async def answer(visitor: Visitor, file: MappingFile) -> Response:
            form = await self._doors.form(request, visitor)
            if form is None:
                return self._doors.not_yours()
            text, opened = from_form(form.get("text", "")), form.get("opened", "")
            chosen = form.get("handoff", "")
            if form.get("do") != "save":
                return await self._editor(request, visitor, file, text, opened=opened, chosen=chosen)
            done = await self._desk.save(file, text, opened=opened, by=visitor.name)
            if isinstance(done, Saved):
                return self._showing.away(f"/mappings/{file.name}?saved={done.digest[:12]}")
            return await self._editor(
                request, visitor, file, text, opened=opened, chosen=chosen, refused=done
            )

        return await self._with(request, name, answer, edits=True)

    async def versions(self, request: Request, name: str) -> Response:
        async def answer(visitor: Visitor, file: MappingFile) -> Response:
            found = await self._desk.versions(file)
            return self._showing.page("versions.html", visitor=visitor, file=file, versions=found)

        return await self._with(request, name, answer)

    async def version(self, request: Request, name: str, version: str) -> Response:
        """One version, against the file as it stands now."""

        async def answer(visitor: Visitor, file: MappingFile) -> Response:
            return await self._version(visitor, file, version)

        return await self._with(request, name, answer)

    async def put_back(self, request: Request, name: str, version: str) -> Response:
        """Save the text of a version as the file; checked like any other change."""

        async def answer(visitor: Visitor, file: MappingFile) -> Response:
            form = await self._doors.form(request, visitor)
            if form is None:
                return self._doors.not_yours()
            found = await self._desk.version(file, version)
            text = None if found is None else text_of(file, found)
            if text is None:
                return self._closed(visitor)
            done = await self._desk.save(file, text, opened=form.get("opened", ""), by=visitor.name)
            if isinstance(done, Saved):
                return self._showing.away(f"/mappings/{file.name}?saved={done.digest[:12]}")
            return await self._version(visitor, file, version, refused=done)

        return await self._with(request, name, answer, edits=True)

    async def _with(self, request: Request, name: str, answer: _Answer, *, edits: bool = False) -> Response:
        """The answer for who may have it."""
        visitor = await self._doors.visitor(request)
        if visitor is None:
            return self._doors.sign_in_first(request)
        file = self._desk.file(name)
        if file is None:
            return self._closed(visitor)
        if edits and not visitor.may_edit:
            return self._showing.page("may_not.html", status=403, visitor=visitor, file=file)
        return await answer(visitor, file)

    async def _editor(
        self,
        request: Request,
        visitor: Visitor,
        file: MappingFile,
        text: str,
        *,
        opened: str,
        chosen: str = "",
        refused: NotSaved | None = None,
    ) -> Response:
        findings = await self._desk.checked(file, text)
        return self._showing.page(
            "edit.html",
            status=200 if refused is None else 409,
            visitor=visitor,
            file=file,
            text=text,
            opened=refused.moved.digest if refused is not None and refused.moved is not None else opened,
            findings_of=_Findings.of(findings),
            checked=request.method == "POST",
            preview=await self._preview(file, text, request, chosen),
            refused=refused,
        )

    async def _preview(self, file: MappingFile, text: str, request: Request, chosen: str = "") -> Any:
        if not file.makes_tickets:
            return None
        return await self._desk.preview(file, text, chosen or request.query_params.get("handoff", ""))

    async def _version(
        self, visitor: Visitor, file: MappingFile, version: str, *, refused: NotSaved | None = None
    ) -> Response:
        found = await self._desk.version(file, version)
        text = None if found is None else text_of(file, found)
        if found is None or text is None:
            return self._closed(visitor)
        now = await self._desk.opened(file)
        return self._showing.page(
            "version.html",
            status=200 if refused is None else 409,
            visitor=visitor,
            file=file,
            version=found,
            text=text,
            opened=now.digest,
            lines=diff(now.text, text),
            refused=refused,
        )

    def _closed(self, visitor: Visitor) -> Response:
        return self._showing.page("nothing_here.html", status=404, visitor=visitor)
