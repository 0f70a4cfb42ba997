"""The steps around the ticket: open it, see what was stored, append notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from batonpass.context.package import ContextPackage
from batonpass.context.render import render_late_facts, render_not_landed, render_note
from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.facts import gathered_from_json
from batonpass.domain.handoff import ClaimedStep
from batonpass.domain.text import one_line
from batonpass.domain.ticket import (
    FieldContent,
    Group,
    Note,
    NoteKey,
    NotLanded,
    Requester,
    StoredTicket,
    TicketDraft,
    TicketKey,
    TicketRef,
    landed,
)
from batonpass.engine import decide
from batonpass.engine.packing import package_of, source_titles
from batonpass.engine.records import (
    field_from_json,
    field_to_json,
    not_landed_from_json,
    not_landed_to_json,
    ticket_from_json,
    ticket_to_json,
)
from batonpass.engine.work import Done
from batonpass.engine.world import World
from batonpass.mapping.apply import MappedTicket, apply
from batonpass.ports import Capability

log = structlog.get_logger()

MOST_TRIMS = 4
"""How often a refused draft is made smaller before a person must look."""


async def open_ticket(world: World, step: ClaimedStep) -> Done:
    """One ticket, whatever happened before: an earlier claim may have opened it, so look first."""
    package = await package_of(world, step.handoff_id)
    mapping, version = world.mapping()
    schema = await world.schema.current()
    mapped = apply(mapping, package.values(), schema)
    draft = _Draft.of(package, mapped, source_titles(world), schema.limits.note)
    key = TicketKey(step.handoff_id)
    ref = await world.helpdesk.find_ticket(key) if step.may_have_happened else None
    adopted = ref is not None
    if ref is None:
        ref, draft = await _open_whatever_it_takes(world, draft, key)
    sent = draft.made
    result = {
        "ticket": ticket_to_json(ref),
        "adopted": adopted,
        "mapping": version,
        "priority": sent.priority,
        "group": None if sent.group is None else {"id": sent.group.id, "name": sent.group.name},
        "tags": list(sent.tags),
        "fields": [field_to_json(field) for field in sent.fields],
        "not_landed": not_landed_to_json(draft.not_landed),
    }
    plan = decide.on_ticket(
        package.gathered,
        reads_back=Capability.READ_BACK in world.helpdesk_can,
        announces=package.agent_name in world.announcers,
    )
    return Done(result=result, plan=plan, ticket=ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A ticket draft that can be made smaller, its note saying what was left out."""

    package: ContextPackage
    titles: dict[str, str]
    note_limit: int
    made: TicketDraft
    not_landed: tuple[NotLanded, ...]

    @classmethod
    def of(
        cls, package: ContextPackage, mapped: MappedTicket, titles: dict[str, str], note_limit: int
    ) -> _Draft:
        customer = package.request.customer
        name, email = one_line(customer.name or ""), one_line(customer.email or "")
        requester = Requester(name=name or None, email=email) if email else None
        made = TicketDraft(
            subject=mapped.subject,
            note=Note(html="", text=""),
            requester=requester,
            priority=mapped.priority,
            group=mapped.group,
            tags=mapped.tags,
            fields=mapped.fields,
        )
        draft = cls(
            package=package, titles=titles, note_limit=note_limit, made=made, not_landed=mapped.not_landed
        )
        return draft._with_note()

    def _with_note(self) -> _Draft:
        note = render_note(
            self.package, titles=self.titles, not_landed=self.not_landed, limit=self.note_limit
        )
        return replace(self, made=replace(self.made, note=note))

    def without(self, names: Sequence[str], why: str) -> _Draft:
        """The draft without what the helpdesk named; without anything optional where it named nothing we sent."""
        named = set(names) & {*_OPTIONAL, "note", *(field.id for field in self.made.fields)}
        chosen = named or {*_OPTIONAL, "note", *(field.id for field in self.made.fields)}
        made, lost = self.made, list(self.not_landed)
        for field in made.fields:
            if field.id in chosen:
                lost.append(NotLanded(field=field.name, value=_shown(field.value), why=why))
        made = replace(made, fields=tuple(field for field in made.fields if field.id not in chosen))
        for name, empty in _OPTIONAL.items():
            value = getattr(made, name)
            if name in chosen and value != empty:
                lost.append(NotLanded(field=name.capitalize(), value=_shown_part(value), why=why))
                made = replace(made, **{name: empty})
        limit = self.note_limit // 2 if "note" in chosen else self.note_limit
        return replace(self, made=made, not_landed=tuple(lost), note_limit=limit)._with_note()


_OPTIONAL: dict[str, Any] = {"requester": None, "priority": None, "group": None, "tags": ()}


async def _open_whatever_it_takes(world: World, draft: _Draft, key: TicketKey) -> tuple[TicketRef, _Draft]:
    """Open it; a part that the helpdesk refuses moves into the note, the ticket is made without it."""
    for _ in range(MOST_TRIMS):
        try:
            return await world.helpdesk.open_ticket(draft.made, key=key), draft
        except RefusedError as error:
            if error.status not in {400, 413, 422}:
                raise
            log.warning("ticket_refused_in_part", handoff=key, fields=error.fields, reasons=error.reasons)
            draft = draft.without(error.fields, "refused by the helpdesk")
    return await world.helpdesk.open_ticket(draft.made, key=key), draft


async def read_back(world: World, step: ClaimedStep) -> Done:
    """Compare what was stored with what was sent: a helpdesk may drop a value and answer 2xx."""
    sent = await _opened(world, step)
    stored = await world.helpdesk.read_ticket(ticket_from_json(sent["ticket"]))
    missing = _missing(sent, stored)
    if missing:
        log.warning("values_not_landed", handoff=step.handoff_id, fields=[item.field for item in missing])
    return Done(result={"not_landed": not_landed_to_json(missing)}, plan=decide.on_read_back(missing))


def _missing(sent: dict[str, Any], stored: StoredTicket) -> list[NotLanded]:
    missing = []
    for field in sent["fields"]:
        value = field_from_json(field).value
        kept = stored.fields.get(field["id"])
        if not landed(value, kept):
            missing.append(NotLanded(field=field["name"], value=_shown(value), why=_why(kept)))
    if sent["priority"] is not None and stored.priority != sent["priority"]:
        missing.append(NotLanded(field="Priority", value=sent["priority"], why=_why(stored.priority)))
    if sent["group"] is not None and stored.group_id != sent["group"]["id"]:
        missing.append(NotLanded(field="Group", value=sent["group"]["name"], why=_why(stored.group_id)))
    lost_tags = [tag for tag in sent["tags"] if tag not in stored.tags]
    if lost_tags:
        missing.append(NotLanded(field="Tags", value=", ".join(lost_tags), why=_why(None)))
    return missing


def _why(kept: object) -> str:
    return "not kept by the helpdesk" if kept in {None, ""} else "changed by the helpdesk or one of its rules"


async def note_not_landed(world: World, step: ClaimedStep) -> Done:
    """Say on the ticket what its fields do not."""
    known = await world.journal.result(step.handoff_id, "read_back") or {"not_landed": []}
    items = not_landed_from_json(known["not_landed"])
    limit = (await world.schema.current()).limits.note
    return await _append(world, step, render_not_landed(items, limit=limit))


async def note_late_facts(world: World, step: ClaimedStep) -> Done:
    """Append, once, what a source said after the ticket was made."""
    known = await world.journal.result(step.handoff_id, f"late_facts:{step.about}")
    reports = gathered_from_json(known or {"reports": []}).reports
    limit = (await world.schema.current()).limits.note
    return await _append(world, step, render_late_facts(reports, titles=source_titles(world), limit=limit))


async def _append(world: World, step: ClaimedStep, note: Note) -> Done:
    sent = await _opened(world, step)
    ref = ticket_from_json(sent["ticket"])
    key = NoteKey(f"{step.handoff_id}-{step.name.replace(':', '-')}"[:64])
    found = step.may_have_happened and await world.helpdesk.find_note(ref, key=key)
    if not found:
        await world.helpdesk.append_note(ref, note, key=key)
    return Done(result={"note": key, "found": found}, plan=decide.on_noted())


async def _opened(world: World, step: ClaimedStep) -> dict[str, Any]:
    opened = await world.journal.result(step.handoff_id, "open_ticket")
    if opened is None:
        raise OutcomeUnknownError(
            f"{step.handoff_id}: no ticket is on record for {step.name}", code="no_ticket"
        )
    return opened


def _shown(value: FieldContent) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _shown_part(value: Any) -> str:
    """A standard part of the ticket as the note names it; who the customer is stands in the note anyway."""
    if isinstance(value, Requester):
        return value.name or "the customer"
    if isinstance(value, Group):
        return value.name
    return _shown(value)
