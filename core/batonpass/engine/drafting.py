"""A ticket draft that can be made smaller, its note saying what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Self

from batonpass.context.package import ContextPackage
from batonpass.context.render import render_note
from batonpass.domain.text import one_line
from batonpass.domain.ticket import (
    Agent,
    FieldContent,
    FieldDefinition,
    FieldId,
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
from batonpass.mapping.convert import LONGEST_TEXT
from batonpass.mapping.wording import cut

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
FILLED_IN = "filled in: the helpdesk requires it"


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
    said: Mapping[FieldId, str] = field(default_factory=dict)
    """The values of dropdowns as people see them, where something else is written; as the account was when they were
    drafted, for a note must still be able to name an option that is gone."""
    filled: frozenset[str] = frozenset()
    """The fields that have a value only because the helpdesk requires one."""

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
            said=_labels(mapped.fields, schema),
        )
        return made.noted()

    def shown(self, field: FieldValue) -> str:
        """A field's value as people see it."""
        return self.said.get(field.id) or shown(field.value)

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
        nothing, and another one where that was refused. Where it named neither, everything optional is left out. The
        note tells all of it.
        """
        filled, form = self._stand_ins(names), self._form_wanted(names)
        if not filled and form is None:
            return self.without(names, why).noted()
        made = self._filled(filled, form)
        sent = {
            *made.sent(),
            *(part for part, empty in _OPTIONAL.items() if getattr(self.draft, part) != empty),
        }
        refused = [name for name in names if name in sent]
        return (made.without(refused, why) if refused else made).noted()

    def is_stand_in(self, names: Sequence[str]) -> bool:
        """Whether one of these is a field that we have filled in: then we know less of the account than we thought."""
        return not self.filled.isdisjoint(names)

    def sent(self) -> AbstractSet[str]:
        """The fields with values of the mapping."""
        return {field.id for field in self.draft.fields} - self.filled

    def _stand_ins(self, names: Sequence[str]) -> list[FieldValue]:
        sent, stood = self.sent(), {field.id: field.value for field in self.draft.fields}
        wanted = [
            each for each in self.schema.fields if each.id in names and each.id not in sent and each.active
        ]
        day = self.package.asked_at.date()
        return [
            FieldValue(id=each.id, name=each.name, value=value)
            for each in wanted
            if (value := stand_in(each, day)) is not None and value != stood.get(each.id)
        ]

    def _filled(self, stand_ins: Sequence[FieldValue], form: Form | None) -> Self:
        labels = _labels(stand_ins, self.schema)
        told = [
            NotLanded(field=each.name, value=labels.get(each.id) or shown(each.value), why=FILLED_IN)
            for each in stand_ins
        ]
        if form is not None:
            told.append(NotLanded(field="Form", value=form.name, why=FILLED_IN))
        cleared = self._cleared({each.id for each in stand_ins})
        draft = cleared.draft
        return replace(
            cleared,
            draft=replace(draft, fields=(*draft.fields, *stand_ins), form=form or draft.form),
            not_landed=(*cleared.not_landed, *told),
            said={**self.said, **labels},
            filled=cleared.filled | {each.id for each in stand_ins},
        )

    def _cleared(self, ids: AbstractSet[str]) -> Self:
        """Without the stand-ins in these fields, and without a word of them."""
        ours = {field.name for field in self.draft.fields if field.id in self.filled & ids}
        return replace(
            self,
            draft=replace(
                self.draft,
                fields=tuple(each for each in self.draft.fields if each.id not in self.filled & ids),
            ),
            not_landed=tuple(
                each for each in self.not_landed if each.why != FILLED_IN or each.field not in ours
            ),
            filled=self.filled - ids,
        )

    def _form_wanted(self, names: Sequence[str]) -> Form | None:
        """The first form, where the helpdesk wants one and we named none."""
        wanted = "form" in names and self.draft.form is None
        return next(iter(self.schema.forms), None) if wanted else None

    def without(self, names: Sequence[str], why: str) -> Self:
        """Where nothing is named that could be left out: without all that can, but for what the helpdesk asked for."""
        draft = self.draft
        known = {*_OPTIONAL, "note", *(field.id for field in draft.fields)}
        chosen = set(names) & known or known - self.filled
        return self._cleared(chosen).less(chosen - self.filled, names, why)

    def less(self, chosen: AbstractSet[str], names: Sequence[str], why: str) -> Self:
        draft = self.draft
        fields = [field for field in draft.fields if field.id in chosen]
        parts = [
            name for name, empty in _OPTIONAL.items() if name in chosen and getattr(draft, name) != empty
        ]
        lost = [NotLanded(field=field.name, value=self.shown(field), why=why) for field in fields]
        lost += [not_landed(part, getattr(draft, part), why) for part in parts]
        emptied = {part: _OPTIONAL[part] for part in parts}
        if "group" in names and "group" in emptied and draft.group != self.default_group:
            emptied["group"] = self.default_group
        return replace(
            self,
            draft=replace(
                draft, fields=tuple(field for field in draft.fields if field.id not in chosen), **emptied
            ),
            not_landed=(*self.not_landed, *lost),
            note_limit=self.note_limit // 2 if "note" in chosen else self.note_limit,
        )


_SAYS_NOTHING = ("unknown", "other", "not set", "none", "n/a", "general", "unspecified", "misc")


def stand_in(field: FieldDefinition, day: date) -> FieldContent | None:
    """A value for a field without which the helpdesk takes no ticket: one that says as little as the field allows.
    None where batonpass does not write its kind."""
    match field.kind:
        case FieldKind.TEXT | FieldKind.LONG_TEXT:
            return cut("not known", field.longest or LONGEST_TEXT, field.unit)
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


def _labels(fields: Sequence[FieldValue], schema: FieldSchema) -> dict[FieldId, str]:
    """What people see of these values, where it is not what is written."""
    options = {each.id: each.options for each in schema.fields if each.options}
    found = {}
    for each in fields:
        labels = {option.value: option.label for option in options.get(each.id, ())}
        written = each.value if isinstance(each.value, tuple) else (str(each.value),)
        if any(labels.get(one, one) != one for one in written):
            found[each.id] = ", ".join(labels.get(one, one) for one in written)
    return found


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
