"""A ticket draft that can be made smaller, its note saying what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from batonpass.context.package import ContextPackage
from batonpass.context.render import render_note
from batonpass.domain.text import one_line
from batonpass.domain.ticket import (
    Agent,
    FieldContent,
    FieldDefinition,
    FieldKind,
    FieldSchema,
    FieldValue,
    Form,
    Group,
    Note,
    NotLanded,
    Requester,
    TicketDraft,
)
from batonpass.mapping.apply import MappedTicket

_PARTS = frozenset(
    {"requester", "subject", "priority", "group", "assignee", "form", "tags", "note", "status"}
)
_OPTIONAL: Mapping[str, Any] = {
    "requester": None,
    "priority": None,
    "group": None,
    "assignee": None,
    "form": None,
    "tags": (),
}
"""The standard parts that a ticket can do without, and what stands there then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """The draft, and what it was made from."""

    package: ContextPackage
    titles: Mapping[str, str]
    schema: FieldSchema
    note_limit: int
    draft: TicketDraft
    not_landed: tuple[NotLanded, ...]
    default_group: Group | None

    @classmethod
    def of(
        cls, package: ContextPackage, mapped: MappedTicket, titles: Mapping[str, str], schema: FieldSchema
    ) -> Self:
        customer = package.request.customer
        name, email = one_line(customer.name or ""), one_line(customer.email or "")
        draft = TicketDraft(
            subject=mapped.subject,
            note=Note(html="", text=""),
            requester=Requester(name=name or None, email=email) if email else None,
            priority=mapped.priority,
            group=mapped.group,
            assignee=mapped.assignee,
            form=mapped.form,
            tags=mapped.tags,
            fields=mapped.fields,
        )
        made = cls(
            package=package,
            titles=titles,
            schema=schema,
            note_limit=schema.limits.note,
            draft=draft,
            not_landed=mapped.not_landed,
            default_group=mapped.default_group,
        )
        return made.noted()

    def noted(self) -> Self:
        """With its note written anew."""
        note = render_note(
            self.package, titles=self.titles, not_landed=self.not_landed, limit=self.note_limit
        )
        return replace(self, draft=replace(self.draft, note=note))

    def knows(self, names: Sequence[str]) -> bool:
        """Whether every one of these is a part of the ticket or a field of the account."""
        return set(names) <= {*_PARTS, *(field.id for field in self.schema.fields)}

    def mended(self, names: Sequence[str], why: str) -> Self:
        """What can be written instead of a draft that the helpdesk has refused, naming these parts of it.

        What it named and we sent is left out; a field that it wants and we did not send gets a value that says
        nothing. Where it named neither, everything optional is left out. The note tells all of it.
        """
        sent = {field.id for field in self.draft.fields}
        wanted = [
            each for each in self.schema.fields if each.id in names and each.id not in sent and each.active
        ]
        filled = [FieldValue(id=each.id, name=each.name, value=value) for each in wanted
                  if (value := stand_in(each, self.package.asked_at.date())) is not None]  # fmt: skip
        form = self._form_wanted(names)
        if not filled and form is None:
            return self._without(names, why)
        told = tuple(
            NotLanded(field=each.name, value=shown(each.value), why="filled in: the helpdesk requires it")
            for each in filled
        )
        if form is not None:
            told += (NotLanded(field="Form", value=form.name, why="filled in: the helpdesk requires it"),)
        draft = replace(self.draft, fields=(*self.draft.fields, *filled), form=form or self.draft.form)
        return replace(self, draft=draft, not_landed=(*self.not_landed, *told)).noted()

    def _form_wanted(self, names: Sequence[str]) -> Form | None:
        """The first form, where the helpdesk wants one and we named none."""
        wanted = "form" in names and self.draft.form is None
        return next(iter(self.schema.forms), None) if wanted else None

    def _without(self, names: Sequence[str], why: str) -> Self:
        draft = self.draft
        droppable = {*_OPTIONAL, "note", *(field.id for field in draft.fields)}
        chosen = set(names) & droppable or droppable
        fields = [field for field in draft.fields if field.id in chosen]
        parts = [
            name for name, empty in _OPTIONAL.items() if name in chosen and getattr(draft, name) != empty
        ]
        lost = [NotLanded(field=field.name, value=shown(field.value), why=why) for field in fields]
        lost += [not_landed(part, getattr(draft, part), why) for part in parts]
        emptied = {part: _OPTIONAL[part] for part in parts}
        if "group" in names and "group" in emptied and draft.group != self.default_group:
            emptied["group"] = self.default_group
        smaller = replace(
            self,
            draft=replace(
                draft, fields=tuple(field for field in draft.fields if field.id not in chosen), **emptied
            ),
            not_landed=(*self.not_landed, *lost),
            note_limit=self.note_limit // 2 if "note" in chosen else self.note_limit,
        )
        return smaller.noted()


_SAYS_NOTHING = ("unknown", "other", "not set", "none", "n/a", "general", "unspecified", "misc")


def stand_in(field: FieldDefinition, day: date) -> FieldContent | None:
    """A value for a field without which the helpdesk takes no ticket: one that says as little as the field allows.
    None where batonpass does not write its kind."""
    match field.kind:
        case FieldKind.TEXT | FieldKind.LONG_TEXT:
            return "not known"
        case FieldKind.CHECKBOX:
            return False
        case FieldKind.INTEGER | FieldKind.DECIMAL:
            return 0
        case FieldKind.DATE:
            return day
        case FieldKind.DROPDOWN | FieldKind.MULTISELECT if field.options:
            quiet = [each for each in field.options if each.label.strip().lower() in _SAYS_NOTHING]
            option = (quiet or list(field.options))[0].value
            return option if field.kind is FieldKind.DROPDOWN else (option,)
        case _:
            return None


def shown(value: FieldContent) -> str:
    """A field's value as the note names it."""
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def not_landed(part: str, value: Any, why: str) -> NotLanded:
    """A standard part of the ticket that is left out."""
    return NotLanded(field=part.capitalize(), value=shown_part(value), why=why)


def shown_part(value: Any) -> str:
    """A standard part of the ticket as the note names it; who the customer is stands in the note anyway."""
    if isinstance(value, Requester):
        return value.name or "the customer"
    if isinstance(value, Agent):
        return value.name or value.email or value.id
    return value.name if isinstance(value, Group | Form) else shown(value)
