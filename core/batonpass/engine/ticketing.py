"""The steps around the ticket: open it, see what was stored, append notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from batonpass.context.render import render_late_facts, render_not_landed
from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.facts import gathered_from_json
from batonpass.domain.handoff import ClaimedStep
from batonpass.domain.ticket import (
    Note,
    NoteKey,
    NotLanded,
    StoredTicket,
    TicketKey,
    TicketRef,
    landed,
)
from batonpass.engine import decide
from batonpass.engine.drafting import Drafted, shown
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
from batonpass.mapping.apply import apply
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
    drafted = Drafted.of(package, mapped, source_titles(world), schema.limits.note)
    key = TicketKey(step.handoff_id)
    ref = await world.helpdesk.find_ticket(key) if step.may_have_happened else None
    adopted = ref is not None
    if ref is None:
        ref, drafted = await _open_whatever_it_takes(world, drafted, key)
    sent = drafted.draft
    result = {
        "ticket": ticket_to_json(ref),
        "adopted": adopted,
        "mapping": version,
        "priority": sent.priority,
        "group": None if sent.group is None else {"id": sent.group.id, "name": sent.group.name},
        "tags": list(sent.tags),
        "fields": [field_to_json(field) for field in sent.fields],
        "not_landed": not_landed_to_json(drafted.not_landed),
    }
    plan = decide.on_ticket(
        package.gathered,
        reads_back=Capability.READ_BACK in world.helpdesk_can,
        announces=package.agent_name in world.announcers,
    )
    return Done(result=result, plan=plan, ticket=ref)


async def _open_whatever_it_takes(
    world: World, drafted: Drafted, key: TicketKey
) -> tuple[TicketRef, Drafted]:
    """Open it; a part that the helpdesk refuses moves into the note, the ticket is made without it."""
    for _ in range(MOST_TRIMS):
        try:
            return await world.helpdesk.open_ticket(drafted.draft, key=key), drafted
        except RefusedError as error:
            if error.status not in {400, 413, 422}:
                raise
            log.warning("ticket_refused_in_part", handoff=key, fields=error.fields, reasons=error.reasons)
            drafted = drafted.without(error.fields, "refused by the helpdesk")
    return await world.helpdesk.open_ticket(drafted.draft, key=key), drafted


async def read_back(world: World, step: ClaimedStep) -> Done:
    """Compare what was stored with what was sent: a helpdesk may drop a value and answer 2xx."""
    sent = await _opened(world, step)
    stored = await world.helpdesk.read_ticket(ticket_from_json(sent["ticket"]))
    missing = _missing(sent, stored)
    if missing:
        log.warning("values_not_landed", handoff=step.handoff_id, fields=[item.field for item in missing])
    return Done(result={"not_landed": not_landed_to_json(missing)}, plan=decide.on_read_back(missing))


def _missing(sent: Mapping[str, Any], stored: StoredTicket) -> list[NotLanded]:
    missing = []
    for field in sent["fields"]:
        value = field_from_json(field).value
        kept = stored.fields.get(field["id"])
        if not landed(value, kept):
            missing.append(NotLanded(field=field["name"], value=shown(value), why=_why(kept)))
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
    known = await world.recent.result(step.handoff_id, "read_back") or {"not_landed": []}
    items = not_landed_from_json(known["not_landed"])
    limit = (await world.schema.current()).limits.note
    return await _append(world, step, render_not_landed(items, limit=limit))


async def note_late_facts(world: World, step: ClaimedStep) -> Done:
    """Append, once, what a source said after the ticket was made."""
    known = await world.recent.result(step.handoff_id, f"late_facts:{step.about}")
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


async def _opened(world: World, step: ClaimedStep) -> Mapping[str, Any]:
    opened = await world.recent.result(step.handoff_id, "open_ticket")
    if opened is None:
        raise OutcomeUnknownError(
            f"{step.handoff_id}: no ticket is on record for {step.name}", code="no_ticket"
        )
    return opened
