"""Moving an installation to another database, and whether a store agrees with itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batonpass.store import (
    Installation,
    Journal,
    StoreAddress,
    StoreError,
    copying,
)
from batonpass.store.copying import CHECKPOINT, TABLES, copy
from batonpass.store.verifying import verify
from filled_stores import NOW, filled, hand_over, opened, read


def quiet(table: str, copied: int, rows: int) -> None:
    del table, copied, rows


@pytest.fixture
def other(address: StoreAddress, request: pytest.FixtureRequest, tmp_path: Path) -> StoreAddress:
    """A store of the other kind."""
    if address.path is None:
        return StoreAddress.file(tmp_path / "other.db")
    return StoreAddress.parse(request.getfixturevalue("postgres_url"), folder=tmp_path)


async def test_every_table_is_copied(address: StoreAddress) -> None:
    listing = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'"
        if address.path is not None
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    async with opened(address) as database:
        found = await database.run(lambda tx: tx.rows(listing))

    assert {name for (name,) in found} - {"migrations", "_sqlite_migrations"} == set(TABLES)


async def test_an_installation_moves_to_the_other_database_with_everything_in_it(
    address: StoreAddress, other: StoreAddress
) -> None:
    made = await filled(address)

    async with opened(address) as source, opened(other) as target:
        compared = await copy(source, target, tell=quiet)
        there = Journal(target)
        records = [await there.handoff(each) for each in made]
        assert records == [await Journal(source).handoff(each) for each in made]
        (fresh,) = await hand_over(there)
        pepper = [await Installation(each, node="n", name="n").pepper(NOW) for each in (source, target)]
        counts = await there.counts()

    assert {each.table: each.rows for each in compared}["handoffs"] == 6
    assert pepper[0] == pepper[1]
    assert counts == {"parked": 1, "resolved": 3, "requested": 2, "ticketed": 1}
    assert verify(other, full=True).faults == ()
    assert await read(other, "SELECT count(*) FROM handoffs WHERE id = ?", fresh) == [(1,)]


async def test_a_copy_that_was_interrupted_goes_on_from_where_it_was(
    address: StoreAddress, other: StoreAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH", 2)
    await filled(address)
    told: list[tuple[str, int]] = []

    def tell(table: str, copied: int, rows: int) -> None:
        told.append((table, copied))
        if len(told) == 5:
            raise KeyboardInterrupt

    async with opened(address) as source, opened(other) as target:
        with pytest.raises(KeyboardInterrupt):
            await copy(source, target, tell=tell)
        before = len(told)
        await copy(source, target, tell=tell)
        checkpoint = await target.run(
            lambda tx: tx.rows("SELECT 1 FROM checkpoints WHERE name = ?", (CHECKPOINT,))
        )

    assert told[before - 1][0] == told[before][0] == "steps"
    assert told[before][1] > told[before - 1][1]
    assert checkpoint == []


async def test_a_copy_into_a_database_that_holds_something_is_refused(
    address: StoreAddress, other: StoreAddress
) -> None:
    await filled(address)
    await filled(other)

    async with opened(address) as source, opened(other) as target:
        with pytest.raises(StoreError, match="needs an empty database"):
            await copy(source, target, tell=quiet)


async def test_a_source_that_was_written_meanwhile_is_told(
    address: StoreAddress, other: StoreAddress
) -> None:
    await filled(address)

    async with opened(address) as source, opened(other) as target:

        def tell(table: str, copied: int, rows: int) -> None:
            del copied, rows
            if table == "steps":
                change.append(asyncio.ensure_future(source.run(_rename)))

        change: list[asyncio.Future[int]] = []
        with pytest.raises(StoreError, match="table handoffs"):
            await copy(source, target, tell=tell)


async def _rename(tx: Any) -> int:
    changed: int = await tx.execute("UPDATE handoffs SET ai_agent = 'other'")
    return changed


async def test_a_store_on_which_processes_work_is_not_copied(
    address: StoreAddress, other: StoreAddress
) -> None:
    async with opened(address) as source, opened(other) as target:
        shared = source if source.is_shared else target
        ms = await shared.milliseconds()
        assert ms is not None
        at = datetime.fromtimestamp(ms / 1000, UTC)
        await Installation(shared, node="n", name="n").beat(at)

        with pytest.raises(StoreError, match="a batonpass process works on it"):
            await copy(source, target, tell=quiet)


async def test_verify_finds_what_does_not_agree(address: StoreAddress) -> None:
    made = await filled(address)
    well = verify(address, full=False)
    for sql in (
        "DELETE FROM steps WHERE handoff_id = ? RETURNING name",
        "INSERT INTO tallies (state, n) SELECT 'resolved', 7 FROM handoffs WHERE id = ? RETURNING state",
        (
            "UPDATE steps SET kind = 'open_ticket', result = '{\"ticket\":1}', status = 'done' WHERE handoff_id <> ?"
            " AND status = 'parked' RETURNING name"
        ),
    ):
        await read(address, sql, made[5])

    found = verify(address, full=False)

    assert (well.handoffs, well.faults) == (6, ())
    assert {each.code for each in found.faults} == {"no_steps", "nothing_moves", "tallies", "ticket_not_kept"}
    assert made[5] in next(each.what for each in found.faults if each.code == "no_steps")
