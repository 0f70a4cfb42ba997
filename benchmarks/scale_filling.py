"""A store as it is after a long time: handoffs that are over, with all that belongs to them; written set by set."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from batonpass.store import Database
from batonpass.store.transaction import Transaction

AT_ONCE = 50_000
BEGAN = 1_700_000_000_000
"""When the first was asked for, in milliseconds; each next one a second later."""
_OF_100 = "(i - i / 100 * 100)"  # a percent sign is the driver's
_RESOLVED = f"{_OF_100} < 80"
_STATES = f"CASE WHEN {_RESOLVED} THEN 'resolved' WHEN {_OF_100} < 95 THEN 'returned' ELSE 'abandoned' END"
_REPORTS = ", ".join(
    f'{{"source": "{name}", "standing": "found", "seconds": 0.1, "facts": [{{"name": "plan", "value": "Pro"}}]}}'
    for name in ("zendesk", "hubspot", "stripe")
)
_STEPS = (
    ("gather_facts", f'{{"reports": [{_REPORTS}]}}'),
    (
        "open_ticket",
        '{"ticket": {"id": "1", "number": "1"}, "adopted": false, "mapping": "default", "fields": [], "not_landed": []}',
    ),
    ("announce", '{"told": true}'),
    ("read_back", '{"not_landed": []}'),
)
_NUMBERS = {
    False: "WITH RECURSIVE counted(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM counted WHERE i < ?),"
    " numbers AS (SELECT i, printf('ho_%026d', i) AS id, {at} AS at FROM counted)",
    True: "WITH numbers AS (SELECT i, 'ho_' || lpad(i::text, 26, '0') AS id, {at} AS at"
    " FROM generate_series(?::bigint, ?::bigint) AS counted(i))",
}
_PERSON = {False: "CAST('person-' || (i / 5) AS BLOB)", True: "convert_to('person-' || (i / 5), 'UTF8')"}


def id_of(number: int) -> str:
    return f"ho_{number:026d}"


async def fill(database: Database, rows: int) -> float:
    """Write so many handoffs; gives the seconds."""
    began = time.monotonic()
    body = (
        b'{"conversation": {"turns": [{"role": "customer", "text": "'
        + b"I was charged twice. " * 12
        + b'"}]}}'
    )
    for first in range(1, rows + 1, AT_ONCE):
        last = min(first + AT_ONCE - 1, rows)
        await database.run(
            lambda tx, first=first, last=last: _some(
                tx, shared=database.is_shared, first=first, last=last, body=body
            )
        )
    await database.run(_tally)
    if database.is_shared:
        for table in ("handoffs", "steps", "attempts", "life", "events", "people", "inbox", "deliveries"):
            await database.run(partial(_analyse, table=table))
    return time.monotonic() - began


async def _some(tx: Transaction, *, shared: bool, first: int, last: int, body: bytes) -> None:
    numbers = _NUMBERS[shared].format(at=f"{BEGAN} + CAST(i AS BIGINT) * 1000")

    async def insert(into: str, select: str, values: Sequence[Any] = (), more: str = "") -> None:
        await tx.execute(
            f"INSERT INTO {into} {numbers} SELECT {select} FROM numbers{more}", (first, last, *values)
        )

    await insert("inbox (source, received_at, body, handoff_id)", "'benchmark', at, ?, id", (body,))
    await insert(
        "handoffs (id, state, ai_agent, conversation_id, created_at, updated_at, mended, request, ticket_id,"
        " ticket_url, helpdesk, lane, rank)",
        f"id, {_STATES}, 'benchmark', 'conversation-' || i, at, at + 600000, 0, ?, CAST(i AS TEXT),"
        " 'https://example.com/' || i, 'zendesk', 1, at",
        (body,),
    )
    for number, (name, result) in enumerate(_STEPS, 1):
        await insert(
            "steps (handoff_id, name, kind, about, status, due_at, attempts, fence, claimed_at, first_claimed_at,"
            " lease_until, created_at, done_at, result, owner, lane, rank)",
            f"id, '{name}', '{name}', '', 'done', at, 1, 1, at + {number}, at + {number}, at + 60000, at + {number},"
            f" at + {number + 200}, ?, 'somebody', 1, at",
            (result,),
        )
        await insert(
            "attempts (handoff_id, step, number, started_at, seconds, outcome, detail)",
            f"id, '{name}', 1, at + {number}, 0.2, 'done', ''",
        )
    for number, kind in enumerate(("accepted", "resolved")):
        await insert(
            "life (handoff_id, number, kind, at, detail)",
            f"id, {number}, '{kind}', at + {300_000 * (number + 1)}, ''",
            more=f" WHERE {_RESOLVED}",
        )
    await insert("deliveries (connection, received_at, body)", "'zendesk', at + 300000, ?", (b"{}",))
    await insert(
        "events (connection, event_id, delivery_id, kind, vendor_kind, subject_id, at, received_at, test, handoff_id)",
        "'zendesk', 'event-' || i, i, 'ticket_solved', 'solved', CAST(i AS TEXT), at, at + 300000, 0, id",
    )
    await insert("people (person, handoff_id)", f"{_PERSON[shared]}, id")


async def _analyse(tx: Transaction, *, table: str) -> None:
    await tx.execute(f"ANALYZE {table}")


async def _tally(tx: Transaction) -> None:
    await tx.execute(
        "INSERT INTO tallies (state, n) SELECT state, count(*) FROM handoffs"
        " WHERE state IN ('resolved', 'returned', 'abandoned') GROUP BY state"
    )
