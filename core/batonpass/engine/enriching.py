"""The steps of a handoff whose ticket stands already, or becomes one when the conversation is passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.handoff import ClaimedStep
from batonpass.domain.ticket import (
    Priority,
    StoredTicket,
    TicketChange,
    TicketDraft,
    TicketKey,
    TicketRef,
    TicketStatus,
)
from batonpass.engine import counting, decide, living
from batonpass.engine.drafting import Drafted, not_landed
from batonpass.engine.packing import way_of
from batonpass.engine.records import ticket_from_json, ticket_to_json
from batonpass.engine.retry import HELD
from batonpass.engine.ticketing import drafted_of, missing_from, opened, whatever_it_takes
from batonpass.engine.work import Done
from batonpass.engine.world import World
from batonpass.ports import PassesConversations

log = structlog.get_logger()

GONE = frozenset({404, 405, 410})
"""Statuses by which a helpdesk says that a ticket is deleted."""
PASSED_WITHIN = timedelta(minutes=5)
"""Then a conversation that became no ticket gets one: its customer waits."""
_RANK = {priority: rank for rank, priority in enumerate(Priority)}


def is_gone(error: RefusedError) -> bool:
    return error.status in GONE or error.code in {"gone", "not_found"}


async def pass_conversation(world: World, step: ClaimedStep) -> Done:
    """Pass the AI agent's messaging conversation to the agents; it becomes a ticket, enriched next. Where the
    helpdesk refuses it for whatever reason, a ticket is opened."""
    conversation_id = (await world.recent.asked(step.handoff_id)).request.helpdesk.conversation_id
    if conversation_id is None or not isinstance(world.helpdesk, PassesConversations):
        raise RefusedError(f"{step.handoff_id}: no conversation to pass", code="no_conversation")
    helpdesk, key = world.helpdesk, TicketKey(step.handoff_id)
    _, drafted, _ = await drafted_of(world, step)
    try:
        ref, _ = await whatever_it_takes(
            world, drafted, key, lambda draft: helpdesk.pass_conversation(conversation_id, draft, key=key)
        )
    except RetryLaterError as error:
        if world.clock.now() - step.first_claimed_at < PASSED_WITHIN:
            raise
        log.warning("conversation_not_passed", handoff=step.handoff_id, code=error.code, detail=str(error))
        return Done(result={"refused": error.code}, plan=decide.on_ticket_wanted())
    except RefusedError as error:
        log.warning("conversation_not_passed", handoff=step.handoff_id, code=error.code, detail=str(error))
        return Done(result={"refused": error.code}, plan=decide.on_ticket_wanted())
    return Done(result={"ticket": ticket_to_json(ref)}, plan=decide.on_passed())


async def enrich_ticket(world: World, step: ClaimedStep) -> Done:
    """Bring the draft's values to the ticket that stands; its subject stays the customer's own.

    Where an AI agent has named a ticket on which nobody can work any more, a new one is opened; one that was solved
    is open again.
    """
    package, drafted, version = await drafted_of(world, step)
    asked = await world.recent.asked(step.handoff_id)
    passed = await world.recent.result(step.handoff_id, "pass_conversation")
    named = asked.stored.started_by is None and passed is None
    try:
        ref = (
            ticket_from_json(passed["ticket"])
            if passed is not None
            else world.helpdesk.ticket_ref(asked.stored.asked_about or "")
        )
        stored = await world.helpdesk.read_ticket(ref)
        if named and stored.status is TicketStatus.CLOSED:
            return Done(result={"closed": True}, plan=decide.on_ticket_wanted())
        drafted = as_it_stands(_only_raising(drafted, stored), stored)
        reopens = TicketStatus.OPEN if named and stored.status is TicketStatus.SOLVED else None
        sent = opened(ref, drafted, version, adopted=True)
        done = step.may_have_happened and reopens is None and not missing_from(stored, sent)
        if not done:
            drafted = await _brought(world, step, ref, drafted, reopens, must=named)
    except RefusedError as error:
        if error.code == "conflict":
            # somebody changed it at that moment: what we bring is as right a moment later
            raise RetryLaterError(str(error), code="conflict") from None
        return _refused(world, step, error, named=named, asked_by_ticket=asked.stored.started_by is not None)
    plan = decide.on_ticket(package.gathered, way_of(world, asked))
    result = opened(ref, drafted, version, adopted=done)
    return Done(result=result, plan=plan, ticket=_kept(ref, stored), landings=counting.of_opened(result))


async def _brought(
    world: World,
    step: ClaimedStep,
    ref: TicketRef,
    drafted: Drafted,
    status: TicketStatus | None,
    *,
    must: bool,
) -> Drafted:
    """What could be written. Where nothing could: nothing, unless it `must`, for agents have this ticket anyway and
    read the rest in its note."""
    try:
        _, drafted = await whatever_it_takes(
            world,
            drafted,
            TicketKey(step.handoff_id),
            lambda draft: world.helpdesk.change_ticket(ref, replace(changed(draft), status=status)),
        )
    except RefusedError as error:
        if must or is_gone(error) or error.code == "conflict" or error.code in HELD:
            raise
        log.warning("ticket_not_changed", handoff=step.handoff_id, code=error.code, detail=str(error))
        return drafted.mended((), counting.REFUSED)
    return drafted


def _refused(
    world: World, step: ClaimedStep, error: RefusedError, *, named: bool, asked_by_ticket: bool
) -> Done:
    """The ticket is gone, or takes nothing."""
    if not is_gone(error):
        if not named:
            raise error
        log.warning("ticket_not_enriched", handoff=step.handoff_id, code=error.code, detail=str(error))
        return Done(result={"refused": error.code}, plan=decide.on_ticket_wanted())
    log.warning("ticket_gone", handoff=step.handoff_id)
    result = {"gone": True}
    if asked_by_ticket:  # whoever deleted it has seen that it asks for a person
        return Done(result=result, plan=living.on_gone((), world.clock.now(), announces=False))
    return Done(result=result, plan=decide.on_ticket_wanted())


def _kept(ref: TicketRef, stored: StoredTicket) -> TicketRef:
    """The reference as the helpdesk itself gives it, which may know more."""
    return stored.ref if stored.ref.id == ref.id else ref


def _only_raising(drafted: Drafted, stored: StoredTicket) -> Drafted:
    """A ticket that stands has a priority that somebody may have set: it is raised where we know better, never
    lowered."""
    wanted, has = drafted.draft.priority, stored.priority
    if wanted is None or has is None or _RANK[wanted] >= _RANK[has]:
        return drafted
    return replace(drafted, draft=replace(drafted.draft, priority=None))


def as_it_stands(drafted: Drafted, stored: StoredTicket) -> Drafted:
    """Whoever has the ticket keeps it, and it keeps its form: changing one could take fields off it."""
    draft, lost = drafted.draft, list(drafted.not_landed)
    if draft.assignee is not None and stored.assignee_id not in {None, draft.assignee.id}:
        lost.append(not_landed("assignee", draft.assignee, "the ticket had somebody already"))
        draft = replace(draft, assignee=None)
    if draft.form is not None:
        lost.append(not_landed("form", draft.form, "the ticket stood already, with a form of its own"))
        draft = replace(draft, form=None)
    return replace(drafted, draft=draft, not_landed=tuple(lost))


def changed(draft: TicketDraft) -> TicketChange:
    return TicketChange(
        priority=draft.priority,
        group=draft.group,
        assignee=draft.assignee,
        add_tags=draft.tags,
        fields=draft.fields,
    )
