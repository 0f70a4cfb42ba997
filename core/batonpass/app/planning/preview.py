"""The ticket that a mapping would make of a context package, as the helpdesk will show it. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batonpass.context.package import ContextPackage
from batonpass.domain.ticket import Agent, FieldContent, FieldSchema, FieldValue, Note, NotLanded
from batonpass.engine.drafting import Drafted
from batonpass.mapping.apply import apply
from batonpass.mapping.rules import HelpdeskMapping
from batonpass.store import Journal, past
from batonpass.store.past import PastHandoff


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """A field of the ticket as an agent sees it."""

    name: str
    value: str
    """An option by its label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """A ticket that nobody has opened."""

    subject: str
    priority: str | None
    group: str | None
    assignee: str | None
    form: str | None
    tags: tuple[str, ...]
    fields: tuple[ShownField, ...]
    note: Note
    not_landed: tuple[NotLanded, ...]
    """What the mapping could not bring to its place; the note says so."""

    def parts(self) -> dict[str, str]:
        """Name of a part or field → what stands there, for those in which anything does."""
        return dict(self._parts())

    def _parts(self) -> Iterator[tuple[str, str]]:
        named = (
            ("Subject", self.subject),
            ("Priority", self.priority),
            ("Group", self.group),
            ("Assignee", self.assignee),
            ("Form", self.form),
            ("Tags", ", ".join(self.tags)),
        )
        yield from ((name, value) for name, value in named if value)
        yield from ((field.name, field.value) for field in self.fields)


def previewed(
    package: ContextPackage, mapping: HelpdeskMapping, schema: FieldSchema, titles: Mapping[str, str]
) -> Previewed:
    """`titles`: source → the name that people know it by, for the note."""
    drafted = Drafted.of(package, apply(mapping, package.values(), schema), titles, schema)
    draft = drafted.draft
    return Previewed(
        subject=draft.subject,
        priority=None if draft.priority is None else draft.priority.capitalize(),
        group=None if draft.group is None else draft.group.name,
        assignee=None if draft.assignee is None else _person(draft.assignee),
        form=None if draft.form is None else draft.form.name,
        tags=draft.tags,
        fields=tuple(ShownField(name=each.name, value=_shown(each, schema)) for each in draft.fields),
        note=draft.note,
        not_landed=drafted.not_landed,
    )


async def past_handoffs(journal: Journal, *, helpdesk: str, newest: int = 50) -> list[PastHandoff]:
    """The newest handoffs of this connection that a mapping can be tried on: their conversation is still kept."""
    return await journal.database.run(lambda tx: past.newest(tx, helpdesk=helpdesk, most=newest))


def _shown(field: FieldValue, schema: FieldSchema) -> str:
    definition = next((each for each in schema.fields if each.id == field.id), None)
    labels = {} if definition is None else {each.value: each.label for each in definition.options}
    return _said(field.value, labels)


def _said(value: FieldContent, labels: Mapping[str, str]) -> str:
    match value:
        case bool():
            return "ticked" if value else "not ticked"
        case tuple():
            return ", ".join(labels.get(each, each) for each in value)
        case str():
            return labels.get(value, value)
        case _:
            return str(value)


def _person(agent: Agent) -> str:
    return agent.name or agent.email or agent.id
