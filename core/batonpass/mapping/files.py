"""Reads a helpdesk mapping file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

from batonpass.diagnostics import Finding, TomlFile, did_you_mean, has_errors, validated
from batonpass.mapping.check import check_paths
from batonpass.mapping.check_conditions import check_conditions
from batonpass.mapping.conditions import Condition, ConditionError
from batonpass.mapping.layers import LayeredFile, layered
from batonpass.mapping.partial import usable_part
from batonpass.mapping.places import at_sign
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
from batonpass.mapping.shapes import Always, From, HelpdeskFile, Text
from batonpass.mapping.transforms import TRANSFORMS, Transform, TransformError
from batonpass.mapping.wording import Template, TemplateError


def load_helpdesk_mapping(
    source: FilePath | TomlFile, *, facts: Collection[str] = (), shown_as: str | None = None
) -> tuple[HelpdeskMapping | None, list[Finding]]:
    """The mapping and what is to be said about it; None where there is an error in it.

    `source` is one file, or what `read_layers` has read. `facts` are the names of the facts that the fact mappings
    define.
    """
    mapping, findings = read_helpdesk_mapping(source, facts=facts, shown_as=shown_as)
    return (None if has_errors(findings) else mapping), findings


def read_helpdesk_mapping(
    source: FilePath | TomlFile, *, facts: Collection[str] = (), shown_as: str | None = None
) -> tuple[HelpdeskMapping | None, list[Finding]]:
    """As `load_helpdesk_mapping`, but where there are errors the mapping has the rules without them: for checking on,
    never for use. None where nothing can be read."""
    file = as_layers(source, shown_as=shown_as)
    shape, findings = validated(file, HelpdeskFile)
    findings = [*file.findings, *file.head, *findings]
    if shape is None:
        part = usable_part(file)
        if part is None:
            return None, findings
        shape, file = part
    reading = _Reading(file)
    mapping = reading.mapping(shape)
    checked = [*check_paths(mapping, facts), *check_conditions(mapping, facts)]
    return mapping, [*findings, *reading.findings, *checked]


def as_layers(source: FilePath | TomlFile, *, shown_as: str | None = None) -> LayeredFile:
    """A file by itself, or what `read_layers` has read."""
    if isinstance(source, LayeredFile):
        return source
    file = source if isinstance(source, TomlFile) else TomlFile.read(source, shown_as=shown_as)
    return layered([file], file)


class _Reading:
    """From the file's shape to rules; what cannot be read becomes a finding and is left out of its rule."""

    def __init__(self, file: LayeredFile) -> None:
        self._file = file
        self.findings: list[Finding] = []

    def mapping(self, shape: HelpdeskFile) -> HelpdeskMapping:
        ticket = shape.ticket
        subject = Filled(template=self._template(ticket.subject, ("ticket", "subject")))
        return HelpdeskMapping(
            file=self._file,
            subject=Rule(
                name="Subject",
                at=("ticket", "subject"),
                where=self._where(("ticket", "subject")),
                content=subject,
            ),
            priority=self._optional("Priority", ("ticket", "priority"), ticket.priority),
            group=self._optional("Group", ("ticket", "group"), ticket.group),
            assignee=self._optional("Assignee", ("ticket", "assignee"), ticket.assignee),
            form=self._optional("Form", ("ticket", "form"), ticket.form),
            tags=tuple(self._tag(written, index) for index, written in enumerate(ticket.tags)),
            fields=tuple(
                rule
                for name, written in shape.fields.items()
                for rule in self._several(name, ("fields", name), written)
            ),
        )

    def _optional(self, name: str, at: Path, written: Any) -> Rule | None:
        return None if written is None else self._rule(name, at, written)

    def _several(self, name: str, at: Path, written: Any) -> Iterator[Rule]:
        if not isinstance(written, tuple):
            yield self._rule(name, at, written)
            return
        for index, each in enumerate(written):
            yield self._rule(name, (*at, index), each)

    def _rule(self, name: str, at: Path, written: Any) -> Rule:
        transforms = written.transforms if isinstance(written, From) else ()
        return Rule(
            name=name,
            at=at,
            where=self._where(at),
            content=self._content(written, at),
            transforms=tuple(self._transforms(transforms, (*at, "transforms"))),
            when=self._when(getattr(written, "when", None), (*at, "when")),
            written_as=_key_of(written),
        )

    def _tag(self, written: Any, index: int) -> TagRule:
        at: Path = ("ticket", "tags", index)
        if isinstance(written, Text):
            template = self._template(written.template, (*at, "template"))
            return TagRule(
                at=at, where=self._where(at), template=template, when=self._when(written.when, (*at, "when"))
            )
        return TagRule(at=at, where=self._where(at), template=self._template(written, at))

    def _where(self, at: Path) -> str:
        return f"{self._file.layer_of(at).shown_as}:{self._file.span(at).line}"

    def _content(self, written: Any, at: Path) -> Content:
        match written:
            case From():
                return LookedUp(
                    source=written.source,
                    values=_folded(written.values),
                    default=None if written.default is None else _scalar(written.default),
                )
            case Text():
                return Filled(template=self._template(written.template, (*at, "template")))
            case Always():
                return Constant(value=_scalar(written.value))
            case _:
                return Constant(value=_scalar(written))

    def _template(self, text: str, at: Path) -> Template:
        try:
            return Template.read(text)
        except TemplateError as error:
            self.findings.append(self._file.finding(at, str(error), code="HM103"))
            return Template(parts=())

    def _transforms(self, written: tuple[str, ...], at: Path) -> Iterator[Transform]:
        for index, text in enumerate(written):
            try:
                yield Transform.read(text)
            except TransformError as error:
                name = text.partition(":")[0].strip()
                known = name in TRANSFORMS
                hint = None if known else did_you_mean(name, TRANSFORMS, listed="transforms")
                self.findings.append(
                    self._file.finding(
                        (*at, index), str(error), code="HM109" if known else "HM108", hint=hint
                    )
                )

    def _when(self, written: str | None, at: Path) -> Condition | None:
        if written is None:
            return None
        try:
            return Condition.read(written)
        except ConditionError as error:
            code = "HM110" if error.allowed else "HM111"
            finding = self._file.finding(at, str(error), code=code, hint=error.hint)
            if error.allowed:
                finding = at_sign(finding, self._file.layer_of(at), error.line, error.column)
            self.findings.append(finding)
            return None


def _key_of(written: Any) -> str | None:
    match written:
        case From():
            return "from"
        case Text():
            return "template"
        case Always():
            return "value"
        case _:
            return None


def _folded(values: Mapping[str, Any]) -> dict[str, Scalar]:
    return {key.strip().lower(): _scalar(value) for key, value in values.items()}


def _scalar(written: Any) -> Scalar:
    scalar: Scalar = Decimal(str(written)) if isinstance(written, float) else written
    return scalar
