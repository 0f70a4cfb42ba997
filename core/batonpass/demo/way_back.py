"""What comes back once a ticket stands: somebody takes it, answers and solves it, and the helpdesk tells us."""

from __future__ import annotations

import asyncio

from batonpass.app.status import HandoffStatus
from batonpass.demo.play import PATIENCE, Played
from batonpass.demo.stage import Stage
from batonpass.domain.event import EventKind
from batonpass.domain.handoff import HandoffState
from batonpass.testing.happenings import Happening

STEPS = (EventKind.TICKET_ASSIGNED, EventKind.AGENT_REPLIED, EventKind.TICKET_SOLVED)


async def solve(stage: Stage, played: Played) -> HandoffStatus:
    """An agent works on the ticket in the helpdesk's own pages. The handoff as it stands once the webhooks of that
    have arrived; raises `TimeoutError` after `PATIENCE`."""
    for kind in STEPS:
        stage.helpdesk.happen(Happening(kind=kind, ticket=played.told.ticket_id))
        await stage.helpdesk.outbox.settled()
    async with asyncio.timeout(PATIENCE):
        while True:
            status = await stage.ai_agent.status(stage.http, played.status.id)
            if status.state is HandoffState.RESOLVED:
                return status
            await asyncio.sleep(0.02)
