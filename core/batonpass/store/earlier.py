"""A person's earlier handoffs, found by the keyed hash of their address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from batonpass.domain.handoff import HandoffState
from batonpass.domain.ids import HandoffId
from batonpass.store import checkpoints, people
from batonpass.store.instants import from_ms
from batonpass.store.transaction import Database, Transaction

LARGEST = 256_000
"""Bytes of a request: several of more would hold up whoever waits for a ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierHandoff:
    id: HandoffId
    state: HandoffState
    created_at: datetime
    request: bytes
    """What was asked for; without the conversation where that is forgotten."""
    helpdesk: str | None
    ticket_id: str | None
    """The ticket that it opened, or that stood already."""
    ticket_url: str | None


async def earlier_handoffs(
    database: Database, email: str, *, before: HandoffId, most: int
) -> tuple[EarlierHandoff, ...]:
    """The newest handoffs under this address that were asked for before that one. Whether they are the same person's
    is not said: an address may be claimed by anybody. One with a request of more than `LARGEST` bytes is left out."""

    async def work(tx: Transaction) -> tuple[EarlierHandoff, ...]:
        pepper = await checkpoints.read(tx, people.PEPPER)
        if pepper is None:  # then no handoff has been noted as anybody's
            return ()
        person = people.person(bytes.fromhex(pepper), email)
        found = await people.earlier(tx, person, before=before, largest=LARGEST, most=most)
        return tuple(
            EarlierHandoff(
                id=HandoffId(each["id"]),
                state=HandoffState(each["state"]),
                created_at=from_ms(each["created_at"]),
                request=bytes(each["request"]),
                helpdesk=each["helpdesk"],
                ticket_id=each["ticket_id"] or each["asked_about"],
                ticket_url=each["ticket_url"],
            )
            for each in found
        )

    return await database.run(work)
