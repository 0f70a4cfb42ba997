"""Forgetting what is old: each kind after its own time, never what is not over, whatever happens to the clock."""

from __future__ import annotations

from datetime import datetime

import pytest
import structlog

from batonpass.app.forgetting import Forgetting
from batonpass.app.watching import RetentionConfig
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.handoff import HandoffState, Plan
from batonpass.domain.ids import HandoffId
from batonpass.store import Installation, Journal, Retention
from batonpass.store.emptied import is_emptied
from batonpass.store.retention import HANDOFFS_AT_ONCE
from kept_people import (
    ALL,
    ANNA,
    HERS,
    NOW,
    Killed,
    KilledError,
    accepted,
    attempt,
    days,
    delivered,
    everything,
    lived,
    peopled,
    request,
)
from stores import Query

ONE_DATABASE = pytest.mark.parametrize("address", ["sqlite"], indirect=True)
"""Enough for what is decided above the tables."""

CONFIG = RetentionConfig()


class Forgets:
    """The job, as often as a test asks for it; between two runs no more time passes than its clock says."""

    def __init__(self, journal: Journal, config: RetentionConfig = CONFIG, database=None) -> None:
        used = database or journal.database
        self.installation = Installation(journal.database, node="me", name="me")
        self.job = Forgetting(config, Retention(used), self.installation)

    async def at(self, now: datetime) -> None:
        """As it is when the job has run every hour until then."""
        await self.installation.set_checkpoint("retention as of", str(int(now.timestamp() * 1000)), now)
        await self.job.run(now)


async def over(journal: Journal, *, at: datetime = NOW, ticket: str = "5") -> HandoffId:
    handoff_id = await accepted(journal, request(ANNA, "zebraword"), at=at)
    await lived(journal, handoff_id, ticket=ticket, value="zebrafact", said="zebracomment", at=at)
    return handoff_id


async def body_of(journal: Journal, handoff_id: HandoffId) -> HandoffRequest:
    stored = await journal.request(handoff_id)
    assert stored is not None
    return HandoffRequest.model_validate_json(stored.body)


@pytest.mark.parametrize(
    ("table", "kept_for"), [("deliveries", 35), ("inbox", 35), ("attempts", 90), ("handoffs", 1100)]
)
async def test_d10_each_kind_goes_when_its_days_are_over_and_not_before(
    journal: Journal, query: Query, table: str, kept_for: int
) -> None:
    await over(journal)
    await delivered(journal, b"{}", ticket=None, event_id="e")
    job = Forgets(journal)

    await job.at(NOW + days(kept_for))
    before = await query(f"SELECT count(*) FROM {table}")
    await job.at(NOW + days(kept_for + 0.1))

    assert before[0][0] != 0
    assert await query(f"SELECT count(*) FROM {table}") == [(0,)]


async def test_conversation_goes_after_a_year_and_its_handoff_stays(journal: Journal, query: Query) -> None:
    handoff_id = await over(journal)
    job = Forgets(journal)

    await job.at(NOW + days(365))
    before = await body_of(journal, handoff_id)
    await job.at(NOW + days(366))

    record = await journal.handoff(handoff_id)
    assert before.conversation.turns[0].text == "zebraword"
    assert is_emptied(await body_of(journal, handoff_id))
    assert record is not None
    assert (record.state, record.ticket_id, record.updated_at) == (HandoffState.RESOLVED, "5", NOW)
    assert [word for word in HERS if word in await everything(journal, query)] == []


async def test_d10_handoff_that_is_not_over_is_never_touched(journal: Journal, query: Query) -> None:
    waiting = await accepted(journal, request(ANNA, "zebraword"))
    (step,) = await journal.claim(ALL, now=NOW, most=9)
    await journal.postpone(step, until=NOW + days(1), attempt=attempt(step.name, "busy"), count_attempt=True)
    with_ticket = await accepted(journal, request(ANNA, "zebraword"))
    await lived(journal, with_ticket, ticket="6", value="zebrafact", state=HandoffState.ACCEPTED)
    before = await query("SELECT id, request, state FROM handoffs ORDER BY id")

    await Forgets(journal).at(NOW + days(5000))

    assert await query("SELECT id, request, state FROM handoffs ORDER BY id") == before
    assert {each[0] for each in before} == {waiting, with_ticket}
    for table in ("inbox", "steps", "attempts"):
        assert {each[0] for each in await query(f"SELECT handoff_id FROM {table}")} == {waiting, with_ticket}


@ONE_DATABASE
async def test_handoff_that_is_opened_again_counts_from_its_second_end(journal: Journal) -> None:
    handoff_id = await over(journal)
    again = NOW + days(364)
    await reopened(journal, handoff_id, HandoffState.ACCEPTED, again)
    await Forgets(journal).at(NOW + days(366))
    await reopened(journal, handoff_id, HandoffState.RESOLVED, NOW + days(367))

    await Forgets(journal).at(NOW + days(400))
    kept = await body_of(journal, handoff_id)
    await Forgets(journal).at(NOW + days(367 + 366))

    assert not is_emptied(kept)
    assert is_emptied(await body_of(journal, handoff_id))


async def reopened(journal: Journal, handoff_id: HandoffId, state: HandoffState, at: datetime) -> None:
    await delivered(journal, b"{}", ticket="5", event_id=f"to {state}", at=at)
    for step in await journal.claim(ALL, now=at, most=9):
        plan = Plan(state=state) if step.handoff_id == handoff_id else Plan()
        await journal.finish(
            step, result={}, plan=plan, attempt=attempt(step.name, "", at), now=at, followed_to=10**6
        )


@ONE_DATABASE
async def test_deleted_handoffs_count_no_more(journal: Journal) -> None:
    await over(journal)
    await over(journal, at=NOW + days(10), ticket="6")
    before = await journal.counts()

    await Forgets(journal).at(NOW + days(1101))

    assert (before, await journal.counts()) == ({"resolved": 2}, {"resolved": 1})


@ONE_DATABASE
async def test_d10_legal_hold_stops_all_of_it_and_says_so_once_a_day(journal: Journal, query: Query) -> None:
    await peopled(journal)
    job = Forgets(journal, RetentionConfig(legal_hold=True))
    tables = ("handoffs", "inbox", "steps", "attempts", "deliveries", "events", "life", "people")
    before = [await query(f"SELECT * FROM {table}") for table in tables]

    with structlog.testing.capture_logs() as logs:
        for hour in range(30):
            await job.at(NOW + days(5000 + hour / 24))

    assert [await query(f"SELECT * FROM {table}") for table in tables] == before
    assert [each["event"] for each in logs] == ["nothing_forgotten"] * 2


async def test_d10_job_killed_after_any_transaction_goes_on_at_its_next_run(
    journal: Journal, query: Query
) -> None:
    for n in range(3):
        await over(journal, ticket=str(n))
    recent = await over(journal, at=NOW + days(500), ticket="9")
    await delivered(journal, b"{}", ticket=None, event_id="e")
    for kills in range(1, 99):
        try:
            await Forgets(journal, database=Killed(journal.database, kills)).at(NOW + days(1101))
            break
        except KilledError:
            continue

    assert kills > 5
    assert await query("SELECT id FROM handoffs") == [(recent,)]
    assert await query("SELECT count(*) FROM deliveries") == [(0,)]
    assert is_emptied(await body_of(journal, recent))


@ONE_DATABASE
async def test_d10_clock_that_jumped_ahead_deletes_nothing_that_is_not_old(journal: Journal) -> None:
    handoff_id = await over(journal)
    job = Forgets(journal)
    await job.at(NOW + days(1))

    for hour in range(48):
        await job.job.run(NOW + days(3000 + hour / 24))

    assert not is_emptied(await body_of(journal, handoff_id))
    as_of = await Retention(journal.database).as_of(NOW + days(3))
    assert as_of <= NOW + days(6)


@ONE_DATABASE
async def test_d10_first_run_under_a_wrong_clock_goes_by_the_newest_thing_that_is_kept(
    journal: Journal,
) -> None:
    handoff_id = await over(journal)

    await Forgets(journal).job.run(NOW + days(3000))

    assert not is_emptied(await body_of(journal, handoff_id))


@ONE_DATABASE
async def test_d10_clock_set_back_takes_the_time_of_retention_with_it(journal: Journal) -> None:
    retention = Retention(journal.database)
    await Forgets(journal).at(NOW + days(30))

    assert await retention.as_of(NOW) == NOW


@ONE_DATABASE
async def test_after_a_standstill_it_catches_up(journal: Journal) -> None:
    await over(journal)
    job = Forgets(journal)
    await job.at(NOW + days(1))

    with structlog.testing.capture_logs() as logs:
        await job.job.run(NOW + days(11))
    for hour in range(1, 11 * 24):
        as_of = await Retention(journal.database).as_of(NOW + days(11 + hour / 24))

    assert [each["event"] for each in logs] == ["retention_behind"]
    assert as_of == NOW + days(11 + (11 * 24 - 1) / 24)


async def test_more_handoffs_than_one_transaction_takes(journal: Journal, query: Query) -> None:
    first = await over(journal)
    many = HANDOFFS_AT_ONCE + 5
    columns = "state, ai_agent, created_at, updated_at, mended, request, helpdesk"
    for n in range(many):
        await query(
            f"INSERT INTO handoffs (id, {columns}) SELECT CAST(? AS TEXT), {columns} FROM handoffs"
            " WHERE id = ? RETURNING id",
            f"more-{n:03}",
            first,
        )

    await Forgets(journal).at(NOW + days(366))
    bodies = await query("SELECT request FROM handoffs")
    await Forgets(journal).at(NOW + days(1101))

    assert len(bodies) == many + 1
    assert all(is_emptied(HandoffRequest.model_validate_json(body)) for (body,) in bodies)
    assert await query("SELECT count(*) FROM handoffs") == [(0,)]
