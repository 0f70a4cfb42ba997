"""The step that begins a handoff which a ticket asks for: does it still ask, and what was said on it."""

from __future__ import annotations

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
from batonpass.domain.ticket import FieldSchema, StoredTicket, TicketRef, landed
from batonpass.engine import decide, living
from batonpass.engine.enriching import is_gone
from batonpass.engine.retry import HELD
from batonpass.engine.work import Done
from batonpass.engine.world import World
from batonpass.ports import FollowsTickets, ReadsConversations, StartRule

log = structlog.get_logger()


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
        why = None if await _still_asks(world, ticket) else "it asks no more"
        read = None if why else await _read(world.helpdesk, step, ref, ticket)
        why = why or await _is_ours(world, step, ref)
        if why or read is None:
            log.info("ticket_left_alone", handoff=step.handoff_id, why=why)
            return Done(result={"asks": False, "why": why}, plan=living.on_withdrawn(now))
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
    if world.packing.masks_before_store:
        request = world.packing.redactor.request(request).request
    return Done(
        result={"asks": True, "turns": len(read.turns), "cut": read.cut},
        plan=decide.on_conversation_read(),
        request=request.model_dump_json(exclude_defaults=True).encode(),
    )


async def _is_ours(world: World, step: ClaimedStep, ref: TicketRef) -> str | None:
    """Why the ticket only seems to ask: what batonpass wrote on it itself may meet the start rule, too. Asked last, so
    that a ticket which was being opened when its webhook came is known by now."""
    if await world.journal.has_handoff_besides(step.handoff_id, ref.id):
        return "it has a handoff"
    asking = [each.event for each in await world.journal.events_after(step.handoff_id, 0)]
    own = await world.helpdesk.own_id() if isinstance(world.helpdesk, FollowsTickets) else None
    if own is not None and asking and all(event.actor_id == own for event in asking):
        return "we wrote that ourselves"
    return None


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
