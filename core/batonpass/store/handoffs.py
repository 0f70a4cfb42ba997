"""The tables `handoffs` and `tallies`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from batonpass.domain.handoff import HandoffState, Lane
from batonpass.domain.ids import HandoffId
from batonpass.store.instants import from_ms
from batonpass.store.transaction import Transaction, row, value

FINISHED = frozenset({HandoffState.RESOLVED, HandoffState.RETURNED, HandoffState.ABANDONED})
"""The states whose handoffs grow without end; the partial indices name them, too."""
WITHOUT_TICKET = frozenset({HandoffState.REQUESTED, HandoffState.ENRICHED})
UNFINISHED = "state NOT IN ('resolved', 'returned', 'abandoned')"
BEFORE_TICKET = "state IN ('requested', 'enriched')"


@dataclass(frozen=True, slots=True)
class Held:
    """A handoff that this transaction holds: nobody else changes it meanwhile."""

    id: HandoffId
    state: HandoffState
    ai_agent: str
    conversation_id: str | None
    created_at: int
    updated_at: int
    ticket_id: str | None
    helpdesk: str | None
    lane: Lane
    rank: int
    deadline_at: int | None
    warned: bool


_HELD = "id, state, ai_agent, conversation_id, created_at, updated_at, ticket_id, helpdesk, lane, rank, deadline_at, warned"


def _held(found: tuple[Any, ...]) -> Held:
    (
        id_,
        state,
        ai_agent,
        conversation_id,
        created,
        updated,
        ticket,
        helpdesk,
        lane,
        rank,
        deadline,
        warned,
    ) = found
    return Held(
        HandoffId(id_), HandoffState(state), ai_agent, conversation_id, created, updated, ticket, helpdesk,
        Lane(lane), rank, deadline, bool(warned),
    )  # fmt: skip


async def held(tx: Transaction, id: str) -> Held | None:  # noqa: A002 - the column's name
    """The handoff, kept from all others until this transaction ends; None where there is none."""
    found = await row(tx, f"SELECT {_HELD} FROM handoffs WHERE id = ?{tx.for_update}", (id,))
    return None if found is None else _held(found)


async def insert(
    tx: Transaction,
    *,
    id: str,  # noqa: A002 - the column's name
    state: HandoffState,
    ai_agent: str,
    conversation_id: str | None,
    at: int,
    mended: bool,
    request: bytes,
    helpdesk: str,
    lane: Lane,
    rank: int,
    deadline_at: int | None,
    reason: str | None = None,
    started_by: str | None = None,
    asked_about: str | None = None,
) -> None:
    """`asked_about`: the ticket that stands already; see `asking` for whether there is a handoff for it."""
    await tx.execute(
        "INSERT INTO handoffs (id, state, ai_agent, conversation_id, created_at, updated_at, mended, request,"
        " helpdesk, started_by, asked_about, asking, lane, rank, deadline_at, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id, state.value, ai_agent, conversation_id, at, at, int(mended), request,
            helpdesk, started_by, asked_about, None if asked_about is None else 1,
            int(lane), rank, deadline_at, reason,
        ),
    )  # fmt: skip


_NEVER_BACK_TO: Mapping[HandoffState, frozenset[HandoffState]] = MappingProxyType(
    dict.fromkeys(
        (HandoffState.TICKETED, HandoffState.ANNOUNCED),
        frozenset(
            {HandoffState.ACCEPTED, HandoffState.RESOLVED, HandoffState.RETURNED, HandoffState.ABANDONED}
        ),
    )
)
"""An agent may be quicker than our own steps: what they did is not undone by a step that ends after it."""


async def enter(
    tx: Transaction, handoff: Held, state: HandoffState, at: int, *, deadline_at: int | None
) -> None:
    """Bring it into the state, unless it has gone further already."""
    if handoff.state is state or handoff.state in _NEVER_BACK_TO.get(state, ()):
        return
    over = ", asking = NULL" if state in FINISHED else ""
    warned = handoff.warned
    if {handoff.state, state} <= WITHOUT_TICKET:  # the customer waits on: what was said of that stays said
        deadline_at = handoff.deadline_at
    else:
        warned = False
    await tx.execute(
        f"UPDATE handoffs SET state = ?, updated_at = ?, deadline_at = ?, warned = ?{over} WHERE id = ?",
        (state.value, at, deadline_at, int(warned), handoff.id),
    )
    await _tally(tx, handoff.state, -1)
    await _tally(tx, state, 1)


async def park(tx: Transaction, handoff: Held, because: str, at: int, *, deadline_at: int | None) -> None:
    """It goes no further by itself, so it does not stand in the way of an AI agent that asks again."""
    await enter(tx, handoff, HandoffState.PARKED, at, deadline_at=deadline_at)
    await tx.execute(
        "UPDATE handoffs SET parked_because = ?, asking = NULL WHERE id = ?", (because, handoff.id)
    )


async def put_back(
    tx: Transaction, handoff: Held, state: HandoffState, at: int, *, lane: Lane, deadline_at: int | None
) -> None:
    """Bring one that is parked back to the state that it had come to, and behind those that nobody has parked."""
    await enter(tx, handoff, state, at, deadline_at=deadline_at)
    await tx.execute(
        "UPDATE handoffs SET parked_because = NULL, lane = ?, rank = ?,"
        " asking = CASE WHEN asked_about IS NULL THEN NULL ELSE 1 END WHERE id = ?",
        (int(lane), at, handoff.id),
    )


async def is_superseded(tx: Transaction, id: str) -> bool:  # noqa: A002
    """Whether its AI agent has meanwhile asked again for the same ticket, and that handoff is not over."""
    found = await row(
        tx,
        "SELECT 1 FROM handoffs AS mine JOIN handoffs AS other ON other.helpdesk = mine.helpdesk"
        " AND other.asked_about = mine.asked_about AND other.ai_agent = mine.ai_agent AND other.id <> mine.id"
        " WHERE mine.id = ? AND other.asking = 1 LIMIT 1",
        (id,),
    )
    return found is not None


async def _tally(tx: Transaction, state: HandoffState, n: int) -> None:
    if state in FINISHED:
        await tx.execute("INSERT INTO tallies (state, n) VALUES (?, ?)", (state.value, n))


async def sum_up(tx: Transaction) -> None:
    """Put the changes of `tallies` together: one row for each state."""
    await tx.lock("tallies")
    newest = await value(tx, "SELECT max(id) FROM tallies")
    if newest is None:
        return
    found = await tx.rows(
        "SELECT state, CAST(sum(n) AS BIGINT) FROM tallies WHERE id <= ? GROUP BY state", (newest,)
    )
    await tx.execute("DELETE FROM tallies WHERE id <= ?", (newest,))
    for state, n in found:
        await tx.execute("INSERT INTO tallies (state, n) VALUES (?, ?)", (state, n))


async def set_request(tx: Transaction, id: str, request: bytes) -> None:  # noqa: A002
    await tx.execute("UPDATE handoffs SET request = ? WHERE id = ?", (request, id))


async def set_ticket(tx: Transaction, id: str, *, ticket_id: str, url: str) -> None:  # noqa: A002
    await tx.execute("UPDATE handoffs SET ticket_id = ?, ticket_url = ? WHERE id = ?", (ticket_id, url, id))


async def set_deadline(tx: Transaction, id: str, deadline_at: int | None) -> None:  # noqa: A002
    """The next one of the same state."""
    await tx.execute("UPDATE handoffs SET deadline_at = ?, warned = 1 WHERE id = ?", (deadline_at, id))


BEHIND = 10**13
"""Of a rank, which is milliseconds since 1970 otherwise: behind all that have not been told to wait, in their order."""


async def fall_behind(tx: Transaction, handoff: Held) -> None:
    """Its customer has been told to wait; after an outage those who are still there go first."""
    if handoff.rank >= BEHIND:
        return
    for table, key in (("handoffs", "id"), ("steps", "handoff_id")):
        await tx.execute(f"UPDATE {table} SET rank = rank + ? WHERE {key} = ?", (BEHIND, handoff.id))


async def overdue(tx: Transaction, now: int, *, most: int) -> list[Held]:
    """Those whose deadline is over, held; what another transaction holds is left for the next look."""
    found = await tx.rows(
        f"SELECT {_HELD} FROM handoffs WHERE deadline_at <= ? ORDER BY deadline_at LIMIT ?{tx.skip_locked}",
        (now, most),
    )
    return [_held(each) for each in found]


async def first_of_conversation(tx: Transaction, *, ai_agent: str, conversation_id: str) -> HandoffId | None:
    """The oldest handoff of this conversation that has no ticket yet; None where there is none."""
    found = await value(
        tx,
        f"SELECT id FROM handoffs WHERE ai_agent = ? AND conversation_id = ? AND {BEFORE_TICKET} ORDER BY id LIMIT 1",
        (ai_agent, conversation_id),
    )
    return None if found is None else HandoffId(found)


async def asking(tx: Transaction, *, helpdesk: str, ticket_id: str, ai_agent: str) -> HandoffId | None:
    """The handoff that this AI agent asked for this ticket and that is not over; None where there is none."""
    found = await value(
        tx,
        "SELECT id FROM handoffs WHERE helpdesk = ? AND asked_about = ? AND asking = 1 AND ai_agent = ?",
        (helpdesk, ticket_id, ai_agent),
    )
    return None if found is None else HandoffId(found)


async def of_ticket(
    tx: Transaction, *, helpdesk: str, ticket_id: str
) -> tuple[HandoffId, HandoffState, bool] | None:
    """(id, state, whether its ticket is known to be complete) of the newest handoff of this ticket, one
    that is over only where there is no other."""
    found = await row(
        tx,
        "SELECT id, state, has_ticket FROM ("
        "SELECT id, state, CASE WHEN ticket_id IS NULL THEN 0 ELSE 1 END AS has_ticket FROM handoffs"
        " WHERE helpdesk = ? AND ticket_id = ?"
        " UNION SELECT id, state, CASE WHEN ticket_id IS NULL THEN 0 ELSE 1 END FROM handoffs"
        " WHERE helpdesk = ? AND asked_about = ?) AS known"
        " ORDER BY CASE WHEN state IN ('returned', 'abandoned') THEN 1 ELSE 0 END, id DESC LIMIT 1",
        (helpdesk, ticket_id, helpdesk, ticket_id),
    )
    return None if found is None else (HandoffId(found[0]), HandoffState(found[1]), bool(found[2]))


async def is_live_besides(tx: Transaction, id: str, *, helpdesk: str, ticket_id: str) -> bool:  # noqa: A002
    """Whether another handoff than this one, and none that is over, is about this ticket."""
    found = await row(
        tx,
        "SELECT 1 FROM (SELECT id, state FROM handoffs WHERE helpdesk = ? AND ticket_id = ?"
        " UNION ALL SELECT id, state FROM handoffs WHERE helpdesk = ? AND asked_about = ?) AS known"
        " WHERE id <> ? AND state NOT IN ('returned', 'abandoned', 'parked') LIMIT 1",
        (helpdesk, ticket_id, helpdesk, ticket_id, id),
    )
    return found is not None


async def with_ticket(tx: Transaction, ticket_id: str) -> HandoffId | None:
    """The newest handoff of this ticket, whichever helpdesk keeps it."""
    found = await value(
        tx,
        "SELECT max(id) FROM (SELECT id FROM handoffs WHERE ticket_id = ?"
        " UNION ALL SELECT id FROM handoffs WHERE asked_about = ?) AS known",
        (ticket_id, ticket_id),
    )
    return None if found is None else HandoffId(found)


async def record(tx: Transaction, id: str) -> dict[str, Any] | None:  # noqa: A002
    """Everything but the request."""
    found = await tx.records(
        "SELECT id, state, ai_agent, conversation_id, created_at, updated_at, mended, ticket_id, ticket_url,"
        " parked_because, started_by, helpdesk, deadline_at, reason FROM handoffs WHERE id = ?",
        (id,),
    )
    return next(iter(found), None)


async def request(tx: Transaction, id: str) -> dict[str, Any] | None:  # noqa: A002
    """What was asked for, when and by whom; `request` is empty until the helpdesk's conversation has been read."""
    found = await tx.records(
        "SELECT request, ai_agent, created_at, mended, started_by, asked_about FROM handoffs WHERE id = ?",
        (id,),
    )
    return next(iter(found), None)


async def counts(tx: Transaction) -> dict[str, int]:
    """How many handoffs stand in each state. Takes no longer where a million are over."""
    alive = await tx.rows(f"SELECT state, count(*) FROM handoffs WHERE {UNFINISHED} GROUP BY state")
    over = await tx.rows("SELECT state, CAST(sum(n) AS BIGINT) FROM tallies GROUP BY state")
    return {state: n for state, n in (*alive, *over) if n}


async def oldest(tx: Transaction) -> dict[str, int]:
    """State → when its oldest handoff came into it, of those that are not over."""
    found = await tx.rows(f"SELECT state, min(updated_at) FROM handoffs WHERE {UNFINISHED} GROUP BY state")
    return {each[0]: each[1] for each in found}


async def newest(tx: Transaction, *, most: int) -> list[tuple[HandoffId, datetime, str]]:
    """(id, created at, state); ids sort by time."""
    found = await tx.rows("SELECT id, created_at, state FROM handoffs ORDER BY id DESC LIMIT ?", (most,))
    return [(HandoffId(each[0]), from_ms(each[1]), each[2]) for each in found]
