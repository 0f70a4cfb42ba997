"""What the journal knows, for comparing it with a helpdesk. Reads only, but for `look_for_ticket`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from batonpass.domain.handoff import HandoffState, StepKind, StepStatus
from batonpass.domain.ids import HandoffId
from batonpass.store import handoffs
from batonpass.store.instants import from_ms, from_ms_or_none, to_ms
from batonpass.store.transaction import Transaction, value

AT_ONCE = 200
"""Tickets or handoffs in one statement."""
_EFFECTS = tuple(kind for kind in StepKind if kind.is_effect)
_OPENS = (StepKind.OPEN_TICKET, StepKind.PASS_CONVERSATION, StepKind.ENRICH_TICKET)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHandoff:
    """A handoff, as far as it can be compared with its ticket."""

    id: HandoffId
    state: HandoffState
    created_at: datetime
    updated_at: datetime
    ticket_id: str | None = None
    asked_about: str | None = None
    """The ticket that stood already when it was asked for."""
    read_as_of: datetime | None = None
    """The helpdesk's own time of its ticket's last change, at the newest reading."""
    heard_at: datetime | None = None
    """When, by the helpdesk's clock, the newest of the events happened that we know of."""
    wrote: tuple[tuple[datetime, datetime], ...] = ()
    """From when to when each of our own calls that may have changed the ticket was under way."""
    is_writing: bool = False
    """Whether such a call may be under way now."""
    opening: StepStatus | None = None
    """How the step stands that brings it to a ticket; None where none is planned."""
    goes_on: bool = False
    """Whether a step of it is still to be done, or is under way."""


async def of_tickets(tx: Transaction, *, helpdesk: str, ticket_ids: Sequence[str]) -> list[KnownHandoff]:
    """Every handoff of these tickets, of at most `AT_ONCE`."""
    if not ticket_ids:
        return []
    marks = _marks(ticket_ids)
    found = await tx.rows(
        f"SELECT id FROM handoffs WHERE helpdesk = ? AND ticket_id IN ({marks})"
        f" UNION SELECT id FROM handoffs WHERE helpdesk = ? AND asked_about IN ({marks})",
        (helpdesk, *ticket_ids, helpdesk, *ticket_ids),
    )
    return await by_ids(tx, [each[0] for each in found])


async def by_ids(tx: Transaction, ids: Sequence[str]) -> list[KnownHandoff]:
    """Those of these handoffs that there are."""
    known: list[KnownHandoff] = []
    for start in range(0, len(ids), AT_ONCE):
        known += await _known(tx, ids[start : start + AT_ONCE])
    return known


async def since(tx: Transaction, *, helpdesk: str, at: datetime) -> list[KnownHandoff]:
    """Those that were asked for since then, and all that have no ticket yet though they are not over."""
    ids: list[str] = []
    created = to_ms(at)
    page = await _page(tx)
    while page:
        ids += [id_ for id_, asked, of in page if asked >= created and of == helpdesk]
        if all(asked < created for _, asked, _ in page):
            break  # ids sort by time
        page = await _page(tx, before=page[-1][0])
    waiting = await tx.rows(
        f"SELECT id FROM handoffs WHERE {handoffs.BEFORE_TICKET} AND helpdesk = ?", (helpdesk,)
    )
    return await by_ids(tx, sorted({*ids, *(each[0] for each in waiting)}))


async def _page(tx: Transaction, *, before: str | None = None) -> list[tuple[str, int, str | None]]:
    """(id, when it was asked for, helpdesk) of the newest handoffs, or of those before one."""
    where, values = ("WHERE id < ? ", [before]) if before else ("", [])
    found = await tx.rows(
        f"SELECT id, created_at, helpdesk FROM handoffs {where}ORDER BY id DESC LIMIT ?", (*values, AT_ONCE)
    )
    return [(id_, asked, helpdesk) for id_, asked, helpdesk in found]


async def last_delivery(tx: Transaction, *, connection: str, since: datetime) -> datetime | None:
    """When its vendor last delivered anything; None where that was before `since`."""
    return from_ms_or_none(
        await value(
            tx,
            "SELECT max(received_at) FROM deliveries WHERE connection = ? AND received_at >= ?",
            (connection, to_ms(since)),
        )
    )


async def look_for_ticket(tx: Transaction, handoff_id: HandoffId, now: datetime) -> bool:
    """Its ticket stands already: let the step that would open it begin now, as one that may have been done, so that it
    looks first. Gives whether it waited."""
    handoff = await handoffs.held(tx, handoff_id)
    if handoff is None or handoff.ticket_id is not None:
        return False
    changed = await tx.execute(
        "UPDATE steps SET due_at = ?, queued = 1, fence = CASE WHEN fence = 0 THEN 1 ELSE fence END"
        " WHERE handoff_id = ? AND kind = ? AND status = 'ready'",
        (to_ms(now), handoff_id, StepKind.OPEN_TICKET.value),
    )
    return changed > 0


async def _known(tx: Transaction, ids: Sequence[str]) -> list[KnownHandoff]:
    if not ids:
        return []
    found = await tx.rows(
        "SELECT id, state, created_at, updated_at, ticket_id, asked_about FROM handoffs"
        f" WHERE id IN ({_marks(ids)}) ORDER BY id",
        ids,
    )
    steps = await _steps(tx, ids)
    heard = await _heard(tx, ids)
    wrote = await _wrote(tx, ids)
    return [
        KnownHandoff(
            id=HandoffId(id_),
            state=HandoffState(state),
            created_at=from_ms(created),
            updated_at=from_ms(updated),
            ticket_id=ticket,
            asked_about=asked,
            read_as_of=_read_as_of(steps[id_]),
            heard_at=heard.get(id_),
            wrote=tuple(wrote[id_]),
            is_writing=any(kind in _EFFECTS and status == "running" for kind, status, _ in steps[id_]),
            opening=_opening(steps[id_]),
            goes_on=any(status in {"ready", "running"} for _, status, _ in steps[id_]),
        )
        for id_, state, created, updated, ticket, asked in found
    ]


_Steps = list[tuple[str, str, str | None]]


async def _steps(tx: Transaction, ids: Sequence[str]) -> dict[str, _Steps]:
    """Handoff → (kind, status, the result where it has read the ticket) of its steps."""
    found = await tx.rows(
        "SELECT handoff_id, kind, status, CASE WHEN kind = ? THEN result ELSE NULL END FROM steps"
        f" WHERE handoff_id IN ({_marks(ids)})",
        (StepKind.FOLLOW_TICKET.value, *ids),
    )
    steps: dict[str, _Steps] = defaultdict(list)
    for handoff_id, kind, status, result in found:
        steps[handoff_id].append((kind, status, result))
    return steps


def _read_as_of(steps: _Steps) -> datetime | None:
    results = [json.loads(result) for _, _, result in steps if result]
    times = [datetime.fromisoformat(result["as_of"]) for result in results if "as_of" in result]
    return max(times, default=None)


def _opening(steps: _Steps) -> StepStatus | None:
    found = [StepStatus(status) for kind, status, _ in steps if kind in _OPENS]
    rest = [status for status in found if status is not StepStatus.DONE]
    return next(iter(rest or found), None)


async def _heard(tx: Transaction, ids: Sequence[str]) -> dict[str, datetime]:
    found = await tx.rows(
        f"SELECT handoff_id, max(at) FROM events WHERE handoff_id IN ({_marks(ids)}) GROUP BY handoff_id", ids
    )
    return {handoff_id: from_ms(at) for handoff_id, at in found}


async def _wrote(tx: Transaction, ids: Sequence[str]) -> dict[str, list[tuple[datetime, datetime]]]:
    """Whatever came of a call: one whose answer was lost may have changed the ticket, too."""
    found = await tx.rows(
        "SELECT a.handoff_id, a.started_at, a.seconds FROM attempts AS a"
        " JOIN steps AS s ON s.handoff_id = a.handoff_id AND s.name = a.step"
        f" WHERE a.handoff_id IN ({_marks(ids)}) AND s.kind IN ({_marks(_EFFECTS)})",
        (*ids, *(kind.value for kind in _EFFECTS)),
    )
    wrote: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for handoff_id, started, seconds in found:
        begun = from_ms(started)
        wrote[handoff_id].append((begun, begun + timedelta(seconds=seconds)))
    return wrote


def _marks(values: Iterable[Any]) -> str:
    return ",".join("?" for _ in values)
