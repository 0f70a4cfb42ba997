"""Reads a helpdesk mapping file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
)

from batonpass.diagnostics import Finding, TomlFile, has_errors, validated
from batonpass.mapping.check import check_paths
from batonpass.mapping.rules import (
    Constant,
    Content,
    Filled,
    HelpdeskMapping,
    LookedUp,
    Path,
    Rule,
    Scalar,
    TagRule,
)
from batonpass.mapping.wording import Template, TemplateError

_Written = StrictStr | StrictBool | StrictInt | StrictFloat | date


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _From(_Shape):
    source: str = Field(alias="from")
    values: dict[str, _Written] = {}
    default: _Written | None = None


class _Text(_Shape):
    template: str


def _form_of(written: Any) -> str:
    if not isinstance(written, dict):
        return "<constant>"
    return "<text>" if "template" in written and "from" not in written else "<from>"


# Angle brackets: a branch's name must not be a key that a file can have.
_Rule = Annotated[
    Annotated[_Written, Tag("<constant>")]
    | Annotated[_From, Tag("<from>")]
    | Annotated[_Text, Tag("<text>")],
    Discriminator(_form_of),
]


class _Ticket(_Shape):
    subject: str
    priority: _Rule | None = None
    group: _Rule | None = None
    tags: tuple[str, ...] = ()


class _File(_Shape):
    ticket: _Ticket
    fields: dict[str, _Rule] = {}


def load_helpdesk_mapping(
    path: FilePath, *, facts: Collection[str] = (), shown_as: str | None = None
) -> tuple[HelpdeskMapping | None, list[Finding]]:
    """The mapping and what is to be said about it; None where there is an error in it.

    `facts` are the names of the facts that the fact mappings define.
    """
    file = TomlFile.read(path, shown_as=shown_as)
    shape, findings = validated(file, _File)
    if shape is None:
        return None, [*file.findings, *findings]
    reading = _Reading(file)
    mapping = reading.mapping(shape)
    findings = [*reading.findings, *check_paths(mapping, facts)]
    return (None if has_errors(findings) else mapping), findings


class _Reading:
    """From the file's shape to rules; what cannot be read becomes a finding and an empty text."""

    def __init__(self, file: TomlFile) -> None:
        self._file = file
        self.findings: list[Finding] = []

    def mapping(self, shape: _File) -> HelpdeskMapping:
        ticket = shape.ticket
        subject = Filled(template=self._template(ticket.subject, ("ticket", "subject")))
        return HelpdeskMapping(
            file=self._file,
            subject=self._rule("Subject", ("ticket", "subject"), subject),
            priority=self._optional("Priority", ("ticket", "priority"), ticket.priority),
            group=self._optional("Group", ("ticket", "group"), ticket.group),
            tags=tuple(self._tag(text, index) for index, text in enumerate(ticket.tags)),
            fields=tuple(
                self._rule(name, ("fields", name), self._content(written, ("fields", name)))
                for name, written in shape.fields.items()
            ),
        )

    def _optional(self, name: str, at: Path, written: Any) -> Rule | None:
        return None if written is None else self._rule(name, at, self._content(written, at))

    def _rule(self, name: str, at: Path, content: Content) -> Rule:
        return Rule(name=name, at=at, where=self._where(at), content=content)

    def _tag(self, text: str, index: int) -> TagRule:
        at: Path = ("ticket", "tags", index)
        return TagRule(at=at, where=self._where(at), template=self._template(text, at))

    def _where(self, at: Path) -> str:
        return f"{self._file.shown_as}:{self._file.span(at).line}"

    def _content(self, written: Any, at: Path) -> Content:
        match written:
            case _From():
                return LookedUp(
                    source=written.source,
                    values=_folded(written.values),
                    default=None if written.default is None else _scalar(written.default),
                )
            case _Text():
                return Filled(template=self._template(written.template, (*at, "template")))
            case _:
                return Constant(value=_scalar(written))

    def _template(self, text: str, at: Path) -> Template:
        try:
            return Template.read(text)
        except TemplateError as error:
            self.findings.append(self._file.finding(at, str(error), code="HM103"))
            return Template(parts=())


def _folded(values: Mapping[str, Any]) -> dict[str, Scalar]:
    return {key.strip().lower(): _scalar(value) for key, value in values.items()}


def _scalar(written: Any) -> Scalar:
    scalar: Scalar = Decimal(str(written)) if isinstance(written, float) else written
    return scalar
