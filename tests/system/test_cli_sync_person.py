"""`batonpass sync person`: who somebody is across all systems, and why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from batonpass.app.config import load_config
from batonpass.app.copies import systems_of
from batonpass.cli.failing import Commands
from batonpass.cli.sync_person import person
from batonpass.domain.synced import Key, KeyKind, Record, RecordKind
from batonpass.store import database_at, synced
from batonpass.sync.people import People
from cli_rig import SECRETS, Desk, Vendors, emulated, furnished, words

MIA = "mia@example.com"
READ_AT = datetime(2026, 11, 21, tzinfo=UTC)
_app = typer.Typer(cls=Commands)
_app.callback()(lambda: None)
_app.command()(person)


def a_record(id_: str, *keys: tuple[KeyKind, str], name: str | None = None) -> Record:
    return Record(
        kind=RecordKind.CUSTOMER,
        id=id_,
        changed_at=READ_AT,
        columns={"name": name},
        keys=tuple(Key(kind=kind, value=value) for kind, value in keys),
    )


RECORDS = {
    "zendesk": [
        a_record(
            "7",
            (KeyKind.EMAIL, MIA),
            (KeyKind.PHONE, "+4930123456"),
            (KeyKind.EXTERNAL_ID, "stripe:cus_4"),
            name="Mia Keller",
        )
    ],
    "hubspot": [
        a_record("3", (KeyKind.EMAIL, MIA), name="Mia Keller"),
        a_record("9", (KeyKind.EMAIL, "m@else.example"), (KeyKind.PHONE, "+4930123456"), name="Mia Keller"),
    ],
    "stripe": [a_record("cus_4"), a_record("cus_5", (KeyKind.EMAIL, MIA))],
}


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path, vendors: Vendors) -> Desk:
    made = furnished(tmp_path, vendors)
    asyncio.run(_filled(made))
    return made


async def _filled(desk: Desk) -> None:
    config = load_config(desk.config, SECRETS)
    database = database_at(config.store)
    await database.open()
    for connection, records in RECORDS.items():
        reading = synced.Reading(connection=connection, stream="all", round=1, at=0)
        await database.run(lambda tx, r=reading, these=records: synced.put(tx, r, these, forgotten=()))  # type: ignore[misc]
    await People(database, systems_of(config.connections)).follow()
    await database.close()


def ask(desk: Desk, *arguments: str) -> Result:
    environment = {**SECRETS, "COLUMNS": "200"}
    return CliRunner().invoke(_app, ["person", *arguments, "--config", str(desk.config)], env=environment)


def test_it_shows_the_records_what_joins_them_and_what_does_not(desk: Desk) -> None:
    shown = ask(desk, "--email", MIA)

    told = words(shown.stdout)
    assert shown.exit_code == 0, shown.output
    assert "kept apart: one system has several of these records" in told
    assert "exact id stripe:cus_4: stripe cus_4, zendesk 7" in told
    assert f"e-mail {MIA}: hubspot 3, stripe cus_5, zendesk 7" in told
    assert "not joined: phone and name +4930123456: hubspot 9, zendesk 7" in told


def test_a_person_is_found_again_by_their_id(desk: Desk) -> None:
    by_address = json.loads(ask(desk, "--email", MIA.upper(), "--json").stdout)
    (found,) = by_address["found"]
    by_id = json.loads(ask(desk, found["people"][0]["id"], "--json").stdout)

    assert found["contested"]
    assert {record["id"] for each in found["people"] for record in each["records"]} == {
        "3", "7", "cus_4", "cus_5",
    }  # fmt: skip
    assert by_id["found"] == [found]
    assert by_id["still_to_be_looked_at"] == 0


def test_whom_the_copy_does_not_know_is_said(desk: Desk) -> None:
    nobody, unknown = ask(desk, "--email", "nobody@example.com"), ask(desk, "pe_none")

    assert (nobody.exit_code, unknown.exit_code) == (2, 2)
    assert "nobody of this address is in the copy" in words(nobody.output)
    assert "nobody@example.com" not in nobody.output
    assert "nobody of this id is in the copy" in words(unknown.output)
