"""The journal and the helpdesk beside each other, once, without changing either."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from batonpass.app.config import Config
from batonpass.app.reconciliation import MOST_READ
from batonpass.app.wiring import connected
from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError
from batonpass.domain.handoff import Lane
from batonpass.engine.comparing import (
    Difference,
    DifferenceKind,
    SeenTicket,
    gone,
    of_handoffs,
    of_tickets,
    perhaps_gone,
)
from batonpass.engine.enriching import is_gone
from batonpass.engine.reconciling import Looked, own_users, seen_tickets
from batonpass.ports import Capability, Helpdesk, HelpdeskSettings, ListsChanges
from batonpass.store import comparing
from batonpass.store.comparing import KnownHandoff
from batonpass.store.reading import look
from batonpass.store.transaction import Transaction
from batonpass.transport import in_lane

GRACE = timedelta(minutes=15)
"""What is younger may be under way: webhooks and the reconciliation have had no time yet."""
MOST_MISSED = 200
"""Tickets that are read one by one because the list does not have them."""
_PASSING = frozenset({DifferenceKind.ASKING, DifferenceKind.UNHEARD, DifferenceKind.UNADOPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    since: datetime
    tickets: int
    """Read from the helpdesk."""
    handoffs: int
    """Of the journal, compared with them."""
    differences: tuple[Difference, ...]
    unread: int = 0
    """Handoffs whose ticket was not listed and, for there were too many, not read either."""


async def verified(config: Config, clock: Clock, *, since: datetime) -> Verified:
    """Raises our errors, `StoreError` included, and `RefusedError` with code `unsupported` where this helpdesk cannot list
    what has changed."""
    connection = config.helpdesk
    async with connected(connection, clock) as helpdesk:
        if (
            not isinstance(helpdesk, ListsChanges)
            or not isinstance(helpdesk, Helpdesk)
            or Capability.LIST_CHANGES not in connection.capabilities
        ):
            raise RefusedError(
                f"[connections.{connection.name}] ({connection.manifest.title}) cannot list what has changed",
                code="unsupported",
            )
        with in_lane(Lane.REPLAY):
            tickets = await _tickets(helpdesk, helpdesk, config, since)
            # the journal after the helpdesk: what was opened meanwhile is known then
            known = await asyncio.to_thread(look, config.store, lambda tx: _known(tx, config, tickets, since))
            missed = perhaps_gone(known, {each.id for each in tickets}, since=since)
            lost_tickets = [each for each in missed[:MOST_MISSED] if await _is_gone(helpdesk, each)]
    now = clock.now()
    found = [
        *of_handoffs(known, now=now, grace=GRACE),
        *(each for each in of_tickets(tickets, known, since=since) if _has_had_time(each, now)),
        *(gone(each) for each in lost_tickets),
    ]
    return Verified(
        since=since,
        tickets=len(tickets),
        handoffs=len(known),
        differences=tuple(found),
        unread=max(0, len(missed) - MOST_MISSED),
    )


async def _tickets(
    helpdesk: Helpdesk, lists: ListsChanges, config: Config, since: datetime
) -> list[SeenTicket]:
    settings = config.helpdesk.settings
    of_helpdesk = settings if isinstance(settings, HelpdeskSettings) else HelpdeskSettings()
    looked = Looked(
        rule=of_helpdesk.start,
        schema=await helpdesk.field_schema(),
        ours=await own_users(helpdesk, of_helpdesk.ai_agent_id),
    )
    return await seen_tickets(lists, since, looked=looked, most=MOST_READ)


async def _known(
    tx: Transaction, config: Config, tickets: list[SeenTicket], since: datetime
) -> list[KnownHandoff]:
    """The handoffs of these tickets, those that their keys name, and those that were asked for since."""
    name = config.helpdesk.name
    known = {each.id: each for each in await comparing.since(tx, helpdesk=name, at=since)}
    for start in range(0, len(tickets), comparing.AT_ONCE):
        some = tickets[start : start + comparing.AT_ONCE]
        found = await comparing.of_tickets(tx, helpdesk=name, ticket_ids=[each.id for each in some])
        found += await comparing.by_ids(tx, [each.key for each in some if each.key is not None])
        known |= {each.id: each for each in found}
    return list(known.values())


async def _is_gone(helpdesk: Helpdesk, handoff: KnownHandoff) -> bool:
    """A list may come from an index that lags: the ticket itself has the last word."""
    try:
        await helpdesk.read_ticket(helpdesk.ticket_ref(handoff.ticket_id or ""))
    except RefusedError as error:
        if not is_gone(error):
            raise
        return True
    return False


def _has_had_time(difference: Difference, now: datetime) -> bool:
    return difference.kind not in _PASSING or difference.at <= now - GRACE
