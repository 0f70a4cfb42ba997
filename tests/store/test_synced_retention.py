"""What is too old in the copy of vendors' records goes, and no reading brings it back before it has changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from batonpass.app.forgetting import Forgetting
from batonpass.app.watching import RetentionConfig
from batonpass.domain.synced import Key, KeyKind, Record, RecordKind
from batonpass.store import Installation, Journal, Retention
from batonpass.store.instants import to_ms
from batonpass.store.keeping import keep
from batonpass.store.synced import FORGOTTEN, GONE, OLD, THERE, Put, Reading
from kept_people import NOW, days
from stores import Query

ONE_DATABASE = pytest.mark.parametrize("address", ["sqlite"], indirect=True)


def ticket(id_: str, status: str | None = "solved", *, at: datetime = NOW, **more: Any) -> Record:
    columns = {} if status is None else {"status": status, "subject": "zebra"}
    keys = (Key(kind=KeyKind.CUSTOMER, value="7"),)
    return Record(
        kind=RecordKind.TICKET, id=id_, changed_at=at, columns=columns, keys=keys if columns else (), **more
    )


async def put(journal: Journal, *records: Record, at: datetime = NOW, connection: str = "desk") -> Any:
    reading = Reading(connection=connection, stream="tickets", round=1, at=to_ms(at))
    return await journal.database.run(lambda tx: keep(tx, reading, records))


async def forget(journal: Journal, now: datetime, **config: Any) -> None:
    """As the job does it that has run every hour until then."""
    installation = Installation(journal.database, node="me", name="me")
    await installation.set_checkpoint("retention as of", str(to_ms(now)), now)
    await Forgetting(RetentionConfig(**config), Retention(journal.database), installation).run(now)


async def states(query: Query) -> dict[object, object]:
    return dict(await query("SELECT id, deleted FROM synced ORDER BY id"))  # type: ignore[arg-type]


async def test_d10_old_ticket_that_is_solved_is_emptied_and_others_stay(
    journal: Journal, query: Query
) -> None:
    old = NOW - days(1101)
    await put(
        journal, ticket("1", at=old), ticket("2", "closed", at=old), ticket("3", "open", at=old),
        ticket("4", at=NOW - days(1099)), ticket("5", None, at=old),
    )  # fmt: skip
    await put(journal, ticket("6", at=old), connection="other")

    await forget(journal, NOW)

    assert await states(query) == {"1": OLD, "2": OLD, "3": THERE, "4": THERE, "5": THERE, "6": OLD}
    assert await query("SELECT DISTINCT data FROM synced WHERE deleted <> 0") == [("{}",)]
    assert sorted(await query("SELECT id FROM synced_keys")) == [("3",), ("4",)]


async def test_ticket_that_was_emptied_comes_back_only_when_it_has_changed(
    journal: Journal, query: Query
) -> None:
    old = NOW - days(1101)
    await put(journal, ticket("1", at=old), ticket("2", at=old), ticket("3", at=old))
    await forget(journal, NOW)

    same = await put(journal, ticket("1", at=old))
    reopened = await put(journal, ticket("2", "open", at=NOW))
    gone = await put(journal, Record(kind=RecordKind.TICKET, id="3", changed_at=NOW, deleted=True))

    assert (same, reopened, gone) == ({Put.SAME: 1}, {Put.CHANGED: 1}, {Put.DELETED: 1})
    assert await states(query) == {"1": OLD, "2": THERE, "3": GONE}


async def test_d10_what_is_left_of_deleted_records_goes_when_its_days_are_over(
    journal: Journal, query: Query
) -> None:
    await put(journal, ticket("1", None, deleted=True), ticket("2"))
    await journal.database.run(
        lambda tx: tx.execute("UPDATE synced SET deleted = ? WHERE id = '2'", (FORGOTTEN,))
    )
    await put(journal, ticket("3"))

    await forget(journal, NOW + days(90))
    before = await states(query)
    await forget(journal, NOW + days(90.1))

    assert before == {"1": GONE, "2": FORGOTTEN, "3": THERE}
    assert await states(query) == {"2": FORGOTTEN, "3": THERE}


@ONE_DATABASE
async def test_d10_more_than_one_batch_goes_and_every_ticket_is_looked_at(
    journal: Journal, query: Query
) -> None:
    old = NOW - days(400)
    tickets = [ticket(f"{n:05}", "open" if n % 100 == 0 else "solved", at=old) for n in range(2_300)]
    await put(journal, *tickets)

    await forget(journal, NOW, solved_tickets=365)

    assert await query("SELECT deleted, count(*) FROM synced GROUP BY deleted ORDER BY deleted") == [
        (THERE, 23), (OLD, 2_277),
    ]  # fmt: skip
    assert await query("SELECT count(*) FROM synced_keys") == [(23,)]
    await forget(journal, NOW + days(91), solved_tickets=365)
    assert await query("SELECT count(*) FROM synced") == [(23,)]


@ONE_DATABASE
async def test_d10_legal_hold_keeps_the_copy_too(journal: Journal, query: Query) -> None:
    await put(journal, ticket("1", at=NOW - days(2000)), ticket("2", None, deleted=True))

    await forget(journal, NOW + days(200), legal_hold=True)

    assert await states(query) == {"1": THERE, "2": GONE}
