"""What is kept about one person, read without changing it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batonpass.store import belongings, checkpoints, people
from batonpass.store.belongings import Known
from batonpass.store.erasing import Theirs, is_theirs, theirs
from batonpass.store.mentions import Mentions
from batonpass.store.sweeping import SWEPT, Place, batch, looked_at
from batonpass.store.transaction import Transaction

_EVER = 2**62
_OF_HANDOFF = ("steps", "attempts", "life", "inbox", "events")
_DOCUMENTS = frozenset({"request", "result", "body", "data", "document"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where a person stands."""

    theirs: tuple[Theirs, ...]
    mentioned: Mapping[str, tuple[Place, ...]]
    """Table → the keys of rows in which the address stands, their own handoffs' among them."""
    records: tuple[Known, ...]
    """Of the copy of vendors' records: those known by the address, and what belongs to them."""
    is_suppressed: bool
    """Whether they were erased before."""


async def kept_about(tx: Transaction, email: str) -> Kept:
    """Looks through everything: takes minutes where there is much."""
    pepper = await checkpoints.read(tx, people.PEPPER)
    person = None if pepper is None else people.person(bytes.fromhex(pepper), email)
    ids = set() if person is None else set(await people.handoffs_of(tx, person))
    mentioned: dict[str, tuple[Place, ...]] = {}
    mentions = Mentions(email)
    for table in SWEPT:
        place: Place | None = ()
        while place is not None:
            found = await batch(tx, table, place, _EVER)
            looked = looked_at(table, mentions, found)
            if looked.hits:
                mentioned[table.name] = (*mentioned.get(table.name, ()), *looked.hits)
            if table.name == "handoffs":
                ids |= {
                    each["id"]
                    for each in found
                    if (each["id"],) in looked.hits and is_theirs(each["request"], email)
                }
            place = looked.place
    return Kept(
        theirs=tuple(await theirs(tx, sorted(ids))),
        mentioned=mentioned,
        records=tuple(await belongings.of(tx, await belongings.known_by(tx, people.addresses(email)))),
        is_suppressed=person is not None and await people.is_suppressed(tx, person),
    )


async def exported(tx: Transaction, email: str) -> dict[str, Any]:
    """Everything about them as JSON: their handoffs and the vendors' records of them with all that belongs to them, and
    where else they are mentioned: there only the places, for the rest of those rows is about others."""
    kept = await kept_about(tx, email)
    whole = [await _handoff(tx, each.id) for each in kept.theirs]
    own = {("handoffs", (each.id,)) for each in kept.theirs}
    for handoff in whole:
        own |= {
            (table, (record["id"],))
            for table in ("inbox", "events", "deliveries")
            for record in handoff[table]
        }
    ids = {each.id for each in kept.theirs}
    elsewhere = [
        {"table": table, "key": list(key)}
        for table, keys in kept.mentioned.items()
        for key in keys
        if (table, tuple(key)) not in own and key[0] not in ids and tuple(key[:3]) not in kept.records
    ]
    return {
        "handoffs": whole,
        "records": [await _record(tx, each) for each in kept.records],
        "mentioned_elsewhere": elsewhere,
        "erased_before": kept.is_suppressed,
    }


async def _record(tx: Transaction, known: Known) -> dict[str, Any]:
    which = "WHERE connection = ? AND kind = ? AND id = ?"
    (kept,) = await tx.records(f"SELECT * FROM synced {which}", known)
    keys = await tx.records(f"SELECT key, value FROM synced_keys {which} ORDER BY key, value", known)
    return {**_plain(kept), "known_by": keys}


async def _handoff(tx: Transaction, handoff_id: str) -> dict[str, Any]:
    (handoff,) = await tx.records("SELECT * FROM handoffs WHERE id = ?", (handoff_id,))
    whole: dict[str, Any] = _plain(handoff)
    for table in _OF_HANDOFF:
        whole[table] = _all_plain(
            await tx.records(f"SELECT * FROM {table} WHERE handoff_id = ?", (handoff_id,))
        )
    whole["deliveries"] = _all_plain(
        await tx.records(
            "SELECT * FROM deliveries WHERE id IN (SELECT delivery_id FROM events WHERE handoff_id = ?)",
            (handoff_id,),
        )
    )
    return whole


def _all_plain(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_plain(each) for each in records]


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """JSON types; documents as documents where they can be read, else as text."""
    return {column: _document(kept) if column in _DOCUMENTS else kept for column, kept in record.items()}


def _document(kept: str | bytes | None) -> Any:
    text = kept.decode("utf-8", "replace") if isinstance(kept, bytes) else kept
    try:
        return json.loads(text or "null")
    except ValueError:
        return text
