"""The steps around the ticket: open it, see what was stored, append notes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import structlog

from batonpass.context.later import later_than
from batonpass.context.package import ContextPackage
from batonpass.context.render import render_late_facts, render_not_landed, render_note
from batonpass.domain.errors import OutcomeUnknownError, RefusedError
from batonpass.domain.facts import gathered_from_json
from batonpass.domain.handoff import ClaimedStep, Plan, StepKind
from batonpass.domain.ticket import (
    FieldValue,
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
from batonpass.engine import counting, decide
from batonpass.engine.drafting import Drafted, shown, shown_part
from batonpass.engine.packing import opened_of, package_of, source_titles, way_of
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
from batonpass.ports import Capability, Replies

log = structlog.get_logger()

T = TypeVar("T")

MOST_TRIMS = 8
"""How often a refused draft is mended before a person must look."""
ALL_AT_ONCE = 3
"""After so many, all that can be left out is: the rest are for what the helpdesk asks for then."""
TRIMMED = frozenset({400, 413, 422})
"""Refusals of what stands in a draft; so is any other that names a part of it."""
SECOND_LOOK_AFTER = 1.0
"""Seconds."""


async def open_ticket(world: World, step: ClaimedStep) -> Done:
    """One ticket, whatever happened before: an earlier claim may have opened it, so look first."""
    package, drafted, version = await drafted_of(world, step)
    key = TicketKey(step.handoff_id)
    found = await _found(world, drafted.draft.requester, key) if step.may_have_happened else None
    if found is not None:
        ref = found
    else:
        ref, drafted = await whatever_it_takes(
            world, drafted, key, lambda draft: world.helpdesk.open_ticket(draft, key=key)
        )
    way = way_of(world, await world.recent.asked(step.handoff_id))
    way = replace(
        way, note_apart=world.can(Capability.NOTE_APART)
    )  # this one is new, whatever was asked about
    result = opened(ref, drafted, version, adopted=found is not None)
    plan = decide.on_ticket(package.gathered, way)
    return Done(result=result, plan=plan, ticket=ref, landings=counting.of_opened(result))


async def _found(world: World, requester: Requester | None, key: TicketKey) -> TicketRef | None:
    """The ticket of an earlier claim. Where a new ticket can be missing from that look for a while, the engine has
    waited so long already (`Engine._unknown_wait`); a second look a moment later covers what is a little slower."""
    found = await world.helpdesk.find_ticket(key, requester=requester)
    if found is None and world.settings.lookup_lag > 0:
        await asyncio.sleep(SECOND_LOOK_AFTER)
        found = await world.helpdesk.find_ticket(key, requester=requester)
    return found


async def drafted_of(world: World, step: ClaimedStep) -> tuple[ContextPackage, Drafted, str]:
    """The package, the draft that the mapping in force makes of it, and the mapping's version."""
    package = await package_of(world, step.handoff_id)
    mapping, version = world.mapping()
    schema = await world.schema.current()
    mapped = apply(mapping, package.values(), schema)
    return package, Drafted.of(package, mapped, source_titles(world), schema), version


def opened(ref: TicketRef, drafted: Drafted, version: str, *, adopted: bool) -> dict[str, Any]:
    """The result of opening or enriching a ticket: what was sent, and what could not be."""
    sent = drafted.draft
    return {
        "ticket": ticket_to_json(ref),
        "adopted": adopted,
        "mapping": version,
        "priority": sent.priority,
        "group": None if sent.group is None else {"id": sent.group.id, "name": sent.group.name},
        "assignee": None
        if sent.assignee is None
        else {"id": sent.assignee.id, "name": shown_part(sent.assignee)},
        "form": None if sent.form is None else {"id": sent.form.id, "name": sent.form.name},
        "tags": list(sent.tags),
        "fields": [_field_sent(drafted, field) for field in sent.fields],
        "not_landed": not_landed_to_json(drafted.not_landed),
    }


def _field_sent(drafted: Drafted, field: FieldValue) -> dict[str, Any]:
    """With the option as people see it, where that is something else."""
    seen = {"shown": drafted.said[field.id]} if field.id in drafted.said else {}
    return {**field_to_json(field), **seen}


async def whatever_it_takes(
    world: World, drafted: Drafted, key: TicketKey, write: Callable[[TicketDraft], Awaitable[T]]
) -> tuple[T, Drafted]:
    """Write it; a part that the helpdesk refuses moves into the note, the rest is written without it."""
    for trimmed in range(MOST_TRIMS):
        try:
            return await write(drafted.draft), drafted
        except RefusedError as error:
            if not error.fields and (error.status not in TRIMMED or trimmed > ALL_AT_ONCE):
                raise
            log.warning("ticket_refused_in_part", handoff=key, fields=error.fields, reasons=error.reasons)
            # a field that is newer than what we know of the account, or a value of which we thought that it does
            if not drafted.knows(error.fields) or drafted.is_stand_in(error.fields):
                await world.schema.refresh()
                drafted = replace(drafted, schema=await world.schema.current())
            drafted = drafted.mended(() if trimmed == ALL_AT_ONCE else error.fields, counting.REFUSED)
    return await write(drafted.draft), drafted


async def read_back(world: World, step: ClaimedStep) -> Done:
    """Compare what was stored with what was sent: a helpdesk may drop a value and answer 2xx."""
    sent = await _opened(world, step)
    stored = await world.helpdesk.read_ticket(ticket_from_json(sent["ticket"]))
    missing = missing_from(stored, sent)
    if missing:
        log.warning("values_not_landed", handoff=step.handoff_id, fields=[item.field for item in missing])
    return Done(
        result={"not_landed": not_landed_to_json(missing)},
        plan=decide.on_read_back(missing),
        landings=counting.of_read_back(sent, missing),
    )


def missing_from(stored: StoredTicket, sent: Mapping[str, Any]) -> list[NotLanded]:
    """What was sent and is not there. `sent`: as `opened` gives it."""
    missing = []
    for field in sent["fields"]:
        value = field_from_json(field).value
        kept = stored.fields.get(field["id"])
        if not landed(value, kept):
            said = field.get("shown") or shown(value)
            missing.append(NotLanded(field=field["name"], value=said, why=_why(kept)))
    if sent["priority"] is not None and stored.priority != sent["priority"]:
        missing.append(NotLanded(field="Priority", value=sent["priority"], why=_why(stored.priority)))
    for part, kept in (
        ("group", stored.group_id),
        ("assignee", stored.assignee_id),
        ("form", stored.form_id),
    ):
        wanted = sent.get(part)  # a result of an earlier release knows nothing of some
        told = part != "form" or kept is not None  # what is no ticket yet has none
        if wanted is not None and told and kept != wanted["id"]:
            missing.append(NotLanded(field=part.capitalize(), value=wanted["name"], why=_why(kept)))
    lost_tags = [tag for tag in sent["tags"] if tag not in stored.tags]
    if lost_tags:
        missing.append(NotLanded(field="Tags", value=", ".join(lost_tags), why=_why(None)))
    return missing


def _why(kept: object) -> str:
    return counting.DROPPED if kept in {None, ""} else counting.ALTERED


async def note_context(world: World, step: ClaimedStep) -> Done:
    """The context as a note of its own, on a ticket that was opened without one or stood already. Where the helpdesk
    refuses it, whoever waits for the ticket is told all the same: it stands."""
    sent = await _opened(world, step)
    package = await package_of(world, step.handoff_id)
    note = render_note(
        package,
        titles=source_titles(world),
        not_landed=not_landed_from_json(sent["not_landed"]),
        limit=(await world.schema.current()).limits.note,
    )
    plan = decide.on_context_noted(way_of(world, await world.recent.asked(step.handoff_id)))
    try:
        return await _append(world, step, note, plan)
    except RefusedError as error:
        if error.status not in TRIMMED:
            raise
        log.warning("context_not_noted", handoff=step.handoff_id, code=error.code, detail=str(error))
        return Done(result={"note": None, "refused": error.code}, plan=plan)


async def note_not_landed(world: World, step: ClaimedStep) -> Done:
    """Say on the ticket what its fields do not."""
    known = await world.recent.result(step.handoff_id, "read_back") or {"not_landed": []}
    items = not_landed_from_json(known["not_landed"])
    limit = (await world.schema.current()).limits.note
    return await _append(world, step, render_not_landed(items, limit=limit))


async def note_late_facts(world: World, step: ClaimedStep) -> Done:
    """Append, once, what a source said after the ticket was made."""
    known = await world.recent.result(step.handoff_id, f"late_facts:{step.about}")
    shown = await world.recent.result(step.handoff_id, StepKind.GATHER_FACTS)
    before = gathered_from_json(shown or {"reports": []})
    later = [later_than(before, each) for each in gathered_from_json(known or {"reports": []}).reports]
    note = render_late_facts(
        [each.report for each in later],
        titles=source_titles(world),
        limit=(await world.schema.current()).limits.note,
        gone=[fact for each in later for fact in each.gone],
    )
    return await _append(world, step, note)


async def _append(world: World, step: ClaimedStep, note: Note, plan: Plan | None = None) -> Done:
    sent = await _opened(world, step)
    ref = ticket_from_json(sent["ticket"])
    key = note_key(step)
    found = step.may_have_happened and await world.helpdesk.find_note(ref, key=key)
    if not found:
        await world.helpdesk.append_note(ref, note, key=key)
    return Done(result={"note": key, "found": found}, plan=plan or decide.on_noted())


async def tell_customer(world: World, step: ClaimedStep) -> Done:
    """One public reply: a person has it. Only now, for the ticket is complete."""
    ref = ticket_from_json((await _opened(world, step))["ticket"])
    if not isinstance(world.helpdesk, Replies):
        return Done(result={"told": False}, plan=decide.on_noted())
    language = (await world.recent.asked(step.handoff_id)).request.conversation.language
    text = world.say(language, ref.number or ref.id)
    key = note_key(step)
    found = step.may_have_happened and await world.helpdesk.find_reply(ref, text, key=key)
    if not found:
        try:
            await world.helpdesk.reply(ref, text, key=key)
        except RefusedError as error:  # a ticket that nobody can answer on: agents see it all the same
            log.warning("customer_not_told", handoff=step.handoff_id, code=error.code)
            return Done(result={"told": False, "why": error.code}, plan=decide.on_noted())
    return Done(result={"told": True, "found": found}, plan=decide.on_noted())


def note_key(step: ClaimedStep) -> NoteKey:
    return NoteKey(f"{step.handoff_id}-{step.name.replace(':', '-')}"[:64])


async def _opened(world: World, step: ClaimedStep) -> Mapping[str, Any]:
    known = await opened_of(world, step.handoff_id)
    if known is None:
        raise OutcomeUnknownError(
            f"{step.handoff_id}: no ticket is on record for {step.name}", code="no_ticket"
        )
    return known
