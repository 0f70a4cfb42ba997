"""The copy of vendors' records where a store is moved, backed up and verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from batonpass.domain.synced import RecordKind
from batonpass.store import Journal, StoreAddress, SyncBook
from batonpass.store.backup import back_up
from batonpass.store.copying import copy
from batonpass.store.verifying import verify
from batonpass.sync import DONE, Options, Reader
from fakes import FakeClock
from filled_stores import fill, opened, read
from listed import CUSTOMERS, ListOfCustomers


@pytest.fixture
def other(address: StoreAddress, request: pytest.FixtureRequest, tmp_path: Path) -> StoreAddress:
    """A store of the other kind."""
    if address.path is None:
        return StoreAddress.file(tmp_path / "other.db")
    return StoreAddress.parse(request.getfixturevalue("postgres_url"), folder=tmp_path)


async def synced(address: StoreAddress) -> None:
    """Some records are gone, and a round is under way."""
    listed = ListOfCustomers(changes=list(range(60)))
    async with opened(address) as database:
        await fill(Journal(database))
        reader = Reader("crm", listed, SyncBook(database, node="me"), clock=FakeClock())
        await reader.run(CUSTOMERS)
        listed.changes = list(range(5, 60))
        ended = await reader.run(CUSTOMERS, Options(everything=True))
    assert ended.ended_as == DONE


TABLES = ("synced", "synced_keys", "sync_streams", "customers")


async def everything(address: StoreAddress) -> list[list[tuple[object, ...]]]:
    return [sorted(await read(address, f"SELECT * FROM {each}"), key=repr) for each in TABLES]


async def test_the_copy_moves_with_the_store_and_goes_on_there(
    address: StoreAddress, other: StoreAddress
) -> None:
    await synced(address)

    async with opened(address) as source, opened(other) as target:
        copied = {each.table: each.rows for each in await copy(source, target, tell=lambda *_: None)}

    assert (copied["synced"], copied["synced_keys"], copied["sync_streams"]) == (60, 55, 1)
    assert await everything(other) == await everything(address)
    assert verify(other, full=False).faults == ()
    async with opened(other) as database:
        book = SyncBook(database, node="other")
        listed = ListOfCustomers(changes=[*range(5, 60), 70])
        state = await book.state("crm", CUSTOMERS.name)
        assert state is not None
        ended = await Reader("crm", listed, book, clock=FakeClock()).run(CUSTOMERS)
        found = await book.after("crm", RecordKind.CUSTOMER, "")
    assert (ended.counts["read"], len(found)) == (1, 56)


async def test_a_backup_has_the_copy_and_its_views(sqlite_address: StoreAddress, tmp_path: Path) -> None:
    await synced(sqlite_address)
    assert sqlite_address.path is not None

    back_up(sqlite_address.path, tmp_path / "backup.db")

    backup = StoreAddress.file(tmp_path / "backup.db")
    assert await everything(backup) == await everything(sqlite_address)
    assert verify(backup, full=True).faults == ()


async def test_verify_finds_a_key_of_a_record_that_is_not_there(address: StoreAddress) -> None:
    await synced(address)
    well = verify(address, full=False)
    await read(address, "UPDATE synced SET deleted = 1 WHERE id = '7' RETURNING id")

    found = verify(address, full=False)

    assert well.faults == ()
    assert [(each.code, "crm/customer 7" in each.what) for each in found.faults] == [("key_of_nothing", True)]
