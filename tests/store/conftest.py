"""The store's tests run over both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from batonpass.store import Journal, Recovery, Retention, StoreAddress, database_at
from stores import Query


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> StoreAddress:
    """A store that nobody has opened yet."""
    if request.param == "sqlite":
        return StoreAddress.file(tmp_path / "journal.db")
    return StoreAddress.parse(request.getfixturevalue("postgres_url"), folder=tmp_path)


@pytest.fixture
def sqlite_address(tmp_path: Path) -> StoreAddress:
    return StoreAddress.file(tmp_path / "journal.db")


@pytest.fixture
async def journal(address: StoreAddress) -> AsyncIterator[Journal]:
    made = Journal(database_at(address), node="me")
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def recovery(journal: Journal) -> Recovery:
    return Recovery(journal)


@pytest.fixture
def retention(journal: Journal) -> Retention:
    return Retention(journal.database)


@pytest.fixture
def query(journal: Journal) -> Query:
    """Any statement, as a person with a database browser would run it."""

    async def run(sql: str, *values: object) -> list[tuple[object, ...]]:
        return await journal.database.run(lambda tx: tx.rows(sql, values))

    return run
