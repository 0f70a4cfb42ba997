"""Signing in to the pages, over both stores: what several processes must agree on."""

from __future__ import annotations

import asyncio

from batonpass.app.sign_in import FREE_TRIES, NotEntered
from batonpass.store import Journal
from fakes import FakeClock
from signing import entered, process


async def test_a_session_is_known_to_every_process_of_the_installation(journal: Journal) -> None:
    clock = FakeClock()

    cookie = await entered(process(journal.database, clock))

    visitor = await process(journal.database, clock).visitor(cookie)
    assert visitor is not None
    assert (visitor.name, visitor.may_edit) == ("olga", True)


async def test_signing_out_ends_every_session_of_the_user_in_every_process(journal: Journal) -> None:
    clock = FakeClock()
    here, there = process(journal.database, clock), process(journal.database, clock)
    cookie, other = await entered(here), await entered(there)
    lea = await entered(here, "lea")
    visitor = await here.visitor(cookie)
    assert visitor is not None

    await here.leave(visitor)

    assert await there.visitor(cookie) is None
    assert await here.visitor(other) is None
    assert await there.visitor(lea) is not None


async def test_tries_at_once_are_counted_one_by_one(journal: Journal) -> None:
    here, there = (process(journal.database, FakeClock()) for _ in range(2))

    outcomes = await asyncio.gather(
        *(each.enter("olga", "wrong") for each in (here, there) for _ in range(FREE_TRIES))
    )

    looked_at = [each for each in outcomes if each == NotEntered()]
    assert len(looked_at) == FREE_TRIES


async def test_made_up_names_do_not_fill_the_store(journal: Journal) -> None:
    signing = process(journal.database, FakeClock(), users={})
    for number in range(300):
        await signing.enter(f"nobody-{number}", "wrong")

    kept = await journal.database.run(
        lambda tx: tx.rows("SELECT count(*) FROM checkpoints WHERE name LIKE ?", ("sign_in:%",))
    )

    assert kept[0][0] <= 256
