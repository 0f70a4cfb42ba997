"""A ticket draft that can be made smaller, its note saying what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from batonpass.context.package import ContextPackage
from batonpass.context.render import render_note
from batonpass.domain.text import one_line
from batonpass.domain.ticket import FieldContent, Group, Note, NotLanded, Requester, TicketDraft
from batonpass.mapping.apply import MappedTicket

_OPTIONAL: Mapping[str, Any] = {"requester": None, "priority": None, "group": None, "tags": ()}
"""The standard parts that a ticket can do without, and what stands there then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """The draft, and what it was made from."""

    package: ContextPackage
    titles: Mapping[str, str]
    note_limit: int
    draft: TicketDraft
    not_landed: tuple[NotLanded, ...]

    @classmethod
    def of(
        cls, package: ContextPackage, mapped: MappedTicket, titles: Mapping[str, str], note_limit: int
    ) -> Self:
        customer = package.request.customer
        name, email = one_line(customer.name or ""), one_line(customer.email or "")
        draft = TicketDraft(
            subject=mapped.subject,
            note=Note(html="", text=""),
            requester=Requester(name=name or None, email=email) if email else None,
            priority=mapped.priority,
            group=mapped.group,
            tags=mapped.tags,
            fields=mapped.fields,
        )
        made = cls(
            package=package, titles=titles, note_limit=note_limit, draft=draft, not_landed=mapped.not_landed
        )
        return made.noted()

    def noted(self) -> Self:
        """With its note written anew."""
        note = render_note(
            self.package, titles=self.titles, not_landed=self.not_landed, limit=self.note_limit
        )
        return replace(self, draft=replace(self.draft, note=note))

    def without(self, names: Sequence[str], why: str) -> Self:
        """Without what the helpdesk named; without anything optional where it named nothing that we sent."""
        draft = self.draft
        droppable = {*_OPTIONAL, "note", *(field.id for field in draft.fields)}
        chosen = set(names) & droppable or droppable
        fields = [field for field in draft.fields if field.id in chosen]
        parts = [
            name for name, empty in _OPTIONAL.items() if name in chosen and getattr(draft, name) != empty
        ]
        lost = [NotLanded(field=field.name, value=shown(field.value), why=why) for field in fields]
        lost += [
            NotLanded(field=part.capitalize(), value=_shown_part(getattr(draft, part)), why=why)
            for part in parts
        ]
        smaller = replace(
            self,
            draft=replace(
                draft,
                fields=tuple(field for field in draft.fields if field.id not in chosen),
                **{part: _OPTIONAL[part] for part in parts},
            ),
            not_landed=(*self.not_landed, *lost),
            note_limit=self.note_limit // 2 if "note" in chosen else self.note_limit,
        )
        return smaller.noted()


def shown(value: FieldContent) -> str:
    """A field's value as the note names it."""
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _shown_part(value: Any) -> str:
    """A standard part of the ticket as the note names it; who the customer is stands in the note anyway."""
    if isinstance(value, Requester):
        return value.name or "the customer"
    return value.name if isinstance(value, Group) else shown(value)
