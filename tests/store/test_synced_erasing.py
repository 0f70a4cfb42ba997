"""A person who has asked to be forgotten: gone from the copy of vendors' records, and no reading brings them back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from batonpass.app.forgetting import Erased, Forgetter
from batonpass.domain.facts import FactRule
from batonpass.domain.synced import Key, KeyKind, Record, RecordKind
from batonpass.ports import Deletions, Page, Round, Slice, Stream
from batonpass.store import Installation, Journal, StoreAddress, SyncBook, sync_streams
from batonpass.store.erasing import Erasing
from batonpass.store.keeping import keep
from batonpass.store.mentions import Mentions
from batonpass.store.personal import exported
from batonpass.store.reading import look
from batonpass.store.synced import Reading
from batonpass.store.transaction import Transaction
from batonpass.sync import DONE, Options, Reader
from fakes import FakeClock
from kept_people import NOW, Killed, KilledError, everything
from stores import Query

ANNA, AS_TYPED = "Anna.Lang@xn--mller-kva.example", "anna.lang@Müller.example"
HERS = ("Zyxanna", "zebrasubject", "zebradocument", "zebracomment", "+4930123")
BOBS = ("Bob Berg", "bobsubject", "bobsnote")
EVERYTHING = Stream(
    name="everything",
    kinds=tuple(RecordKind),
    every=timedelta(minutes=15),
    incremental=False,
    deletions=Deletions.BY_FULL,
)
ONE_DATABASE = pytest.mark.parametrize("address", ["sqlite"], indirect=True)
"""Enough for what is decided above the tables."""


def record(kind: RecordKind, id_: str, keys: dict[KeyKind, str], **columns: Any) -> Record:
    return Record(
        kind=kind,
        id=id_,
        changed_at=datetime(2026, 11, 1, tzinfo=UTC),
        columns=columns,
        keys=tuple(Key(kind=each, value=value) for each, value in keys.items()),
        document={"text": columns.get("text", ""), "of": [columns]},
    )


ANNAS = record(
    RecordKind.CUSTOMER, "7", {KeyKind.EMAIL: ANNA, KeyKind.FORMER_ID: "6"}, name="Zyxanna", phone="+4930123",
    text="zebradocument",
)  # fmt: skip
HER_TICKET = record(RecordKind.TICKET, "70", {KeyKind.CUSTOMER: "7"}, subject="zebrasubject")
HER_OLDER_TICKET = record(RecordKind.TICKET, "60", {KeyKind.CUSTOMER: "6"}, subject="zebrasubject")
HER_RATING = record(RecordKind.RATING, "700", {KeyKind.TICKET: "70"}, text="zebracomment")
HER_INVOICE = record(RecordKind.INVOICE, "71", {KeyKind.CUSTOMER: "7"}, number="zebrasubject")
BOB = record(RecordKind.CUSTOMER, "8", {KeyKind.EMAIL: "bob@example.com"}, name="Bob Berg")
BOBS_TICKET = record(
    RecordKind.TICKET, "80", {KeyKind.CUSTOMER: "8", KeyKind.EXTERNAL_ID: ANNA}, subject="bobsubject",
    text=f"bobsnote: ask {ANNA.upper()}, /?to={ANNA.replace('@', '%40')}&x, <b>{AS_TYPED.replace('@', '&#64;')}</b>.",
)  # fmt: skip
ALL = (ANNAS, HER_TICKET, HER_OLDER_TICKET, HER_RATING, HER_INVOICE, BOB, BOBS_TICKET)


@dataclass
class Everything:
    """A vendor's list of records of all kinds, one to a page."""

    records: list[Record] = field(default_factory=list)
    per_page: int = 1

    def streams(self) -> tuple[Stream, ...]:
        return (EVERYTHING,)

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        return Round(slices=(Slice(name="all", start=""),), position="end", complete=True)

    async def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncGenerator[Page, None]:
        for at in range(0, len(self.records), self.per_page):
            some = tuple(self.records[at : at + self.per_page])
            goes_on = at + self.per_page < len(self.records)
            yield Page(records=some, cursor=str(at) if goes_on else None)


async def read(
    journal: Journal, records: Iterable[Record], *, connection: str = "crm", per_page: int = 1
) -> None:
    listed = Everything(list(records), per_page)
    reader = Reader(connection, listed, SyncBook(journal.database, node="me"), clock=FakeClock(NOW))
    ended = await reader.run(EVERYTHING, Options(everything=True, accept_gone=True))
    assert ended.ended_as == DONE, ended


async def erase(journal: Journal, email: str = AS_TYPED) -> Erased:
    installation = Installation(journal.database, node="me", name="me")
    forgetter = Forgetter(journal.database, installation, FakeClock(NOW), legal_hold=False)
    return await forgetter.erase(email, cancel_open=False)


async def there(query: Query) -> set[tuple[object, ...]]:
    """(connection, id) of the records of which anything is kept."""
    return set(await query("SELECT connection, id FROM synced WHERE deleted = 0"))


BOBS_RECORDS = {("crm", "8"), ("crm", "80")}


async def test_d08_erased_person_is_gone_from_the_copy_with_all_that_belongs_to_them(
    journal: Journal, query: Query
) -> None:
    await read(journal, ALL)
    await read(journal, [ANNAS, HER_TICKET], connection="billing")
    before = await everything(journal, query)

    erased = await erase(journal)

    left = await everything(journal, query)
    assert [word for word in (*HERS, *BOBS) if word not in before] == []
    assert [word for word in HERS if word in left] == []
    assert [word for word in BOBS if word not in left] == []
    assert not Mentions(AS_TYPED).are_in(left)
    assert await there(query) == BOBS_RECORDS
    assert await query("SELECT count(*) FROM synced WHERE deleted = 2") == [(9,)]  # two ids were merged
    assert erased.proof.counts == {"synced": 8, "synced_keys": 1}
    assert not Mentions(AS_TYPED).are_in(json.dumps(erased.proof.as_json()))


async def test_d08_full_resync_brings_nothing_of_them_back(journal: Journal, query: Query) -> None:
    await read(journal, ALL)
    await erase(journal)
    masked = await query("SELECT data, document FROM synced WHERE id = '80'")

    await read(journal, ALL)
    moved = record(RecordKind.CUSTOMER, "7", {KeyKind.EMAIL: "new@example.com"}, name="Zyxanna")
    await read(journal, [moved, *ALL[1:]])

    left = await everything(journal, query)
    assert [word for word in HERS if word in left] == []
    assert not Mentions(AS_TYPED).are_in(left)
    assert await there(query) == BOBS_RECORDS
    assert await query("SELECT data, document FROM synced WHERE id = '80'") == masked


@ONE_DATABASE
async def test_d08_what_comes_before_its_customer_goes_when_the_customer_comes(
    journal: Journal, query: Query
) -> None:
    """A connection that was never read before the erasure: its tickets name the customer by an id alone."""
    await erase(journal)
    hers = (ANNAS, HER_TICKET, HER_RATING, HER_OLDER_TICKET)

    for number, order in enumerate(permutations(hers)):
        await read(journal, [*order, BOB, BOBS_TICKET], connection=f"crm {number}")
        await read(journal, [*order, BOB], connection=f"whole {number}", per_page=9)

    left = await everything(journal, query)
    assert [word for word in HERS if word in left] == []
    assert {id_ for _, id_ in await there(query)} == {"8", "80"}


@ONE_DATABASE
async def test_d08_who_was_merged_into_them_later_is_them(journal: Journal, query: Query) -> None:
    await read(journal, ALL)
    await erase(journal)
    into = record(
        RecordKind.CUSTOMER, "9", {KeyKind.EMAIL: "new@example.com", KeyKind.FORMER_ID: "7"}, name="Zyxanna"
    )

    await read(journal, [into, record(RecordKind.TICKET, "90", {KeyKind.CUSTOMER: "9"}), BOB, BOBS_TICKET])

    assert await there(query) == BOBS_RECORDS


async def test_d08_erasure_of_the_copy_killed_after_any_transaction_goes_on(
    journal: Journal, query: Query
) -> None:
    await read(journal, ALL, per_page=9)
    pepper = await Installation(journal.database, node="me", name="me").pepper(NOW)
    kills = 0

    while True:
        database = Killed(journal.database, after=2 + kills)
        erasing = Erasing(database, pepper=pepper, email=AS_TYPED, forget=lambda _: None)
        try:
            proof = await erasing.erase(NOW, clock=lambda: NOW)
            break
        except KilledError:
            kills += 1

    left = await everything(journal, query)
    assert kills > 5
    assert [word for word in HERS if word in left] == []
    assert proof.counts == {"synced": 6, "synced_keys": 1}
    assert await there(query) == BOBS_RECORDS


async def test_d08_page_that_is_being_kept_when_the_erasure_begins_is_waited_for(
    journal: Journal, query: Query
) -> None:
    await read(journal, [BOB])
    in_hand, go_on = asyncio.Event(), asyncio.Event()

    async def page(tx: Transaction) -> None:
        """As `SyncBook.keep` does it."""
        await sync_streams.read(tx, "crm", EVERYTHING.name)
        await keep(tx, Reading(connection="crm", stream=EVERYTHING.name, round=2, at=1), ALL)
        in_hand.set()
        await go_on.wait()

    keeping = asyncio.create_task(journal.database.run(page))
    await in_hand.wait()
    erasing = asyncio.create_task(erase(journal))
    await asyncio.wait([erasing], timeout=0.3)
    go_on.set()

    await asyncio.gather(keeping, erasing)

    assert await there(query) == BOBS_RECORDS
    assert [word for word in HERS if word in await everything(journal, query)] == []


@ONE_DATABASE
async def test_d08_customer_of_very_many_tickets_is_forgotten_in_small_transactions(
    journal: Journal, query: Query
) -> None:
    tickets = [
        record(RecordKind.TICKET, f"t{n}", {KeyKind.CUSTOMER: "7"}, subject="zebra") for n in range(650)
    ]
    await read(journal, [ANNAS, *tickets], per_page=500)

    erased = await erase(journal)

    assert erased.proof.counts["synced"] == 651
    assert await there(query) == set()


async def test_d11_export_shows_what_the_copy_holds_of_a_person(
    journal: Journal, address: StoreAddress
) -> None:
    await read(journal, ALL)

    found = look(address, lambda tx: exported(tx, AS_TYPED))

    told = {each["id"]: each for each in found["records"]}
    assert set(told) == {"7", "70", "60", "700", "71"}
    assert told["7"]["data"]["name"] == "Zyxanna"
    assert told["7"]["document"]["text"] == "zebradocument"
    assert {"key": "former_id", "value": "6"} in told["7"]["known_by"]
    elsewhere = [(each["table"], each["key"][:3]) for each in found["mentioned_elsewhere"]]
    assert elsewhere == [
        ("synced", ["crm", "ticket", "80"]),
        ("synced_keys", ["crm", "ticket", "80"]),
    ]
    assert [word for word in BOBS if word in json.dumps(found)] == []
