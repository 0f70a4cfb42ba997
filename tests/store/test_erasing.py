"""Erasing a person: gone from every table and from the file, and nobody else with her."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import pytest

from batonpass.app.forgetting import Forgetter, LegalHoldError
from batonpass.app.intake import Delivery, Intake
from batonpass.app.line import Place
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.event import Event, EventKind
from batonpass.domain.handoff import HandoffState, Lane, Plan, Reaction
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.store import Installation, Journal, NewDelivery, StoreAddress, database_at
from batonpass.store.emptied import is_emptied
from batonpass.store.erasing import Erasing, UnderWayError
from batonpass.store.erasures import canonical
from batonpass.store.mentions import Mentions
from batonpass.store.people import handoffs_of, is_suppressed, person
from batonpass.store.sweeping import SWEPT
from fakes import FakeClock
from kept_people import (
    ALL,
    ANNA,
    BOB,
    HERS,
    NEAR,
    NOW,
    STARTED,
    Killed,
    KilledError,
    accepted,
    attempt,
    days,
    everything,
    peopled,
    request,
    tables,
)
from stores import Query

ONE_DATABASE = pytest.mark.parametrize("address", ["sqlite"], indirect=True)
"""Enough for what is decided above the tables."""

CLOCK = FakeClock(NOW + days(1))


def forgetter(
    journal: Journal, *, legal_hold: bool = False, forgotten: list[HandoffId] | None = None
) -> Forgetter:
    return Forgetter(
        journal.database,
        Installation(journal.database, node="me", name="me"),
        CLOCK,
        legal_hold=legal_hold,
        forget=(forgotten if forgotten is not None else []).append,
        alone=not journal.database.is_shared,
    )


async def test_d08_erased_person_is_in_no_table_and_others_keep_theirs(
    journal: Journal, query: Query
) -> None:
    noted, unnoted, bobs = await peopled(journal)
    before = await everything(journal, query)

    erased = await forgetter(journal).erase(ANNA.lower(), cancel_open=False)

    left = await everything(journal, query)
    assert [word for word in (*HERS, *BOB, *NEAR) if word not in before] == []
    assert [word for word in HERS if word in left] == []
    assert not Mentions(ANNA).are_in(left)
    assert [word for word in (*BOB, *NEAR) if word not in left] == []
    assert {each.id for each in erased.theirs} == {noted, unnoted}
    assert {each.ticket_id for each in erased.theirs} == {"5", "6"}
    assert bobs in left


async def test_d08_every_table_is_looked_through_or_has_nobodys_words(journal: Journal, query: Query) -> None:
    nobodys = {
        "nodes",
        "ticks",
        "tallies",
        "people",
        "suppressed",
        "erasures",
        "mapping_versions",
        "landings",
        "synced_people",
        "synced_changes",
        "migrations",
        "_sqlite_migrations",
    }

    found = set(await tables(journal, query))

    assert found - nobodys == {table.name for table in SWEPT}


@ONE_DATABASE
async def test_d08_what_is_left_of_a_handoff_still_reads_and_tells_its_ticket(journal: Journal) -> None:
    noted, _, _ = await peopled(journal)

    await forgetter(journal).erase(ANNA, cancel_open=False)

    record, stored = await journal.handoff(noted), await journal.request(noted)
    assert record is not None
    assert stored is not None
    asked = HandoffRequest.model_validate_json(stored.body)
    assert is_emptied(asked)
    assert (asked.reason.code, asked.conversation.language) == ("billing_dispute", "de")
    assert (record.state, record.ticket_id, record.life[0].score) == (HandoffState.RESOLVED, "5", 0.2)
    gathered, opened = record.result_of("gather_facts"), record.result_of("open_ticket")
    assert gathered is not None
    assert opened is not None
    assert [fact["name"] for fact in gathered["reports"][0]["facts"]] == ["plan"]
    assert (opened["fields"][0]["name"], opened["fields"][0]["value"]) == ("Company", "")
    assert await journal.counts() == {"resolved": 3}


async def test_d08_proof_has_no_data_and_its_digest_is_over_what_it_states(
    journal: Journal, query: Query
) -> None:
    await peopled(journal)

    erased = await forgetter(journal).erase(ANNA, cancel_open=False)

    proof = erased.proof.as_json()
    digest = proof.pop("sha256")
    assert hashlib.sha256(canonical(proof)).hexdigest() == digest
    assert not Mentions(ANNA).are_in(json.dumps(proof))
    assert proof["counts"]["deliveries"] == 4
    assert proof["counts"]["handoffs"] == 3
    kept = await query("SELECT id, done_at FROM erasures")
    assert kept == [(proof["id"], int((NOW + days(1)).timestamp() * 1000))]


@ONE_DATABASE
async def test_d08_erased_person_is_marked_so_that_nothing_brings_them_back(journal: Journal) -> None:
    await peopled(journal)
    pepper = await Installation(journal.database, node="me", name="me").pepper(NOW)

    await forgetter(journal).erase(ANNA, cancel_open=False)

    who = person(pepper, ANNA)
    assert await journal.database.run(lambda tx: is_suppressed(tx, who))
    assert await journal.database.run(lambda tx: handoffs_of(tx, who)) == []
    assert not await journal.database.run(lambda tx: is_suppressed(tx, person(pepper, NEAR[0])))


async def test_d08_open_handoff_is_in_the_way_until_it_is_cancelled(journal: Journal, query: Query) -> None:
    noted, _, _ = await peopled(journal, state=HandoffState.ACCEPTED)
    before = await everything(journal, query)

    with pytest.raises(UnderWayError, match=noted):
        await forgetter(journal).erase(ANNA, cancel_open=False)
    untouched = await everything(journal, query)
    erased = await forgetter(journal).erase(ANNA, cancel_open=True)

    assert all(word in untouched for word in HERS if word in before)
    assert erased.cancelled == (noted,)
    record = await journal.handoff(noted)
    assert record is not None
    assert record.state is HandoffState.ABANDONED
    assert [
        each for each in await journal.claim(ALL, now=CLOCK.now(), most=99) if each.handoff_id == noted
    ] == []
    assert [word for word in HERS if word in await everything(journal, query)] == []


@ONE_DATABASE
async def test_d08_step_under_way_cannot_be_cancelled_at_that_moment(journal: Journal) -> None:
    asking = await accepted(journal, request(ANNA, "zebraword"), at=CLOCK.now())
    await journal.claim(ALL, now=CLOCK.now(), most=9)

    with pytest.raises(UnderWayError, match="again in a minute"):
        await forgetter(journal).erase(ANNA, cancel_open=True)

    record = await journal.handoff(asking)
    assert record is not None
    assert record.state is HandoffState.REQUESTED


@ONE_DATABASE
async def test_d10_legal_hold_wins_over_erasure(journal: Journal, query: Query) -> None:
    await peopled(journal)
    before = await everything(journal, query)

    with pytest.raises(LegalHoldError):
        await forgetter(journal, legal_hold=True).erase(ANNA, cancel_open=True)

    assert await everything(journal, query) == before


@ONE_DATABASE
async def test_d08_what_is_in_memory_of_their_handoffs_is_forgotten_too(journal: Journal) -> None:
    noted, unnoted, bobs = await peopled(journal)
    forgotten: list[HandoffId] = []

    await forgetter(journal, forgotten=forgotten).erase(ANNA, cancel_open=False)

    assert {noted, unnoted, bobs} <= set(forgotten)


@ONE_DATABASE
async def test_nothing_more_is_done_for_a_handoff_once_it_is_cancelled(journal: Journal) -> None:
    asking = await accepted(journal, request(ANNA, "zebraword"))
    pepper = await Installation(journal.database, node="me", name="me").pepper(NOW)
    erasing = Erasing(journal.database, pepper=pepper, email=ANNA, forget=lambda _: None)
    await erasing.find(NOW)

    cancelled = await erasing.cancel(NOW)

    assert cancelled == [asking]
    assert await journal.claim(ALL, now=NOW + days(1), most=9) == []
    assert await journal.counts() == {"abandoned": 1}


async def test_d08_erasure_killed_after_any_transaction_goes_on_when_it_is_run_again(
    journal: Journal, query: Query
) -> None:
    await peopled(journal)
    pepper = await Installation(journal.database, node="me", name="me").pepper(NOW)
    kills = 0

    while True:
        database = Killed(journal.database, after=2 + kills)
        erasing = Erasing(database, pepper=pepper, email=ANNA, forget=lambda _: None)
        try:
            proof = await erasing.erase(CLOCK.now(), clock=CLOCK.now)
            break
        except KilledError:
            kills += 1

    left = await everything(journal, query)
    assert kills > 5
    assert [word for word in HERS if word in left] == []
    assert not Mentions(ANNA).are_in(left)
    assert await query("SELECT count(*) FROM erasures") == [(1,)]
    assert (proof.counts["handoffs"], proof.counts["deliveries"]) == (3, 4)


@ONE_DATABASE
async def test_d08_handoff_that_comes_during_the_erasure_is_new_business(journal: Journal) -> None:
    await peopled(journal)
    pepper = await Installation(journal.database, node="me", name="me").pepper(NOW)
    later = await accepted(journal, request(ANNA, "I am back"), pepper=pepper, at=CLOCK.now() + days(1))

    erasing = Erasing(journal.database, pepper=pepper, email=ANNA, forget=lambda _: None)
    await erasing.erase(CLOCK.now(), clock=CLOCK.now)

    stored = await journal.request(later)
    assert stored is not None
    assert b"I am back" in stored.body
    assert Mentions(ANNA).are_in(stored.body)


async def test_d08_bytes_are_gone_from_the_files_of_sqlite(sqlite_address: StoreAddress) -> None:
    journal = Journal(database_at(sqlite_address), node="me")
    await journal.open()
    await peopled(journal)
    assert sqlite_address.path is not None
    files = [sqlite_address.path, sqlite_address.path.with_name(sqlite_address.path.name + "-wal")]
    before = b"".join(file.read_bytes() for file in files)

    await forgetter(journal).erase(ANNA, cancel_open=False)
    during = b"".join(file.read_bytes() for file in files if file.exists())
    await journal.close()

    after = b"".join(file.read_bytes() for file in sqlite_address.path.parent.iterdir())
    assert all(word.encode() in before for word in HERS)
    assert [word for word in HERS if word.encode() in during] == []
    assert [word for word in HERS if word.encode() in after] == []
    assert not Mentions(ANNA).are_in(after)
    assert BOB[0].encode() in after


async def test_d08_bytes_are_gone_while_a_server_has_the_file_open(sqlite_address: StoreAddress) -> None:
    journal = Journal(database_at(sqlite_address), node="me")
    await journal.open()
    await peopled(journal)
    served = Forgetter(
        journal.database, Installation(journal.database, node="me", name="me"), CLOCK, legal_hold=False
    )

    await served.erase(ANNA, cancel_open=False)

    assert sqlite_address.path is not None
    kept = b"".join(file.read_bytes() for file in sqlite_address.path.parent.iterdir())
    assert [word for word in HERS if word.encode() in kept] == []
    await journal.close()


async def test_person_of_a_ticket_that_asks_is_noted_when_its_conversation_is_read(journal: Journal) -> None:
    pepper = await Installation(journal.database, node="me", name="me").pepper(NOW)
    event = Event(kind=EventKind.HANDOFF_ASKED, id="e", subject_id="5", at=NOW, vendor_kind="v", actor_id="7")
    asks = NewDelivery(connection="zendesk", body=None, received_at=NOW, events=(event,))
    begun = await journal.receive(asks, reacts=lambda event, known: Reaction.START, started=STARTED)
    (step,) = await journal.claim(ALL, now=NOW, most=9)

    read = json.dumps(request(ANNA, "zebraword")).encode()
    await journal.finish(step, result={}, plan=Plan(), attempt=attempt(step.name, ""), now=NOW, request=read)

    assert await journal.database.run(lambda tx: handoffs_of(tx, person(pepper, ANNA))) == [*begun.started]


class NoLine:
    """Nobody waits."""

    def place(self, ai_agent: str, request: HandoffRequest, now: datetime) -> Place:
        return Place(lane=Lane.LIVE, rank=0, say=None)


@ONE_DATABASE
async def test_person_is_noted_when_their_handoff_is_accepted(journal: Journal) -> None:
    pepper = await Installation(journal.database, node="me", name="me").pepper(NOW)
    intake = Intake(
        journal,
        CLOCK,
        helpdesk="zendesk",
        new_id=new_handoff_id,
        wake=lambda: None,
        line=NoLine(),
        pepper=pepper,
    )

    answer = await intake.accept(Delivery(ai_agent="bot", body=json.dumps(request(ANNA, "hello")).encode()))
    await intake.accept(Delivery(ai_agent="bot", body=json.dumps(request(None, "hello")).encode()))

    noted = await journal.database.run(lambda tx: handoffs_of(tx, person(pepper, ANNA.upper())))
    assert noted == [answer.outcome.handoff_id]
