"""What an audit of the past reads: the copied tickets of a connection, and what belongs to them. Only reads."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batonpass.domain.synced import RecordKind
from batonpass.store.transaction import Row, Transaction

PAGE = 500
_DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyState:
    """How far the copy of a connection's tickets can be believed."""

    tickets: int
    as_of: int
    """Up to when they stand as they are kept; of several streams, the one that is furthest behind."""
    whole: bool
    """Whether a round has been read to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow:
    id: str
    read_at: int
    columns: Mapping[str, Any]
    has_handoff: bool
    """Whether the journal has a handoff whose ticket it is, or that was asked for on it."""


async def copy_state(tx: Transaction, connection: str) -> CopyState | None:
    """None where no ticket is kept."""
    streams = await tx.rows(
        "SELECT stream, count(*), max(read_at) FROM synced WHERE connection = ? AND kind = ? AND deleted = 0"
        " GROUP BY stream ORDER BY stream",
        (connection, RecordKind.TICKET.value),
    )
    if not streams:
        return None
    as_of, whole = [], True
    for stream, _, newest in streams:
        known = await tx.rows(
            "SELECT begun_at, ended_as, position FROM sync_streams WHERE connection = ? AND stream = ?",
            (connection, stream),
        )
        begun, ended_as, position = known[0] if known else (None, None, None)
        # what a finished round has not given had not changed when it began
        as_of.append(begun if ended_as == _DONE and begun is not None else newest)
        whole = whole and position is not None
    return CopyState(tickets=sum(each[1] for each in streams), as_of=min(as_of), whole=whole)


async def tickets(tx: Transaction, connection: str, *, since: int) -> AsyncIterator[TicketRow]:
    """Those that have changed since then, in the order of their ids: every one that was opened since is among them."""
    async for page in _pages(tx, connection, RecordKind.TICKET, since):
        ours = await _with_handoff(tx, connection, [each[0] for each in page])
        for id_, read_at, data in page:
            yield TicketRow(id=id_, read_at=read_at, columns=json.loads(data), has_handoff=id_ in ours)


async def ratings(tx: Transaction, connection: str, *, since: int) -> dict[str, int]:
    """Ticket → its newest score, of ratings that are records of their own."""
    found: dict[str, tuple[str, int]] = {}
    async for page in _pages(tx, connection, RecordKind.RATING, since):
        for _, _, data in page:
            told = json.loads(data)
            ticket, score, at = told.get("ticket_id"), told.get("score"), told.get("at") or ""
            if ticket is not None and score is not None and found.get(ticket, ("", 0))[0] <= at:
                found[ticket] = (at, score)
    return {ticket: score for ticket, (_, score) in found.items()}


async def names(tx: Transaction, connection: str, kind: RecordKind) -> dict[str, str]:
    """Id → name, of agents or groups."""
    found: dict[str, str] = {}
    async for page in _pages(tx, connection, kind, 0):
        found |= {id_: name for id_, _, data in page if (name := json.loads(data).get("name"))}
    return found


async def _pages(tx: Transaction, connection: str, kind: RecordKind, since: int) -> AsyncIterator[list[Row]]:
    """(id, read at, columns)."""
    after = ""
    while True:
        page = await tx.rows(
            "SELECT id, read_at, data FROM synced WHERE connection = ? AND kind = ? AND id > ? AND deleted = 0"
            f" AND changed_at >= ? ORDER BY id LIMIT {PAGE}",
            (connection, kind.value, after, since),
        )
        if page:
            yield page
        if len(page) < PAGE:
            return
        after = page[-1][0]


async def _with_handoff(tx: Transaction, helpdesk: str, ids: Sequence[str]) -> frozenset[str]:
    marks = ", ".join("?" * len(ids))
    found = await tx.rows(
        f"SELECT ticket_id FROM handoffs WHERE helpdesk = ? AND ticket_id IN ({marks})"
        f" UNION SELECT asked_about FROM handoffs WHERE helpdesk = ? AND asked_about IN ({marks})",
        (helpdesk, *ids, helpdesk, *ids),
    )
    return frozenset(each[0] for each in found)
