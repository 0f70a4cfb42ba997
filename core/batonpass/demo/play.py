"""One conversation from the AI agent's last word to the ticket and back."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from batonpass.app.status import HandoffStatus
from batonpass.demo.agent_page import ShownTicket, read_page
from batonpass.demo.ai_agent import Told
from batonpass.demo.scripts import Script
from batonpass.demo.stage import Stage
from batonpass.domain.handoff import StepKind, StepStatus

PATIENCE = 30.0
"""Seconds for one conversation: far more than it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    script: Script
    status: HandoffStatus
    status_url: str
    ticket: ShownTicket
    told: Told
    asked_at: datetime
    accepted_seconds: float
    """From sending the handoff until it was known to be on the disk."""
    ticket_seconds: float
    """From sending the handoff until the ticket was on record."""
    vendor_seconds: float
    """Of these, how long at least one call to a vendor was under way."""


async def play(stage: Stage, script: Script) -> Played:
    """Hand it over, hear of the ticket, look at it. Raises `TimeoutError` after `PATIENCE`."""
    asked_at, began = stage.clock.now(), stage.clock.monotonic()
    accepted = await stage.ai_agent.hand_over(stage.http, script.body, key=uuid.uuid4().hex)
    accepted_seconds = stage.clock.monotonic() - began
    told = await stage.ai_agent.heard_of(accepted["id"], within=PATIENCE)
    status = await _settled(stage, accepted["id"])
    ticket_seconds = (_ticketed_at(status) - asked_at).total_seconds()
    async with httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(told.ticket_url)
    return Played(
        script=script,
        status=status,
        status_url=accepted["status_url"],
        ticket=read_page(page.raise_for_status().text),
        told=told,
        asked_at=asked_at,
        accepted_seconds=accepted_seconds,
        ticket_seconds=ticket_seconds,
        vendor_seconds=stage.vendor_time.between(began, began + ticket_seconds),
    )


def _ticketed_at(status: HandoffStatus) -> datetime:
    attempt = next(
        each for each in status.attempts if each.step == StepKind.OPEN_TICKET and each.outcome == "done"
    )
    return attempt.started_at + timedelta(seconds=attempt.seconds)


async def _settled(stage: Stage, handoff_id: str) -> HandoffStatus:
    """The status once nothing is left to do, or what is left is late facts that nobody waits for."""
    async with asyncio.timeout(PATIENCE):
        while True:
            status = await stage.ai_agent.status(stage.http, handoff_id)
            kinds = {step.kind for step in status.steps if step.status is not StepStatus.DONE}
            if kinds <= {StepKind.LATE_FACTS, StepKind.NOTE_LATE_FACTS}:
                return status
            await asyncio.sleep(0.02)
