"""The views that people may query: the same on both databases, and made anew when their columns change."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from batonpass.domain.handoff import HandoffState
from batonpass.domain.synced import COLUMNS, Record, RecordKind
from batonpass.store import Journal, StoreAddress, remade_views, views
from batonpass.store.copying import TABLES
from batonpass.store.keeping import keep
from batonpass.store.synced import Reading
from batonpass.store.views import VIEWS, ViewColumn
from filled_stores import opened
from kept_people import accepted, lived, request
from stores import Query

AT = datetime(2026, 11, 21, 10, 42, 7, 500_000, tzinfo=UTC)
READ_AT = 1_763_700_000_999
SAMPLES: dict[str, Any] = {
    "text": 'Wörter, "quoted"\n=1+1',
    "integer": 12_345_678_901,
    "boolean": True,
    "list": ("a", "ü, b"),
}


def sample(kind: RecordKind, id_: str = "1", **columns: Any) -> Record:
    whole = {name: SAMPLES[type_] for name, type_ in COLUMNS[kind].items()}
    return Record(kind=kind, id=id_, changed_at=AT, columns=whole | columns)


async def put(journal: Journal, *records: Record, connection: str = "crm") -> None:
    reading = Reading(connection=connection, stream="s", round=1, at=READ_AT)
    await journal.database.run(lambda tx: keep(tx, reading, records))


async def rows_of(journal: Journal, view: str, more: str = "") -> list[dict[str, Any]]:
    return await journal.database.run(lambda tx: tx.records(f"SELECT * FROM {view} {more}"))


def test_every_kind_of_record_has_a_view_and_no_view_has_the_name_of_a_table() -> None:
    assert {view.kind for view in VIEWS.values()} == {*RecordKind, None}
    assert not set(VIEWS) & set(TABLES)


async def test_a_view_has_every_column_with_its_type(journal: Journal) -> None:
    for kind in RecordKind:
        await put(journal, sample(kind))

    found = {
        view.kind: (await rows_of(journal, name))[0] for name, view in VIEWS.items() if view.kind is not None
    }

    for kind, row in found.items():
        told = {**row, "tags": row.get("tags"), "options": row.get("options")}
        assert list(row)[:4] == ["connection", "id", "changed_at", "read_at"]
        assert list(row)[4:] == list(COLUMNS[kind])
        assert (told["connection"], told["id"]) == ("crm", "1")
        assert (told["changed_at"], told["read_at"]) == ("2026-11-21T10:42:07Z", "2025-11-21T04:40:00Z")
        for name, type_ in COLUMNS[kind].items():
            held = row[name]
            if type_ == "list":
                assert held.replace('", "', '","') == '["a","ü, b"]'
            else:
                assert (held, type(held)) == (
                    (1, int) if type_ == "boolean" else (SAMPLES[type_], type(SAMPLES[type_]))
                ), name


async def test_what_is_not_known_is_null_and_what_is_deleted_is_left_out(journal: Journal) -> None:
    empty = Record(kind=RecordKind.TICKET, id="1", changed_at=AT)
    gone = Record(kind=RecordKind.TICKET, id="2", changed_at=AT, deleted=True)

    await put(journal, empty, gone, sample(RecordKind.CUSTOMER, "3"))

    (row,) = await rows_of(journal, "tickets")
    assert {name for name, held in row.items() if held is not None} == {
        "connection", "id", "changed_at", "read_at",
    }  # fmt: skip


async def test_a_value_that_cannot_be_shown_spoils_no_other_row(journal: Journal) -> None:
    await put(
        journal,
        sample(RecordKind.TICKET, "1", subject="nul \x00 within", reopens="many", ai_took_part="yes"),
        sample(RecordKind.TICKET, "2", subject=r"a path: C:\u0000"),
    )

    found = await rows_of(journal, "tickets", "ORDER BY id")

    assert [each["id"] for each in found] == ["1", "2"]
    assert found[1]["reopens"] == SAMPLES["integer"]


async def test_both_databases_reckon_with_times_and_booleans_in_the_same_way(
    journal: Journal, query: Query
) -> None:
    await put(journal, sample(RecordKind.DEAL, created_at="2026-11-20T09:00:00Z", is_open=False))
    days = (
        "CAST(changed_at AS timestamptz)::date - CAST(created_at AS timestamptz)::date"
        if journal.database.is_shared
        else "julianday(date(changed_at)) - julianday(date(created_at))"
    )

    assert await query(f"SELECT {days} FROM deals WHERE is_open = 0") == [(1,)]
    assert await query("SELECT count(*) FROM deals WHERE created_at < changed_at") == [(1,)]


async def test_the_times_of_a_handoff_and_none_of_its_words(journal: Journal) -> None:
    at = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    handoff_id = await accepted(journal, request("anna@example.com", "zebraword"), at=at)
    await lived(
        journal, handoff_id, ticket="5", value="zebrafact", said="zebraword", at=at + timedelta(seconds=9),
        state=HandoffState.TICKETED,
    )  # fmt: skip

    (row,) = await rows_of(journal, "handoff_times")

    assert "zebra" not in str(row)
    assert (row["id"], row["helpdesk"], row["ticket_id"], row["state"]) == (
        handoff_id, "zendesk", "5", "ticketed",
    )  # fmt: skip
    assert (row["asked_at"], row["ticketed_at"]) == ("2026-11-21T10:00:00Z", "2026-11-21T10:00:09Z")
    assert (row["announced_at"], row["accepted_at"], row["resolved_at"]) == (None, None, None)


# How they are made anew ---------------------------------------------------------------------------------------------


async def remake(address: StoreAddress) -> list[str]:
    if address.path is not None:
        with closing(sqlite3.connect(address.path, isolation_level=None)) as connection:
            return remade_views.on_sqlite(connection)
    async with await psycopg.AsyncConnection.connect(address.url) as connection:
        return await remade_views.on_postgres(connection)


def with_column(monkeypatch: pytest.MonkeyPatch, name: str, *, first: bool = False) -> None:
    """As the next release would have it."""
    more = ViewColumn(name=name, type="text", sqlite="s.stream", postgres="s.stream")
    known = VIEWS["tickets"]
    columns = (more, *known.columns) if first else (*known.columns, more)
    changed = views.View(
        name=known.name, kind=known.kind, columns=columns, sqlite_from=known.sqlite_from,
        postgres_from=known.postgres_from, key=known.key, connection=known.connection,
    )  # fmt: skip
    monkeypatch.setattr(remade_views, "VIEWS", {**VIEWS, "tickets": changed})


async def test_views_are_made_once(address: StoreAddress) -> None:
    async with opened(address):
        pass

    assert await remake(address) == []


@pytest.mark.parametrize("first", [False, True], ids=["at the end", "in front"])
async def test_a_new_column_is_in_the_view_and_the_release_before_leaves_it_there(
    address: StoreAddress, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    async with opened(address):
        pass
    with monkeypatch.context() as later:
        with_column(later, "stream", first=first)
        made = await remake(address)
        again = await remake(address)

    before = await remake(address)

    async with opened(address) as database:
        journal = Journal(database)
        await put(journal, sample(RecordKind.TICKET))
        (row,) = await rows_of(journal, "tickets")
    assert (made, again, before) == (["tickets"], [], [])
    assert row["stream"] == "s"


async def test_a_table_of_somebody_elses_in_the_same_place_is_left_alone(address: StoreAddress) -> None:
    async with opened(address) as database:
        await database.run(lambda tx: tx.execute("DROP VIEW tickets"))
        await database.run(lambda tx: tx.execute("CREATE TABLE tickets (theirs TEXT)"))

    async with opened(address) as database:
        found = await database.run(lambda tx: tx.rows("SELECT count(theirs) FROM tickets"))
        others = await database.run(lambda tx: tx.rows("SELECT count(*) FROM customers"))

    assert (found, others) == ([(0,)], [(0,)])


async def test_what_is_built_on_a_view_stays_when_it_gets_a_column(
    address: StoreAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(address) as database:
        await database.run(lambda tx: tx.execute("CREATE VIEW mine AS SELECT id, subject FROM tickets"))
    with_column(monkeypatch, "stream", first=True)

    made = await remake(address)

    async with opened(address) as database:
        await put(Journal(database), sample(RecordKind.TICKET))
        found = await database.run(lambda tx: tx.rows("SELECT id FROM mine"))
    assert (made, found) == (["tickets"], [("1",)])


async def test_reserved_words_among_the_columns_need_no_care(journal: Journal, query: Query) -> None:
    await put(journal, sample(RecordKind.SUBSCRIPTION), sample(RecordKind.RATING), sample(RecordKind.FIELD))

    assert await query("SELECT s.interval FROM subscriptions AS s") == [(SAMPLES["text"],)]
    assert await query("SELECT at FROM ratings") == [(SAMPLES["text"],)]
    assert await query("SELECT type, options FROM fields WHERE is_active = 1") != []
    assert await query("SELECT name FROM groups") == []


# What docs/tables.md says ---------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parent.parent.parent / "docs" / "tables.md").read_text(encoding="utf-8")
GRANT, ON_SQLITE, ON_EITHER = (each.partition("```")[0] for each in PAGE.split("```sql\n")[1:])


async def test_the_queries_of_the_page_run(journal: Journal) -> None:
    await put(journal, sample(RecordKind.TICKET), sample(RecordKind.GROUP))

    for query in (ON_EITHER,) if journal.database.is_shared else (ON_EITHER, ON_SQLITE):
        await journal.database.run(lambda tx, sql=query: tx.rows(sql))  # type: ignore[misc]


async def test_a_role_that_may_read_the_views_reads_nothing_else(postgres_url: str) -> None:
    async with opened(StoreAddress.parse(postgres_url, folder=Path())) as database:
        await put(Journal(database), sample(RecordKind.TICKET))
    role = f"reports_{secrets.token_hex(4)}"
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        for statement in GRANT.replace("reports", role).split(";"):
            if statement.strip():
                await connection.execute(sql.SQL(statement))  # type: ignore[arg-type]
        try:
            await connection.execute(sql.SQL(f"SET ROLE {role}"))  # type: ignore[arg-type]

            seen = [await _count(connection, view) for view in VIEWS]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await _count(connection, "synced")
        finally:
            await connection.execute("RESET ROLE")
            await connection.execute(sql.SQL(f"DROP OWNED BY {role}; DROP ROLE {role}"))  # type: ignore[arg-type]

    assert sum(seen) == 1


async def _count(connection: psycopg.AsyncConnection[Any], table: str) -> int:
    cursor = await connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
    (found,) = await cursor.fetchall()
    return int(found[0])
