"""The steps of a handoff whose ticket stands already, or becomes one when the conversation is passed."""

from __future__ import annotations

from dataclasses import replace

import structlog

from batonpass.domain.conversation import (
    Conversation,
    Customer,
    HandoffRequest,
    Identity,
    InHelpdesk,
    Reason,
    Role,
    Turn,
)
from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass.domain.handoff import ClaimedStep
from batonpass.domain.reading import ReadConversation, ReadCustomer
from batonpass.domain.ticket import (
    FieldSchema,
    Priority,
    StoredTicket,
    TicketChange,
    TicketDraft,
    TicketKey,
    TicketRef,
    TicketStatus,
    landed,
)
from batonpass.engine import decide, living
from batonpass.engine.drafting import Drafted
from batonpass.engine.packing import way_of
from batonpass.engine.records import ticket_from_json, ticket_to_json
from batonpass.engine.retry import HELD
from batonpass.engine.ticketing import drafted_of, missing_from, opened, whatever_it_takes
from batonpass.engine.work import Done
from batonpass.engine.world import World
from batonpass.ports import PassesConversations, ReadsConversations, StartRule

log = structlog.get_logger()

GONE = frozenset({404, 405, 410})
"""Statuses by which a helpdesk says that a ticket is deleted."""
_RANK = {priority: rank for rank, priority in enumerate(Priority)}


async def read_conversation(world: World, step: ClaimedStep) -> Done:
    """Read what was said on the ticket that asks for a person, if it still does: whoever told us may be wrong or
    late, and the helpdesk has the last word."""
    stored = await world.journal.request(step.handoff_id)
    if stored is None or stored.asked_about is None or not isinstance(world.helpdesk, ReadsConversations):
        raise RefusedError(f"{step.handoff_id}: no ticket to read", code="no_ticket")
    now = world.clock.now()
    try:
        ref = world.helpdesk.ticket_ref(stored.asked_about)
        ticket = await world.helpdesk.read_ticket(ref)
        if not await _still_asks(world, ticket):
            log.info("ticket_asks_no_more", handoff=step.handoff_id)
            return Done(result={"asks": False}, plan=living.on_withdrawn(now))
        read = await _read(world.helpdesk, step, ref, ticket)
    except RefusedError as error:
        if not is_gone(error):
            raise
        return Done(result={"asks": False}, plan=living.on_gone((), now, announces=False))
    request = request_from(
        read,
        ticket_id=stored.asked_about,
        helpdesk=world.helpdesk_name,
        rule=world.settings.start,
        verified=world.settings.verified_requesters,
    )
    return Done(
        result={"asks": True, "turns": len(read.turns), "cut": read.cut},
        plan=decide.on_conversation_read(),
        request=request.model_dump_json(exclude_defaults=True).encode(),
    )


async def _read(
    helpdesk: ReadsConversations, step: ClaimedStep, ref: TicketRef, ticket: StoredTicket
) -> ReadConversation:
    """What was said; where the helpdesk refuses just that, the ticket's subject is all there is."""
    try:
        return await helpdesk.read_conversation(ref)
    except RefusedError as error:
        if is_gone(error) or error.code in HELD:
            raise
        log.warning("conversation_unreadable", handoff=step.handoff_id, code=error.code)
        return ReadConversation(turns=(), customer=ReadCustomer(), subject=ticket.subject)


async def _still_asks(world: World, ticket: StoredTicket) -> bool:
    """By the fields and groups as we know them, read anew where they do not hold what the rule names. Raises
    `RetryLaterError` where they cannot be read: who asks must not be taken for one who does not."""
    rule = world.settings.start
    if rule is None or (ticket.status is not None and ticket.status.is_done):
        return False
    if not _names_known(rule, await world.schema.current()):
        await world.schema.refresh()
        if not world.schema.is_known:
            raise RetryLaterError(
                "the fields that say whether a ticket asks cannot be read", code="no_field_schema"
            )
    return asks_for_person(rule, ticket, await world.schema.current())


def _names_known(rule: StartRule, schema: FieldSchema) -> bool:
    if rule.tag is not None:
        return True
    parts = schema.groups if rule.group is not None else schema.fields
    wanted = (rule.group or rule.field or "").casefold()
    return any(wanted in {part.name.casefold(), part.id.casefold()} for part in parts)


def is_gone(error: RefusedError) -> bool:
    return error.status in GONE or error.code in {"gone", "not_found"}


def asks_for_person(rule: StartRule | None, ticket: StoredTicket, schema: FieldSchema) -> bool:
    """Whether the ticket, as it stands now, asks for a person. One that is solved does not."""
    if rule is None or (ticket.status is not None and ticket.status.is_done):
        return False
    if rule.tag is not None:
        return rule.tag.casefold() in {tag.casefold() for tag in ticket.tags}
    if rule.group is not None:
        named = {group.id for group in schema.groups if group.name.casefold() == rule.group.casefold()}
        return ticket.group_id is not None and ticket.group_id in {rule.group, *named}
    wanted = (rule.field or "").casefold()
    for definition in schema.fields:
        if wanted not in {definition.name.casefold(), definition.id.casefold()}:
            continue
        labelled = {option.label.casefold(): option.value for option in definition.options}
        value = labelled.get((rule.value or "").casefold(), rule.value or "")
        kept = ticket.fields.get(definition.id)
        several = kept if isinstance(kept, tuple) else (kept,)
        if any(
            one is not None and (landed(value, one) or _as_text(one) == value.casefold()) for one in several
        ):
            return True
    return False


def _as_text(value: object) -> str:
    return str(value).casefold()


def request_from(
    read: ReadConversation, *, ticket_id: str, helpdesk: str, rule: StartRule | None, verified: bool
) -> HandoffRequest:
    """The request that the ticket makes; its customer is claimed unless the helpdesk's requesters are trusted."""
    customer = read.customer
    turns = read.turns or (Turn(role=Role.CUSTOMER, text=read.subject or ""),)
    return HandoffRequest(
        conversation=Conversation(
            id=ticket_id[:200],
            channel=(read.channel or "")[:200] or None,
            language=(read.language or "")[:35] or None,
            turns=turns,
        ),
        helpdesk=InHelpdesk(ticket_id=ticket_id[:200]),
        customer=Customer(
            name=(customer.name or "")[:200] or None,
            email=customer.email if customer.email and len(customer.email) <= 254 else None,
            phone=(customer.phone or "")[:50] or None,
            external_ids={} if customer.id is None else {helpdesk[:200]: customer.id[:200]},
            identity=Identity.VERIFIED if verified else Identity.CLAIMED,
        ),
        reason=Reason(text=_why(rule)),
    )


def _why(rule: StartRule | None) -> str | None:
    if rule is None:
        return None
    asked = f"{rule.field}: {rule.value}" if rule.field else rule.tag or rule.group
    return f"The ticket asks for a person ({asked})"[:500]


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
        drafted = _only_raising(drafted, stored)
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
    return Done(result=opened(ref, drafted, version, adopted=done), plan=plan, ticket=_kept(ref, stored))


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
        return drafted.mended((), "refused by the helpdesk")
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


def changed(draft: TicketDraft) -> TicketChange:
    return TicketChange(priority=draft.priority, group=draft.group, add_tags=draft.tags, fields=draft.fields)
