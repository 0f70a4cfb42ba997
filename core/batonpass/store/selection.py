"""Which handoffs an operator means, and what is to be seen of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from batonpass.domain.handoff import HandoffState, StepKind, StepStatus
from batonpass.domain.ids import HandoffId
from batonpass.store.handoffs import UNFINISHED
from batonpass.store.instants import from_ms, to_ms
from batonpass.store.transaction import Transaction, value

CANCELLED = "cancelled"
"""Why a step is parked that an operator has cancelled."""


class Action(StrEnum):
    """What an operator does with handoffs."""

    RETRY = "retry"
    CANCEL = "cancel"
    PARK = "park"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """All that is said must be true of a handoff. Where neither ids nor a state are said: of those that are not over
    or have a step that is parked."""

    ids: tuple[str, ...] = ()
    state: HandoffState | None = None
    step: StepKind | None = None
    """A step of this kind is not done."""
    connection: str | None = None
    """Keeps its ticket, or has asked for it."""
    ai_agent: str | None = None
    reason: str | None = None
    """Stands in why it or a step of it is parked, or in the code of the last attempt at a step that is not done."""
    asked_before: datetime | None = None
    asked_since: datetime | None = None
    doable: Action | None = None
    """This can be done with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A step that is not done."""

    name: str
    status: StepStatus
    due_at: datetime
    because: str | None
    last: str | None
    """The code of its last attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A handoff in few words."""

    id: HandoffId
    state: HandoffState
    ai_agent: str
    helpdesk: str
    created_at: datetime
    updated_at: datetime
    ticket_id: str | None
    because: str | None
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    id: HandoffId
    ai_agent: str
    conversation_id: str | None


# One look at the key for each step. As a join, PostgreSQL read all attempts of all times for a page of fifty.
_LAST_OUTCOME = (
    "SELECT a.outcome FROM attempts AS a WHERE a.handoff_id = s.handoff_id AND a.step = s.name"
    " ORDER BY a.number DESC LIMIT 1"
)


async def counted(tx: Transaction, chosen: Selection) -> dict[str, int]:
    """How many it means, by state."""
    where, values = _where(chosen)
    found = await tx.rows(
        f"SELECT state, count(*) FROM handoffs AS h WHERE {where} GROUP BY state ORDER BY state", values
    )
    return {each[0]: each[1] for each in found}


async def candidates(tx: Transaction, chosen: Selection, *, after: str, most: int) -> list[Candidate]:
    """Those that it means with a higher id, lowest first."""
    where, values = _where(chosen)
    found = await tx.rows(
        f"SELECT id, ai_agent, conversation_id FROM handoffs AS h WHERE {where} AND id > ? ORDER BY id LIMIT ?",
        (*values, after, most),
    )
    return [Candidate(id=HandoffId(each[0]), ai_agent=each[1], conversation_id=each[2]) for each in found]


async def unknown(tx: Transaction, ids: Sequence[str]) -> list[str]:
    """Those of the ids that are no handoff's."""
    return [each for each in ids if await value(tx, "SELECT 1 FROM handoffs WHERE id = ?", (each,)) is None]


async def listed(tx: Transaction, chosen: Selection, *, most: int) -> list[Queued]:
    """The ones that were asked for first."""
    where, values = _where(chosen)
    found = await tx.rows(
        "SELECT id, state, ai_agent, helpdesk, created_at, updated_at, ticket_id, parked_because"
        f" FROM handoffs AS h WHERE {where} ORDER BY id LIMIT ?",
        (*values, most),
    )
    waiting = await _waiting(tx, [each[0] for each in found])
    return [
        Queued(
            id=HandoffId(each[0]), state=HandoffState(each[1]), ai_agent=each[2], helpdesk=each[3] or "",
            created_at=from_ms(each[4]), updated_at=from_ms(each[5]), ticket_id=each[6], because=each[7],
            waiting=tuple(waiting.get(each[0], ())),
        )
        for each in found
    ]  # fmt: skip


async def _waiting(tx: Transaction, ids: Sequence[str]) -> dict[str, list[Waiting]]:
    if not ids:
        return {}
    marks = ",".join("?" * len(ids))
    found = await tx.rows(
        f"SELECT s.handoff_id, s.name, s.status, s.due_at, s.because, ({_LAST_OUTCOME}) FROM steps AS s"
        f" WHERE s.handoff_id IN ({marks}) AND s.status <> 'done' ORDER BY s.created_at, s.name",
        ids,
    )
    waiting: dict[str, list[Waiting]] = {}
    for id_, name, status, due_at, because, last in found:
        step = Waiting(
            name=name, status=StepStatus(status), due_at=from_ms(due_at), because=because, last=last
        )
        waiting.setdefault(id_, []).append(step)
    return waiting


_OPEN = (
    f"h.id IN (SELECT id FROM handoffs WHERE {UNFINISHED}"
    " UNION SELECT handoff_id FROM steps WHERE status = 'parked') AND h.state NOT IN ('returned', 'abandoned')"
)
_WORK = "SELECT 1 FROM steps WHERE handoff_id = h.id AND status IN ('ready', 'running')"
_DOABLE: Mapping[Action, str] = MappingProxyType(
    {
        Action.RETRY: "h.state NOT IN ('returned', 'abandoned') AND EXISTS ("
        "SELECT 1 FROM steps WHERE handoff_id = h.id AND status = 'parked' AND coalesce(because, '') <> ?)",
        Action.CANCEL: f"h.{UNFINISHED} AND (h.ticket_id IS NULL OR EXISTS ({_WORK}))",
        Action.PARK: f"h.{UNFINISHED} AND EXISTS ({_WORK} AND kind <> 'tell_delay')",
    }
)
_STEP = "EXISTS (SELECT 1 FROM steps WHERE handoff_id = h.id AND kind = ? AND status <> 'done')"
_REASON = (
    "(lower(h.parked_because) LIKE ? ESCAPE '!' OR EXISTS (SELECT 1 FROM steps AS s"
    " WHERE s.handoff_id = h.id AND s.status <> 'done'"
    f" AND (lower(s.because) LIKE ? ESCAPE '!' OR lower(({_LAST_OUTCOME})) LIKE ? ESCAPE '!')))"
)


def _where(chosen: Selection) -> tuple[str, list[Any]]:
    where, values = list[str](), list[Any]()
    for sql, said, times in _said(chosen):
        if said is not None:
            where.append(sql)
            values += [said] * times
    if chosen.ids:
        where.append(f"h.id IN ({','.join('?' * len(chosen.ids))})")
        values += chosen.ids
    elif chosen.state is None:
        where.append(_OPEN)
    if chosen.doable is not None:
        where.append(_DOABLE[chosen.doable])
    if chosen.doable is Action.RETRY:
        values.append("" if chosen.reason else CANCELLED)
    return " AND ".join(where), values


def _said(chosen: Selection) -> list[tuple[str, str | int | None, int]]:
    """(Condition, what it compares with, how often)."""
    return [
        ("h.state = ?", chosen.state and chosen.state.value, 1),
        (_STEP, chosen.step and chosen.step.value, 1),
        ("(h.helpdesk = ? OR h.started_by = ?)", chosen.connection, 2),
        ("h.ai_agent = ?", chosen.ai_agent, 1),
        (_REASON, chosen.reason and _anywhere(chosen.reason), 3),
        ("h.created_at < ?", _ms(chosen.asked_before), 1),
        ("h.created_at >= ?", _ms(chosen.asked_since), 1),
    ]


def _ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)


def _anywhere(text: str) -> str:
    """For LIKE: the text itself, wherever it stands."""
    for special in "!%_":
        text = text.replace(special, f"!{special}")
    return f"%{text.lower()}%"
