"""The table `sync_streams`: how far the reading of each stream has come."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from batonpass.store.instants import from_ms, to_ms
from batonpass.store.transaction import Row, Transaction, row

_COLUMNS = (
    "connection, stream, position, rules, read_all_at, done_up_to, round, plan, cursors, counts, begun_at, ended_at, ended_as,"
    " owner, lease_until, fence"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSlice:
    name: str
    start: str
    cursor: str | None = None
    """Where it goes on; None: at its beginning."""
    done: bool = False
    position: str | None = None
    """What its last page has said of where the next round begins."""
    pages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRound:
    """A round under way."""

    slices: tuple[PlannedSlice, ...]
    position: str | None
    complete: bool

    def to_text(self) -> str:
        slices = [[each.name, each.start] for each in self.slices]
        return json.dumps({"slices": slices, "position": self.position, "complete": self.complete})

    def cursors(self) -> str:
        return json.dumps(
            {
                each.name: [each.cursor, each.done, each.position, each.pages]
                for each in self.slices
                if each.pages or each.done
            }
        )

    @classmethod
    def from_texts(cls, plan: str, cursors: str) -> PlannedRound:
        data, reached = json.loads(plan), json.loads(cursors)
        return cls(
            slices=tuple(_slice(name, start, reached.get(name)) for name, start in data["slices"]),
            position=data["position"],
            complete=data["complete"],
        )


def _slice(name: str, start: str, reached: list[Any] | None) -> PlannedSlice:
    cursor, done, position, pages = reached or (None, False, None, 0)
    return PlannedSlice(name=name, start=start, cursor=cursor, done=done, position=position, pages=pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """How far the reading of one stream has come."""

    connection: str
    stream: str
    position: str | None = None
    """Where the next round begins; None: nothing has been read to the end yet."""
    rules: str = ""
    """A digest of the fact rules that its documents can tell."""
    read_all_at: datetime | None = None
    """When the last round that read everything has begun."""
    done_up_to: datetime | None = None
    """When the last round that came to its end began: all that is kept was so then. None: none has yet."""
    round: int = 0
    plan: PlannedRound | None = None
    """The round under way; None: the last one has ended."""
    counts: Counter[str] = field(default_factory=Counter)
    """Of the round under way, or of the last one: records by what became of them, pages, records read."""
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    ended_as: str | None = None
    """`done`, or the code of what stopped it."""
    owner: str | None = None
    lease_until: datetime | None = None
    fence: int = 0


async def read(tx: Transaction, connection: str, stream: str) -> StreamState | None:
    found = await row(
        tx,
        f"SELECT {_COLUMNS} FROM sync_streams WHERE connection = ? AND stream = ?{tx.for_update}",
        (connection, stream),
    )
    return None if found is None else _state(found)


async def all_of(tx: Transaction) -> list[StreamState]:
    rows = await tx.rows(f"SELECT {_COLUMNS} FROM sync_streams ORDER BY connection, stream")
    return [_state(each) for each in rows]


async def hold_all(tx: Transaction) -> None:
    """Wait for all pages that are being kept at this moment; none is until this transaction ends."""
    await tx.rows(f"SELECT stream FROM sync_streams ORDER BY connection, stream{tx.for_update}")


async def write(tx: Transaction, state: StreamState) -> None:
    names = _COLUMNS.split(", ")
    changes = ", ".join(f"{each} = excluded.{each}" for each in names[2:])
    await tx.execute(
        f"INSERT INTO sync_streams ({_COLUMNS}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT (connection, stream) DO UPDATE SET {changes}",
        _values(state),
    )


def _values(state: StreamState) -> list[Any]:
    return [
        state.connection, state.stream, state.position, state.rules, _ms(state.read_all_at),
        _ms(state.done_up_to), state.round,
        None if state.plan is None else state.plan.to_text(),
        "{}" if state.plan is None else state.plan.cursors(),
        json.dumps(state.counts), _ms(state.begun_at), _ms(state.ended_at), state.ended_as, state.owner,
        _ms(state.lease_until), state.fence,
    ]  # fmt: skip


def _state(found: Row) -> StreamState:
    names = _COLUMNS.split(", ")
    told: Mapping[str, Any] = dict(zip(names, found, strict=True))
    return StreamState(
        connection=told["connection"],
        stream=told["stream"],
        position=told["position"],
        rules=told["rules"],
        read_all_at=_time(told["read_all_at"]),
        done_up_to=_time(told["done_up_to"]),
        round=told["round"],
        plan=None if told["plan"] is None else PlannedRound.from_texts(told["plan"], told["cursors"]),
        counts=Counter(json.loads(told["counts"])),
        begun_at=_time(told["begun_at"]),
        ended_at=_time(told["ended_at"]),
        ended_as=told["ended_as"],
        owner=told["owner"],
        lease_until=_time(told["lease_until"]),
        fence=told["fence"],
    )


def _ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)


def _time(at: int | None) -> datetime | None:
    return None if at is None else from_ms(at)
