"""Signing in to the pages: sessions, and how fast passwords can be tried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from batonpass.app.sign_in import FREE_TRIES, LONGEST_PAUSE, SESSION, NotEntered
from batonpass.store import Journal, StoreAddress, database_at
from fakes import FakeClock
from page_rig import PASSWORD
from signing import OLGA, entered, process


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(database_at(StoreAddress.file(tmp_path / "journal.db")), node="me")
    await made.open()
    yield made
    await made.close()


async def test_a_lead_may_not_edit(journal: Journal) -> None:
    signing = process(journal.database, FakeClock())

    visitor = await signing.visitor(await entered(signing, "lea"))

    assert visitor is not None
    assert not visitor.may_edit


async def test_a_session_ends_after_its_hours(journal: Journal) -> None:
    clock = FakeClock()
    signing = process(journal.database, clock)
    cookie = await entered(signing)

    clock.go_on(SESSION.total_seconds() - 1)
    assert await signing.visitor(cookie) is not None
    clock.go_on(1)
    assert await signing.visitor(cookie) is None


async def test_a_new_password_or_no_user_any_more_ends_the_session(journal: Journal) -> None:
    clock = FakeClock()
    cookie = await entered(process(journal.database, clock))
    changed = {"olga": OLGA.model_copy(update={"password_argon2": "$argon2id$v=19$other"})}

    assert await process(journal.database, clock, changed).visitor(cookie) is None
    assert await process(journal.database, clock, {}).visitor(cookie) is None


async def test_a03_a_cookie_that_was_changed_is_nobodys(journal: Journal) -> None:
    clock = FakeClock()
    signing = process(journal.database, clock)
    cookie = await entered(signing, "lea")
    name, started, nonce, signature = cookie.split(".")

    for changed in (
        f"olga.{started}.{nonce}.{signature}",
        f"{name}.{int(started) + 3600}.{nonce}.{signature}",
        f"{name}.{started}.{'A' * 22}.{signature}",
        f"{name}.{started}.{nonce}.{'0' * 64}",
        f"{name}.{started}.{nonce}",
        "",
        "." * 10_000,
    ):
        assert await signing.visitor(changed) is None
    assert await process(journal.database, clock, key=b"other").visitor(cookie) is None


async def test_an_unknown_name_is_answered_like_a_wrong_password(journal: Journal) -> None:
    signing = process(journal.database, FakeClock())

    assert await signing.enter("nobody", PASSWORD) == NotEntered()
    assert await signing.enter("olga", "wrong") == NotEntered()


async def test_a03_after_some_wrong_passwords_each_further_try_waits_longer(journal: Journal) -> None:
    clock = FakeClock()
    here, there = process(journal.database, clock), process(journal.database, clock)
    for _ in range(FREE_TRIES):
        assert await here.enter("olga", "wrong") == NotEntered()

    waits = []
    for _ in range(10):
        refused = await there.enter("olga", PASSWORD)
        assert isinstance(refused, NotEntered)
        waits.append(refused.seconds)
        clock.go_on(refused.seconds)
        assert await here.enter("olga", "wrong") == NotEntered()

    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (2, LONGEST_PAUSE)


async def test_who_has_waited_gets_in_with_the_right_password_and_begins_anew(journal: Journal) -> None:
    clock = FakeClock()
    signing = process(journal.database, clock)
    for _ in range(FREE_TRIES):
        await signing.enter("olga", "wrong")
    refused = await signing.enter("olga", PASSWORD)
    assert isinstance(refused, NotEntered)

    clock.go_on(refused.seconds)

    await entered(signing)
    assert await signing.enter("olga", "wrong") == NotEntered()
    await entered(signing)


async def test_wrong_passwords_are_forgiven_after_an_hour(journal: Journal) -> None:
    clock = FakeClock()
    signing = process(journal.database, clock)
    for _ in range(FREE_TRIES):
        await signing.enter("olga", "wrong")

    clock.go_on(timedelta(hours=1, seconds=1).total_seconds())

    await entered(signing)


@pytest.mark.parametrize("name", ["OLGA", " olga "], ids=["large", "spaced"])
async def test_a_name_is_known_however_it_is_typed(journal: Journal, name: str) -> None:
    await entered(process(journal.database, FakeClock()), name)
