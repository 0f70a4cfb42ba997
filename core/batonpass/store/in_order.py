"""What follows what: transactions about one ticket or one conversation, and the handoffs of one conversation."""

from __future__ import annotations

from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import TicketRef
from batonpass.store import handoffs, steps
from batonpass.store.handoffs import Held
from batonpass.store.transaction import Transaction


def conversation(ai_agent: str, conversation_id: str) -> str:
    return f"conversation {ai_agent} {conversation_id}"


def ticket_name(helpdesk: str, ticket_id: str) -> str:
    return f"ticket {helpdesk} {ticket_id}"


async def let_next_begin(tx: Transaction, handoff: Held, at: int) -> None:
    """The next handoff of the same conversation has waited for this one to have its ticket."""
    if handoff.conversation_id is None:
        return
    following = await handoffs.first_of_conversation(
        tx, ai_agent=handoff.ai_agent, conversation_id=handoff.conversation_id
    )
    if following is not None:
        await steps.begin(tx, following, at)


async def lock_names(tx: Transaction, handoff_id: HandoffId, ticket: TicketRef | None) -> None:
    """Of the ticket that it is to have, and of its conversation; before its row is held."""
    if not tx.for_update:
        return
    row = await handoffs.record(tx, handoff_id)
    if row is None:
        return
    names = [] if ticket is None else [ticket_name(row["helpdesk"] or "", ticket.id)]
    if row["conversation_id"] is not None:
        names.append(conversation(row["ai_agent"], row["conversation_id"]))
    await tx.lock(*names)
