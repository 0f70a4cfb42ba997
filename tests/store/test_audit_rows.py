"""The audit reads the copy, on both databases, while the store is open elsewhere."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from batonpass.app.auditing import ReadPast, Wanted, read_past
from batonpass.domain.synced import Record, RecordKind
from batonpass.insight import Audit
from batonpass.store import Journal, StoreAddress, SyncBook
from batonpass.store.instants import to_ms
from batonpass.testing.past_desk import UNTIL, Gaps, PastDesk, keep
from pasts_of_desks import audited
from stores import Query

WANTED = Wanted(connection="support", helpdesk="Helpdesk", days=90, zone=ZoneInfo("UTC"))


@pytest.fixture
def book(journal: Journal) -> SyncBook:
    return SyncBook(journal.database, node="me")


def read(address: StoreAddress, wanted: Wanted = WANTED) -> ReadPast:
    found = read_past(address, wanted, now=UNTIL)
    assert found is not None
    return found


def test_where_nothing_is_synced_there_is_nothing_to_read(journal: Journal, address: StoreAddress) -> None:
    assert read_past(address, WANTED, now=UNTIL) is None


@pytest.mark.parametrize("ratings_apart", [False, True], ids=["scores on tickets", "ratings apart"])
async def test_the_audit_of_the_copy_is_that_of_what_was_synced(
    book: SyncBook, address: StoreAddress, *, ratings_apart: bool
) -> None:
    desk = PastDesk(4, tickets=1100, gaps=Gaps(ratings_apart=ratings_apart))
    await keep(book, "support", desk.records(), now=desk.until)
    await keep(book, "other", PastDesk(9, tickets=50).records(), now=desk.until)

    found = read(address)

    assert found.warnings == ()
    audit, truth = found.audit(), audited(desk)
    assert audit.tickets == desk.truth.tickets
    assert [(each.name, each.value) for each in audit.figures] == [
        (each.name, pytest.approx(each.value, rel=1e-6) if each.value is not None else None)
        for each in truth.figures
    ]
    assert _names(audit, "group") == {f"Team {each}" for each in desk.truth.by["category"]}
    assert "Agent 7" in _names(audit, "agent")


def _names(audit: Audit, breakdown: str) -> set[str]:
    (found,) = [each for each in audit.breakdowns if each.name == breakdown]
    return {each.name for each in found.parts}


async def test_what_was_deleted_or_opened_before_is_left_out(book: SyncBook, address: StoreAddress) -> None:
    desk = PastDesk(4, tickets=60)
    gone = Record(kind=RecordKind.TICKET, id="7", changed_at=desk.until, deleted=True)
    await keep(book, "support", [*desk.records(), gone], now=desk.until)

    found = read(address)

    assert len(found.columns) == desk.truth.tickets - 1


async def test_the_journals_handoffs_are_counted_on_their_tickets(
    book: SyncBook, address: StoreAddress, query: Query
) -> None:
    desk = PastDesk(4, tickets=60)
    await keep(book, "support", desk.records(), now=desk.until)
    for number, (ticket, about, helpdesk) in enumerate(
        [("1", None, "support"), (None, "2", "support"), ("3", None, "another"), ("old 1", None, "support")]
    ):
        await query(
            "INSERT INTO handoffs (id, state, ai_agent, created_at, updated_at, mended, request, ticket_id,"
            " asked_about, helpdesk) VALUES (?, 'ticketed', 'bot', ?, ?, 0, ?, ?, ?, ?) RETURNING id",
            f"ho_{number}", to_ms(desk.until), to_ms(desk.until), b"", ticket, about, helpdesk,
        )  # fmt: skip

    assert read(address).audit().figure("own_handoffs").value == 2


async def test_an_unfinished_or_old_copy_is_said_to_be_one(
    book: SyncBook, address: StoreAddress, query: Query
) -> None:
    desk = PastDesk(4, tickets=60)
    await keep(book, "support", desk.records(), now=desk.until - timedelta(days=3))

    old = read(address)
    await query("UPDATE sync_streams SET position = NULL RETURNING stream")

    assert old.warnings == (
        "the copy is 3 days old; newer tickets are missing: batonpass sync run --once --connection support",
    )
    assert old.columns.window.until == desk.until - timedelta(days=3)
    assert "have not been read to the end yet" in read(address).warnings[0]


async def test_a_copy_that_does_not_reach_back_so_far_gives_figures_of_the_days_that_it_has(
    book: SyncBook, address: StoreAddress
) -> None:
    desk = PastDesk(4, tickets=300, days=20)
    records = [each for each in desk.records() if not each.id.startswith("old")]
    await keep(book, "support", records, now=desk.until)

    audit = read(address).audit()

    assert 19 < audit.days <= 21
    assert audit.warnings[0].endswith("the figures are of 20 days, not of 90")


async def test_the_sample_is_the_same_each_time_and_of_those_who_were_handed_over(
    book: SyncBook, address: StoreAddress
) -> None:
    desk = PastDesk(4, tickets=200)
    await keep(book, "support", desk.records(), now=desk.until)
    wanted = Wanted(connection="support", helpdesk="Helpdesk", days=90, zone=ZoneInfo("UTC"), sample=15)

    once, again = read(address, wanted).sample, read(address, wanted).sample

    assert len(once) == 15
    assert once == again
    assert all(desk.columns(int(each)).get("handed_over") for each in once)
