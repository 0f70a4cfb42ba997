"""The copy of Intercom's records: whole whatever stops it, and it tells what Intercom tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from intercom_reading import BY_NAME, HOUR, a_round, reading
from intercom_rig import Desk, connected

from batonpass.domain.conversation import Identity
from batonpass.domain.facts import Person
from batonpass.domain.synced import RecordKind
from batonpass.store import Journal, StoreAddress, SyncBook, database_at
from batonpass.sync import DONE, Ended, Progress, Reader
from batonpass.testing.contract.syncing import MemoryCopy
from batonpass.transport import open_sockets

# Facts from the copy --------------------------------------------------------------------------------------------------------


PEOPLE: dict[str, Callable[[str], Person]] = {
    "by e-mail": lambda _: Person(email="Mia.Keller@example.com", folds_case=True),
    "by our id": lambda id_: Person(external_ids=(("intercom", id_),)),
    "by the account's id": lambda _: Person(external_ids=(("support", "user-7"),)),
    "by phone": lambda _: Person(name="Keller, Mia", phone="+4930901820", phones=("+4930901820",)),
    "nobody": lambda _: Person(email="mia.keller@elsewhere.example"),
    "no key": lambda _: Person(name="Mia Keller"),
    "two": lambda _: Person(email="twins@example.com", identity=Identity.VERIFIED),
}


@pytest.mark.parametrize("who", PEOPLE)
async def test_the_copy_means_whom_intercom_means_and_tells_the_same(who: str):
    async with reading() as made:
        emulator = made.emulator
        mia = next(each for each in emulator.account.contacts.values() if each.name == "Mia Keller")
        mia.phone, mia.external_id = "+4930901820", "user-7"
        emulator.add_contact("Anna", "twins@example.com", role="lead")
        emulator.add_contact("Berta", "twins@example.com", role="lead")
        admin = next(each for each in emulator.account.admins.values() if each.has_inbox_seat)
        for place in range(3):
            made.clock.go_on(60)
            emulator.desk.open_ticket(mia, title=f"Refund {place}", description="", attributes={})
            untitled = emulator.desk.start_conversation(mia, f"Where is <it> {place}?")
        emulator.desk.set_open(untitled, "closed", admin)
        person = PEOPLE[who](mia.id)
        copy = MemoryCopy(made.clock.now() - timedelta(minutes=5))
        for stream in ("contacts", "conversations", "tickets"):
            copy.keep((await a_round(made, stream))[0])

        told = await made.intercom.facts_about(person, ())
        calls = len(emulator.calls)
        kept = await made.intercom.facts_from_copy(copy, person, ())

        assert len(emulator.calls) == calls
    assert (kept.standing, kept.matched_by, kept.matches) == (told.standing, told.matched_by, told.matches)
    assert [(each.name, each.value) for each in kept.facts] == [
        (each.name, each.value) for each in told.facts
    ]
    assert kept.contacts == told.contacts
    assert {each.as_of for each in kept.facts} <= {copy.now}


# Into the store -------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[SyncBook]:
    journal = Journal(database_at(StoreAddress.file(tmp_path / "journal.db")), node="me")
    await journal.open()
    yield SyncBook(journal.database, node="me")
    await journal.close()


async def synced(
    made: Desk, book: SyncBook, stream: str, *, killed: bool = False, name: str = "support"
) -> Ended | None:
    """By a process of its own; `killed` once it has kept one page."""
    running: list[asyncio.Task[Ended]] = []

    def tell(progress: Progress) -> None:
        del progress
        if killed:
            running[0].cancel()

    async def sleep(seconds: float) -> None:
        made.clock.go_on(seconds)

    async with open_sockets() as http:
        port = connected(made.emulator, made.url, http, made.clock)
        reader = Reader(name, port, book, clock=made.clock, tell=tell, sleep=sleep)
        running.append(asyncio.create_task(reader.run(BY_NAME[stream])))
        (ended,) = await asyncio.gather(*running, return_exceptions=True)
    return ended if isinstance(ended, Ended) else None


async def copied(book: SyncBook, kind: RecordKind, name: str = "support") -> dict[str, Any]:
    found, last = {}, ""
    while some := await book.after(name, kind, last):
        found |= {each.id: (each.changed_at, each.columns, each.document) for each in some}
        last = some[-1].id
    return found


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        ("companies", RecordKind.COMPANY),
        ("contacts", RecordKind.CUSTOMER),
        ("conversations", RecordKind.TICKET),
    ],
)
async def test_l08_whoever_is_killed_after_each_page_has_a_whole_copy_in_the_end(
    book: SyncBook, stream: str, kind: RecordKind
):
    async with reading() as made:
        known = set(made.emulator.fill(stream, 430))
        made.clock.go_on(HOUR)

        deaths = [await synced(made, book, stream, killed=True) for _ in range(4)]
        ended = await synced(made, book, stream)

        assert ended is not None
        assert ended.ended_as == DONE, ended.detail
    assert deaths[0] is None
    assert known <= set(await copied(book, kind))


@pytest.mark.parametrize(
    ("stream", "kind"), [("contacts", RecordKind.CUSTOMER), ("tickets", RecordKind.TICKET)]
)
async def test_a_round_of_changes_and_one_of_everything_end_in_the_same_copy(
    book: SyncBook, stream: str, kind: RecordKind
):
    async with reading() as made:
        known = made.emulator.fill(stream, 250)
        made.clock.go_on(HOUR)
        await synced(made, book, stream)
        made.clock.go_on(HOUR)
        for each in (known[3], known[200]):
            made.emulator.touch(stream, each)
        (new,) = made.emulator.fill(stream, 1)
        made.clock.go_on(HOUR)

        changes = await synced(made, book, stream)
        await synced(made, book, stream, name="again")

    assert changes is not None
    assert changes.counts["read"] == 3
    assert new in await copied(book, kind)
    assert await copied(book, kind) == await copied(book, kind, "again")
