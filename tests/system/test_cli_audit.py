"""`batonpass audit`."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta

import pytest

from batonpass.domain.clock import SystemClock
from batonpass.domain.event import EventKind
from batonpass.domain.synced import Record, RecordKind
from batonpass.store import Journal, StoreAddress, SyncBook, database_at
from batonpass.testing.happenings import Happening
from batonpass.testing.past_desk import PastDesk, keep
from cli_rig import SECRETS, emulated, furnished, run, words


@pytest.fixture(scope="module")
def vendors():
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path, vendors):
    return furnished(tmp_path, vendors)


def kept(desk, records):
    async def work() -> None:
        journal = Journal(database_at(StoreAddress.file(desk.folder / "batonpass.db")), node="me")
        await journal.open()
        try:
            await keep(SyncBook(journal.database, node="me"), "zendesk", records, now=SystemClock().now())
        finally:
            await journal.close()

    asyncio.run(work())


@pytest.fixture
def past(desk):
    """A synced history up to now."""
    made = PastDesk(1, tickets=400, until=SystemClock().now().replace(microsecond=0))
    kept(desk, made.records())
    return made


def audit(desk, *more):
    return run("audit", "--config", desk.config, *more, env=SECRETS)


def test_before_anything_is_synced_it_says_which_command_is_next(desk):
    before_a_store = audit(desk)
    kept(desk, [])
    before_a_sync = audit(desk, "--json")

    assert (before_a_store.exit_code, before_a_sync.exit_code) == (1, 1)
    assert "nothing is synced yet" in words(before_a_store.stderr)
    assert "batonpass sync run --once --connection zendesk" in words(before_a_store.stderr)
    assert json.loads(before_a_sync.stderr)["code"] == "nothing_synced"


def test_what_a_sync_has_read_from_the_helpdesk_is_audited(desk):
    emulator, now = desk.emulators["zendesk"], SystemClock().now()
    for n in range(12):
        emulator.add_ticket(
            "Refund, please", created_at=now - timedelta(days=9 + n), status=("closed", "open")[n % 2]
        )
    desk.config.write_text(f"{desk.config.read_text()}\n[sync.zendesk]\n")
    run("sync", "run", "--once", "--connection", "zendesk", "--config", desk.config, env=SECRETS)

    told = json.loads(audit(desk, "--json").stdout)

    figures = {each["name"]: each["value"] for each in told["figures"]}
    assert figures["tickets"] >= 12
    assert figures["unsolved"] >= 6
    assert "refund" in [each["name"] for each in told["automation"]["categories"]]
    assert told["warnings"] == []


def test_the_figures_stand_in_the_terminal_with_their_error(desk, past):
    told = audit(desk)

    assert told.exit_code == 0
    text = words(told.stdout)
    assert f"{past.truth.tickets:,} tickets of zendesk" in text
    assert re.search(r"Handoff rate \d\d\.\d% \d\d\.\d% to \d\d\.\d% \d+", text)
    assert "Asked again not known no conversation was read" in text
    assert "What stands out" in text
    assert "fully: solved with at most 1 answer of a person" in text
    assert all(len(line) <= 110 for line in told.stdout.splitlines())


def test_a_narrow_terminal_loses_columns_and_not_the_answer(desk, past, monkeypatch):
    monkeypatch.setattr("batonpass.cli.terminal.WIDTH_OF_A_FILE", 60)

    told = audit(desk)

    assert max(map(len, told.stdout.splitlines())) <= 60
    assert "Handoff rate" in words(told.stdout)


def test_the_json_document_has_every_figure_with_its_definition(desk, past):
    told = json.loads(audit(desk, "--json", "--zone", "Europe/Berlin", "--by", "topic").stdout)

    assert (told["schema"], told["zone"], told["by"]) == ("batonpass.audit/1", "Europe/Berlin", "topic")
    figures = {each["name"]: each for each in told["figures"]}
    rate, tally = figures["handoff_rate"], past.truth.shares["handoff_rate"]
    assert (rate["cases"], round(rate["value"] * rate["cases"])) == (tally.cases, tally.hits)
    assert rate["says"].startswith("Of the tickets in which an AI agent took part")
    assert figures["asked_again"]["not_known"]
    assert {each["name"] for each in told["breakdowns"]} >= {
        "channel",
        "status",
        "group",
        "agent",
        "topic",
        "tag",
    }


def test_the_page_is_one_file_that_loads_nothing_and_says_nothing_that_customers_wrote(desk, past):
    file = desk.folder / "audit.html"
    hostile = "<script>alert(1)</script>"
    ticket = {"created_at": f"{past.until - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}", "category": hostile,
              "subject": "My card is 4242 4242 4242 4242", "status": "open"}  # fmt: skip
    kept(
        desk, [*past.records(), Record(kind=RecordKind.TICKET, id="x", changed_at=past.until, columns=ticket)]
    )

    told = audit(desk, "--page", file)

    page = file.read_text()
    assert f"written: {file}" in words(told.stderr).replace(" ", "").replace("written:", "written: ")
    assert not re.search(r"<script|<img|<link|src=|@import|url\(|4242", page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("<svg") > 20
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--zone", "Mars/Olympus", "no time zone that this machine knows"),
        ("--connection", "zendsk", 'did you mean "zendesk"'),
        ("--days", "0", "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_asked_for_is_said_with_the_way_out(desk, past, option, value, says):
    told = audit(desk, option, value)

    assert told.exit_code == 2
    assert says.casefold() in words(told.stderr.replace("\u2502", " ")).casefold()


def test_a_sample_of_conversations_tells_what_was_asked_again(desk):
    emulator = desk.emulators["zendesk"]
    asked, not_asked = (
        emulator.happen(
            Happening(
                kind=EventKind.TICKET_OPENED,
                text="Where is my order W1234567? It is late.",
                email="mia@example.com",
            )
        )
        for _ in range(2)
    )
    for ticket, text in ((asked, "Could you give me your order number?"), (not_asked, "It comes tomorrow.")):
        emulator.happen(Happening(kind=EventKind.AGENT_REPLIED, ticket=ticket, text=text))
    at = SystemClock().now() - timedelta(hours=1)
    told = {"created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "status": "open", "agent_replies": 1}
    kept(
        desk,
        [
            Record(kind=RecordKind.TICKET, id=each, changed_at=at, columns=told)
            for each in (asked, not_asked, "999999")
        ],
    )

    ended = audit(desk, "--read", "10", "--json")

    assert ended.exit_code == 6
    document = json.loads(ended.stdout)
    rate = document["asked"]["rate"]
    assert (rate["value"], rate["cases"]) == (0.5, 2)
    assert document["asked"]["unread"] == 1
    assert [each[0] for each in document["asked"]["kinds"]] == ["order_number"]
    assert "W1234567" not in ended.stdout
