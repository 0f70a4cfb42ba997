"""`batonpass export TABLE`: what people and their programs get of the copy."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batonpass.app.exporting import ExportFormat, Wanted, export_view
from batonpass.domain.synced import Key, KeyKind, Record, RecordKind
from batonpass.store import StoreAddress
from batonpass.store.keeping import keep
from batonpass.store.synced import Reading
from batonpass.store.view_rows import PAGE
from batonpass.store.views import VIEWS
from cli_rig import held_open, run, subprocess_environment, words
from filled_stores import opened

AT = datetime(2026, 11, 1, 10, 0, tzinfo=UTC)
MANY = 2 * PAGE + 7


def customer(number: int, **columns: Any) -> Record:
    told = {"name": f"Customer {number}", "email": f"c{number}@example.com", **columns}
    at = AT.replace(day=1 + number % 20)
    keys = (Key(kind=KeyKind.EMAIL, value=told["email"]),)
    return Record(kind=RecordKind.CUSTOMER, id=f"{number:06}", changed_at=at, columns=told, keys=keys)


async def filled(path: Path) -> None:
    deal = Record(
        kind=RecordKind.DEAL, id="1", changed_at=AT, columns={"name": "ü", "is_open": True, "amount": 1999}
    )
    ticket = Record(kind=RecordKind.TICKET, id="1", changed_at=AT, columns={"tags": ("a", "b")})
    worst = customer(MANY, name='=HYPERLINK("http://x","y")\nsecond line', phone="+4930123456")
    async with opened(StoreAddress.file(path)) as database:
        for connection, records in {
            "crm": [*map(customer, range(MANY)), worst, deal],
            "desk": [customer(1), ticket],
        }.items():
            reading = Reading(connection=connection, stream="s", round=1, at=1_763_700_000_000)
            await database.run(lambda tx, of=reading, some=records: keep(tx, of, some))  # type: ignore[misc]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("exported")
    (made / "config.toml").write_text("[store]\n")
    asyncio.run(filled(made / "batonpass.db"))
    return made


def export(folder: Path, *arguments: object) -> Any:
    return run("export", *arguments, "--config", folder / "config.toml")


def rows_in(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_a_header_and_every_row_of_every_connection(folder: Path) -> None:
    shown = export(folder, "customers")

    rows = rows_in(shown.stdout_bytes.decode())
    assert shown.exit_code == 0
    assert list(rows[0]) == list(VIEWS["customers"].names)
    assert len(rows) == MANY + 2
    assert len({(each["connection"], each["id"]) for each in rows}) == MANY + 2
    assert rows[3]["email"] == "c3@example.com"
    assert shown.stdout_bytes.count(b"\r\n") == MANY + 3
    assert f"customers: {MANY + 2} rows" in shown.stderr


def test_a_formula_is_text_and_a_telephone_number_stays_one(folder: Path) -> None:
    rows = rows_in(export(folder, "customers", "--connection", "crm").stdout_bytes.decode())

    assert rows[-1]["name"] == '\'=HYPERLINK("http://x","y")\nsecond line'
    assert rows[-1]["phone"] == "+4930123456"


def test_json_lines_have_types(folder: Path) -> None:
    (deal,) = map(json.loads, export(folder, "deals", "--format", "jsonl").stdout.splitlines())
    (ticket,) = map(json.loads, export(folder, "tickets", "--format", "jsonl").stdout.splitlines())

    assert (deal["name"], deal["is_open"], deal["amount"], deal["closes_at"]) == ("ü", True, 1999, None)
    assert (ticket["tags"], ticket["changed_at"]) == (["a", "b"], "2026-11-01T10:00:00Z")


def test_since_and_connection_choose_rows(folder: Path) -> None:
    since = rows_in(export(folder, "customers", "--since", "2026-11-20T10:00:00Z").stdout)
    desk = rows_in(export(folder, "customers", "--connection", "desk").stdout)
    handoffs = export(folder, "handoff_times", "--connection", "desk", "--format", "jsonl")

    assert {each["changed_at"] for each in since} == {"2026-11-20T10:00:00Z"}
    assert len(since) == MANY // 20
    assert [(each["connection"], each["id"]) for each in desk] == [("desk", "000001")]
    assert (handoffs.exit_code, handoffs.stdout) == (0, "")


def test_a_file_is_whole_and_only_its_owners_and_takes_the_place_of_the_one_before(
    folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("before")

    written = export(folder, "customers", "--to", file, "--json")

    told = json.loads(written.stdout)
    assert (told["schema"], told["rows"], told["path"]) == ("batonpass.export/1", MANY + 2, str(file))
    assert len(rows_in(file.read_bytes().decode())) == MANY + 2
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_left(folder: Path, tmp_path: Path) -> None:
    refused = export(folder, "customers", "--to", tmp_path / "no" / "such" / "folder.csv")
    as_json = export(folder, "customers", "--to", tmp_path, "--json")

    assert (refused.exit_code, as_json.exit_code) == (2, 2)
    assert "No such file" in refused.stderr
    assert json.loads(as_json.stderr)["code"] == "not_written"
    assert list(tmp_path.iterdir()) == []


def test_a_slip_of_the_pen_is_told_with_what_there_is(folder: Path) -> None:
    table, connection = export(folder, "custmers"), export(folder, "customers", "--connection", "dsk")
    as_json = export(folder, "nonsense", "--json")

    assert (table.exit_code, connection.exit_code, as_json.exit_code) == (2, 2, 2)
    assert 'did you mean "customers"?' in words(table.stderr)
    assert "handoff_times" in table.stderr
    assert "there are: crm, desk" in words(connection.stderr)
    assert json.loads(as_json.stderr)["code"] == "no_such_table"


def test_a_table_and_a_person_do_not_go_together(folder: Path) -> None:
    assert export(folder, "customers", "--email", "a@example.com").exit_code == 2


def test_no_journal_yet_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[store]\n")

    assert export(tmp_path, "customers").exit_code == 2
    assert not (tmp_path / "batonpass.db").exists()


def test_a_server_may_be_running(folder: Path) -> None:
    with held_open(folder / "batonpass.db"):
        shown = export(folder, "deals")

    assert (shown.exit_code, len(rows_in(shown.stdout))) == (0, 1)


def test_whoever_reads_no_more_ends_it_quietly(folder: Path) -> None:
    arguments = ["export", "customers", "--config", str(folder / "config.toml")]
    process = subprocess.Popen(
        [sys.executable, "-m", "batonpass", *arguments],
        env=subprocess_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None

    first = process.stdout.readline()
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()

    assert first.startswith(b"connection,id,")
    assert (process.wait(), told) == (0, b"")


def test_d08_erasing_a_person_tells_of_the_copy_and_empties_it(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[store]\n")
    asyncio.run(filled(tmp_path / "batonpass.db"))
    asked = ("--email", "c7@example.com", "--config", tmp_path / "config.toml")

    kept = json.loads(run("export", *asked).stdout)
    planned = run("erase", *asked, "--dry-run")
    erased = json.loads(run("erase", *asked, "--yes", "--json").stdout)

    again = run("erase", *asked, "--dry-run", "--json")
    rows = rows_in(export(tmp_path, "customers", "--connection", "crm").stdout_bytes.decode())
    assert [each["data"]["name"] for each in kept["records"]] == ["Customer 7"]
    assert "1 records of theirs" in planned.stdout
    assert erased["proof"]["counts"] == {"synced": 1}
    assert json.loads(again.stdout)["records"] == 0
    assert "Customer 7" not in {each["name"] for each in rows}
    assert len(rows) == MANY


def test_memory_does_not_grow_with_the_rows(folder: Path, tmp_path: Path) -> None:
    store = StoreAddress.file(folder / "batonpass.db")
    peaks = []
    for connection in ("desk", "crm"):
        with (tmp_path / "out").open("w", newline="") as file:
            tracemalloc.start()
            wanted = Wanted(view=VIEWS["customers"], format=ExportFormat.JSONL, connection=connection)
            export_view(store, wanted, file)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

    assert (tmp_path / "out").stat().st_size > 200 * MANY
    assert peaks[1] < 3_000_000, "a page of 1,000 rows is in memory, not all of them"
