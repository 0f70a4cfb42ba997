"""The table `erasures`: how far one has come, and what is left as its proof."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batonpass.store.instants import from_ms
from batonpass.store.transaction import Transaction, row


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One that is under way."""

    id: str
    person: bytes
    begun_at: int
    stage: str
    place: Sequence[Any]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a person was erased, when and how much of them; with none of their data."""

    id: str
    person: str
    """The store's keyed hash of the address, in hex."""
    begun_at: datetime
    done_at: datetime
    counts: Mapping[str, int]
    """Table → rows that were emptied, masked or deleted."""

    def as_json(self) -> dict[str, Any]:
        stated = {
            "id": self.id,
            "person": self.person,
            "begun_at": self.begun_at.isoformat(),
            "done_at": self.done_at.isoformat(),
            "counts": dict(sorted(self.counts.items())),
        }
        return {**stated, "sha256": hashlib.sha256(canonical(stated)).hexdigest()}


def canonical(stated: Mapping[str, Any]) -> bytes:
    """The bytes that `sha256` is over: JSON with sorted keys and no spaces."""
    return json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()


async def unfinished(tx: Transaction, person: bytes) -> Erasure | None:
    found = await row(
        tx,
        "SELECT id, person, begun_at, stage, place, counts FROM erasures WHERE person = ? AND done_at IS NULL",
        (person,),
    )
    if found is None:
        return None
    return Erasure(
        id=found[0],
        person=found[1],
        begun_at=found[2],
        stage=found[3],
        place=json.loads(found[4]),
        counts=json.loads(found[5]),
    )


async def begin(tx: Transaction, erasure: Erasure) -> None:
    await tx.execute(
        "INSERT INTO erasures (id, person, begun_at, stage, place, counts) VALUES (?, ?, ?, ?, ?, ?)",
        (
            erasure.id,
            erasure.person,
            erasure.begun_at,
            erasure.stage,
            json.dumps(list(erasure.place)),
            json.dumps(dict(erasure.counts)),
        ),
    )


async def advance(
    tx: Transaction, erasure_id: str, *, stage: str, place: Sequence[Any], more: Mapping[str, int]
) -> None:
    """It has come as far as this, and has changed so many rows more."""
    found = await row(tx, f"SELECT counts FROM erasures WHERE id = ?{tx.for_update}", (erasure_id,))
    assert found is not None
    counts = Counter(json.loads(found[0]))
    counts.update({table: n for table, n in more.items() if n})
    await tx.execute(
        "UPDATE erasures SET stage = ?, place = ?, counts = ? WHERE id = ?",
        (stage, json.dumps(list(place)), json.dumps(counts), erasure_id),
    )


async def end(tx: Transaction, erasure_id: str, at: int) -> Proof:
    await tx.execute("UPDATE erasures SET done_at = ? WHERE id = ?", (at, erasure_id))
    found = await row(tx, "SELECT person, begun_at, counts FROM erasures WHERE id = ?", (erasure_id,))
    assert found is not None
    return Proof(
        id=erasure_id,
        person=found[0].hex(),
        begun_at=from_ms(found[1]),
        done_at=from_ms(at),
        counts=json.loads(found[2]),
    )
