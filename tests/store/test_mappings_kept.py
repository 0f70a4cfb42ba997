"""Versions of mappings, and what became of the values for fields: on both databases."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from batonpass.app.planning.versions import Versions
from batonpass.domain.handoff import AttemptRecord, Plan, StepKind
from batonpass.domain.landing import Fate, Landing
from batonpass.store import Installation, Journal, Retention, StaleClaimError, landings, past
from batonpass.store.instants import to_ms
from batonpass.store.mapping_versions import Layer
from fakes import FakeClock
from filled_stores import NOW, hand_over
from stores import Query

TEXT = (Layer(file="mappings/desk.toml", text='[ticket]\nsubject = "ü"\n'),)


async def test_a_version_is_kept_once_however_often_it_is_seen(journal: Journal) -> None:
    clock = FakeClock(NOW)
    versions = Versions(journal.database, clock)

    told = await asyncio.gather(*(versions.keep("desk", "a1", TEXT) for _ in range(8)))
    await versions.keep("desk", "b2", TEXT, put_by="ada")
    await versions.keep("desk", "a1", TEXT)

    assert sorted(told) == [False] * 7 + [True]
    history = await versions.history("desk")
    assert [(each.version, each.put_by) for each in history] == [
        ("a1", "file"),
        ("b2", "ada"),
        ("a1", "file"),
    ]
    assert history[0].layers == TEXT
    assert await versions.history("crm") == []
    assert await versions.version("desk", "zz") is None


async def test_retention_forgets_versions_that_were_replaced_and_never_the_one_in_force(
    journal: Journal, retention: Retention
) -> None:
    clock = FakeClock(NOW)
    versions = Versions(journal.database, clock)
    for version in ("a1", "b2", "c3"):
        await versions.keep("desk", version, TEXT)
        clock.go_on(86_400)
    await versions.keep("crm", "old", TEXT)

    await retention.forget_mappings(before=NOW + timedelta(days=1, seconds=1))

    assert [each.version for each in await versions.history("desk")] == ["c3", "b2"]
    await retention.forget_mappings(before=NOW + timedelta(days=900))
    assert [each.version for each in await versions.history("desk")] == ["c3"]
    assert [each.version for each in await versions.history("crm")] == ["old"]


FATES = (Landing(field="Tier", fate=Fate.SENT), Landing(field="Tier", fate=Fate.DROPPED))


async def test_what_landed_is_counted_once_though_the_step_is_done_twice(journal: Journal) -> None:
    await hand_over(journal)
    (step,) = await journal.claim([StepKind.GATHER_FACTS], now=NOW, most=1)
    attempt = AttemptRecord(step=step.name, number=1, started_at=NOW, seconds=0.1, outcome="done")

    await journal.finish(step, result={}, plan=Plan(), attempt=attempt, now=NOW, landings=FATES)
    try:
        await journal.finish(step, result={}, plan=Plan(), attempt=attempt, now=NOW, landings=FATES)
    except StaleClaimError:
        repeated = False

    (found,) = await journal.database.run(lambda tx: landings.since(tx, 0))
    assert not repeated
    assert (found.connection, found.field, found.day) == ("zendesk", "Tier", NOW.date())
    assert (found.counts[Fate.SENT], found.counts[Fate.DROPPED], found.counts[Fate.LANDED]) == (1, 1, 0)


async def test_sums_are_the_same_before_and_after_they_are_summed_up(journal: Journal, query: Query) -> None:
    database, day = journal.database, 86_400_000
    for number in range(30):
        at = to_ms(NOW) + (number % 3) * day
        await database.run(lambda tx, at=at: landings.add(tx, "desk", FATES, at))
    before = await database.run(lambda tx: landings.since(tx, 0))

    await Installation(database, node="n", name="n").tidy(NOW)

    rows = await query("SELECT count(*) FROM landings")
    assert await database.run(lambda tx: landings.since(tx, 0)) == before
    assert rows == [(12,)]
    assert [each.day for each in before] == [date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 23)]


async def test_retention_forgets_the_counts_of_old_days(journal: Journal, retention: Retention) -> None:
    await journal.database.run(lambda tx: landings.add(tx, "desk", FATES, to_ms(NOW)))

    await retention.forget_mappings(before=NOW + timedelta(hours=1))
    kept = await journal.database.run(lambda tx: landings.since(tx, 0))
    await retention.forget_mappings(before=NOW + timedelta(days=1))

    assert len(kept) == 1
    assert await journal.database.run(lambda tx: landings.since(tx, 0)) == []


async def test_a_past_handoff_whose_conversation_is_gone_cannot_be_tried(journal: Journal) -> None:
    await hand_over(journal, 3)

    found = await journal.database.run(lambda tx: past.newest(tx, helpdesk="zendesk", most=9))

    assert found == []  # `{}` is no request that anything can be made of
