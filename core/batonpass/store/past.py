"""Handoffs of the past whose conversation is still kept: what a preview of a mapping is made from. Only reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.handoff import HandoffState
from batonpass.domain.ids import HandoffId
from batonpass.store.emptied import is_emptied
from batonpass.store.instants import from_ms
from batonpass.store.transaction import Row, Transaction
from batonpass.store.values import StoredRequest

PAGE = 50
MOST_PAGES = 40
"""Looked through for handoffs that still have a conversation."""
_STEPS = ("gather_facts", "read_conversation")
_COLUMNS = "id, created_at, state, ai_agent, ticket_id, reason, request, mended, started_by, asked_about"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastHandoff:
    """One that a mapping can be tried on."""

    id: HandoffId
    asked_at: datetime
    state: HandoffState
    ai_agent: str
    ticket_id: str | None
    reason: str | None
    """The code of why a person was needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPast:
    """Some of them with all that their packages are made from, as it was at one moment."""

    handoffs: tuple[PastHandoff, ...] = ()
    """Newest first."""
    requests: Mapping[HandoffId, StoredRequest] = field(default_factory=dict)
    results: Mapping[tuple[HandoffId, str], Mapping[str, Any]] = field(default_factory=dict)

    async def request(self, handoff_id: HandoffId) -> StoredRequest | None:
        return self.requests.get(handoff_id)

    async def result(self, handoff_id: HandoffId, name: str) -> Mapping[str, Any] | None:
        """The kept result of a step; None where it has none."""
        return self.results.get((handoff_id, name))


async def newest(tx: Transaction, *, helpdesk: str, most: int) -> list[PastHandoff]:
    """The newest of this connection whose conversation is kept."""
    return [_handoff(each) for each in await _kept(tx, helpdesk, most)]


async def kept_past(tx: Transaction, *, helpdesk: str, most: int) -> KeptPast:
    """The same, with what was said and found out."""
    rows = await _kept(tx, helpdesk, most)
    ids = [each[0] for each in rows]
    return KeptPast(
        handoffs=tuple(_handoff(each) for each in rows),
        requests={HandoffId(each[0]): _request(each) for each in rows},
        results=await _results(tx, ids),
    )


async def _kept(tx: Transaction, helpdesk: str, most: int) -> list[Row]:
    found: list[Row] = []
    before: tuple[Any, ...] = ()
    for _ in range(MOST_PAGES):
        if len(found) >= most:
            break
        older = " AND id < ?" if before else ""
        page = await tx.rows(
            f"SELECT {_COLUMNS} FROM handoffs WHERE helpdesk = ? AND length(request) > 0{older}"
            " ORDER BY id DESC LIMIT ?",
            (helpdesk, *before, PAGE),
        )
        found += [each for each in page if _is_whole(each[6])]
        if len(page) < PAGE:
            break
        before = (page[-1][0],)
    return found[:most]


def _is_whole(body: bytes) -> bool:
    try:
        return not is_emptied(HandoffRequest.model_validate_json(bytes(body)))
    except ValidationError:  # of a release whose requests we do not know
        return False


async def _results(tx: Transaction, ids: Sequence[str]) -> dict[tuple[HandoffId, str], Mapping[str, Any]]:
    results: dict[tuple[HandoffId, str], Mapping[str, Any]] = {}
    for start in range(0, len(ids), PAGE):
        some = ids[start : start + PAGE]
        found = await tx.rows(
            f"SELECT handoff_id, name, result FROM steps WHERE handoff_id IN ({', '.join('?' * len(some))})"
            f" AND name IN ({', '.join('?' * len(_STEPS))}) AND result IS NOT NULL",
            (*some, *_STEPS),
        )
        results |= {(HandoffId(id_), name): json.loads(result) for id_, name, result in found}
    return results


def _handoff(found: Row) -> PastHandoff:
    return PastHandoff(
        id=HandoffId(found[0]),
        asked_at=from_ms(found[1]),
        state=HandoffState(found[2]),
        ai_agent=found[3],
        ticket_id=found[4],
        reason=found[5],
    )


def _request(found: Row) -> StoredRequest:
    return StoredRequest(
        body=bytes(found[6]),
        ai_agent=found[3],
        created_at=from_ms(found[1]),
        mended=bool(found[7]),
        started_by=found[8],
        asked_about=found[9],
    )
