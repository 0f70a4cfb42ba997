"""What begins rounds besides the clock, and whether rounds of changes end in what is there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batonpass.app.syncing.hints import Hints
from batonpass.app.syncing.jobs import SyncJobs
from batonpass.app.syncing.rounds import Syncing
from batonpass.app.syncing.settings import LimitsConfig, StreamConfig, SyncedStream
from batonpass.domain.event import Event, EventKind
from batonpass.store import Installation, Journal, SyncBook, events
from batonpass.store.instants import to_ms
from batonpass.sync import Comparing, Ended, Options, Reader
from fakes import NOON, FakeClock
from listed import BEGAN, CUSTOMERS, ListOfCustomers


class Rounds:
    """A `Syncing` over one list, and what it has read."""

    def __init__(self, journal: Journal) -> None:
        self.clock = FakeClock()
        self.listed = ListOfCustomers(changes=list(range(30)))
        self.book = SyncBook(journal.database, node="me")
        self.installation = Installation(journal.database, node="me", name="me")
        self.ended: list[Ended] = []
        self.synced = SyncedStream(connection="crm", stream=CUSTOMERS, settings=StreamConfig())
        self.syncing = Syncing(
            [self.synced], {"crm": self.listed}, self.book, clock=self.clock, limits=LimitsConfig(),
            rules_of=lambda _: (), dead=self._nobody, heard=self._hear,
        )  # fmt: skip
        self.hints = Hints(self.syncing, self.book, self.installation, clock=self.clock)
        self.jobs = SyncJobs(self.syncing, self.book, clock=self.clock)
        self.database = journal.database
        self._events = 0

    async def _nobody(self) -> list[str]:
        return []

    async def _hear(self, ended: Ended) -> None:
        self.ended.append(ended)

    async def happens(self, kind: EventKind, *, connection: str = "crm", test: bool = False) -> None:
        self._events += 1
        event = Event(
            kind=kind, id=f"e{self._events}", subject_id="1", at=NOON, vendor_kind=kind.value, test=test
        )
        await self.database.run(
            lambda tx: events.keep(tx, event, connection=connection, delivery_id=1, received_at=to_ms(NOON))
        )


@pytest.fixture
def rounds(journal: Journal) -> Rounds:
    return Rounds(journal)


async def test_a_webhook_of_a_change_begins_a_round_of_the_stream_that_reads_it(rounds: Rounds) -> None:
    await rounds.hints.look()  # what happened before does not count

    await rounds.happens(EventKind.CONTACT_CHANGED)
    await rounds.hints.look()

    assert [each.counts["new"] for each in rounds.ended] == [30]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (EventKind.DEAL_CHANGED, {}),
        (EventKind.UNKNOWN, {}),
        (EventKind.CONTACT_CHANGED, {"connection": "another"}),
        (EventKind.CONTACT_CHANGED, {"test": True}),
    ],
    ids=["another_kind", "unknown", "another_connection", "a_test"],
)
async def test_a_webhook_of_something_else_begins_none(
    rounds: Rounds, kind: EventKind, more: dict[str, object]
) -> None:
    await rounds.hints.look()

    await rounds.happens(kind, **more)  # type: ignore[arg-type]  # as the table above has them
    await rounds.hints.look()

    assert rounds.ended == []


async def test_many_webhooks_begin_one_round_a_minute(rounds: Rounds) -> None:
    await rounds.hints.look()
    for _ in range(50):
        await rounds.happens(EventKind.CONTACT_CHANGED)
        await rounds.hints.look()
    at_first = len(rounds.ended)
    rounds.clock.go_on(61)

    await rounds.hints.look()
    await rounds.hints.look()

    assert (at_first, len(rounds.ended)) == (1, 2)


async def test_what_is_overdue_at_the_start_is_read_and_nothing_else(rounds: Rounds) -> None:
    await rounds.jobs.overdue()
    rounds.clock.go_on(60)
    await rounds.jobs.overdue()
    soon = len(rounds.ended)
    rounds.clock.go_on(CUSTOMERS.every.total_seconds())

    await rounds.jobs.overdue()

    assert (soon, len(rounds.ended)) == (1, 2)


async def test_rounds_of_changes_end_in_what_is_there(rounds: Rounds) -> None:
    reader = Reader("crm", rounds.listed, rounds.book, clock=rounds.clock)
    comparing = Comparing("crm", rounds.listed, rounds.book, clock=rounds.clock)
    await reader.run(CUSTOMERS)
    rounds.listed.change(3, 77, 78)
    rounds.clock.go_on(timedelta(days=30).total_seconds())
    behind = await comparing.run(CUSTOMERS, ())
    await reader.run(CUSTOMERS)

    level = await comparing.run(CUSTOMERS, ())

    assert (behind.agree, behind.missing.number, behind.missing.ids) == (False, 2, ("77", "78"))
    assert (level.agree, level.read, level.newer) == (True, 32, 0)


async def test_what_is_gone_and_what_is_different_is_named(rounds: Rounds) -> None:
    await Reader("crm", rounds.listed, rounds.book, clock=rounds.clock).run(CUSTOMERS)
    rounds.listed.changes.remove(5)
    rounds.listed.renamed = {7: "Somebody Else"}

    found = await Comparing("crm", rounds.listed, rounds.book, clock=rounds.clock).run(CUSTOMERS, ())

    assert (found.extra.ids, found.different.ids, found.missing.number) == (("5",), ("7",), 0)


async def test_what_has_changed_since_the_last_round_is_no_difference(rounds: Rounds) -> None:
    await Reader("crm", rounds.listed, rounds.book, clock=rounds.clock).run(CUSTOMERS, Options())
    rounds.listed.change(900)
    rounds.listed.at = NOON + timedelta(hours=1)

    found = await Comparing("crm", rounds.listed, rounds.book, clock=rounds.clock).run(CUSTOMERS, ())

    assert BEGAN < NOON
    assert (found.agree, found.newer) == (True, 1)
