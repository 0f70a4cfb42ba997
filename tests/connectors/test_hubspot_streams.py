"""HubSpot's records read in bulk: complete by the list, changes by search, each past the vendor's own ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hubspot import HubSpot
from hubspot.crm.associations import v4
from hubspot_rig import ELENA, MIA, TOM, a_desk, a_draft, connected, desk, rules, values

from batonpass.domain.errors import RetryLaterError
from batonpass.domain.facts import FactRule, Person, Standing
from batonpass.domain.synced import KeptRecord, Key, KeyKind, Record, RecordKind
from batonpass.domain.ticket import TicketKey
from batonpass.ports import Connecting, Page, Round, Streams
from batonpass.testing.contract.syncing import MemoryCopy
from batonpass.testing.serving import served_in_thread
from batonpass.transport import Transport
from batonpass_hubspot import HubSpotSettings, connect, dividing, syncing
from batonpass_hubspot.adapter import HubSpotFacts
from batonpass_hubspot.emulated_schema import CONTACTS, DEALS, TICKETS
from batonpass_hubspot.emulator import ACCESS_TOKEN, HubSpotEmulator
from batonpass_hubspot.searching import Pace
from fakes import NOON, FakeClock

AN_HOUR = 3600


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still here."""
    monkeypatch.setattr(syncing, "PACE", 0.0)


def an_account(page: int = 200, window: int = 10_000) -> HubSpotEmulator:
    """One that counts no searches."""
    emulator = HubSpotEmulator.with_sample_account(clock=FakeClock())
    emulator.search_limits.per_second = 100_000
    emulator.search_limits.longest_page, emulator.search_limits.most_results = page, window
    return emulator


async def planned(
    port: Streams, emulator: HubSpotEmulator, stream: str, position: str | None = None, **more: Any
) -> Round:
    options: dict[str, Any] = {"since": None, "most_slices": 1, **more}
    return await port.begin_round(stream, position, now=emulator.clock.now(), **options)


async def pages_of(
    port: Streams, stream: str, round_: Round, asked: Sequence[FactRule] = ()
) -> list[list[Page]]:
    """By slices."""
    found = []
    for part in round_.slices:
        async with aclosing(port.pages(stream, part, None, rules=asked)) as pages:  # type: ignore[type-var]
            found.append([page async for page in pages])
    return found


async def read(
    port: Streams,
    emulator: HubSpotEmulator,
    stream: str,
    position: str | None = None,
    asked: Sequence[FactRule] = (),
    **more: Any,
) -> tuple[list[Record], str]:
    """The records of a round, and where the next one begins."""
    round_ = await planned(port, emulator, stream, position, **more)
    found = await pages_of(port, stream, round_, asked)
    assert round_.position is not None
    return [each for pages in found for page in pages for each in page.records], round_.position


def by_id(records: Sequence[Record]) -> dict[str, Record]:
    return {each.id: each for each in records}


def the_keys(record: Record, kind: KeyKind) -> list[str]:
    return [each.value for each in record.keys if each.kind is kind]


async def copy_of(port: HubSpotFacts, emulator: HubSpotEmulator, asked: Sequence[FactRule]) -> MemoryCopy:
    copy = MemoryCopy(emulator.clock.now())
    for stream in port.streams():
        round_ = await planned(port, emulator, stream.name)
        for pages in await pages_of(port, stream.name, round_, asked):
            for page in pages:
                copy.keep(page.records)
    return copy


# What has changed ---------------------------------------------------------------------------------------------------


@pytest.mark.proof
async def test_v31_more_than_ten_thousand_changes_of_one_instant_are_all_given_and_the_list_ends():
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        _, position = await read(crm, emulator, CONTACTS)
        emulator.clock.go_on(AN_HOUR / 2)
        ids = emulator.fill(CONTACTS, 10_050)
        emulator.clock.go_on(AN_HOUR / 4)
        searches = emulator.calls.count("contacts.search")

        found, _ = await read(crm, emulator, CONTACTS, position)

    given = Counter(each.id for each in found)
    assert set(given) >= set(ids)
    assert max(given.values()) <= 2
    assert emulator.calls.count("contacts.search") - searches <= 10_050 / 200 + 4


@pytest.mark.parametrize("together", [2, 3, 7])
async def test_v31_whoever_breaks_off_between_changes_of_one_instant_misses_none(together: int):
    emulator = an_account(page=3, window=6)
    async with connected(emulator, clock=emulator.clock) as crm:
        emulator.clock.go_on(AN_HOUR)
        ids = set[str]()
        for number in (2, together, 2):
            emulator.clock.go_on(5)
            ids |= set(emulator.fill(DEALS, number))
        emulator.clock.go_on(AN_HOUR)
        round_ = await planned(crm, emulator, DEALS, since=NOON + timedelta(minutes=30))
        found: list[str] = []

        cursor: str | None = None
        for _ in range(30):
            page = await anext(crm.pages(DEALS, round_.slices[0], cursor, rules=()))
            found += [each.id for each in page.records]
            cursor = page.cursor
            if cursor is None:
                break

    assert cursor is None
    assert set(found) == ids
    assert max(Counter(found).values()) <= 3


async def test_v31_contacts_change_by_another_property_than_all_others():
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        emulator.clock.go_on(AN_HOUR)
        changed = {kind: emulator.fill(kind, 2)[1] for kind in ("companies", CONTACTS, DEALS)}
        emulator.clock.go_on(AN_HOUR)
        since = emulator.clock.now()
        for kind, record in changed.items():
            emulator.touch(kind, record)

        found = {kind: await read(crm, emulator, kind, since=since) for kind in changed}

    assert {kind: [each.id for each in told] for kind, (told, _) in found.items()} == {
        kind: [record] for kind, record in changed.items()
    }


async def test_v10_a_change_that_the_index_does_not_know_yet_is_given_by_the_next_round():
    emulator = an_account()
    emulator.search_lag = 60.0
    async with connected(emulator, clock=emulator.clock) as crm:
        _, position = await read(crm, emulator, CONTACTS)
        emulator.clock.go_on(AN_HOUR)
        (new,) = emulator.fill(CONTACTS, 1)

        too_soon, position = await read(crm, emulator, CONTACTS, position)
        emulator.clock.go_on(AN_HOUR / 4)
        later, _ = await read(crm, emulator, CONTACTS, position)

    assert new not in by_id(too_soon)
    assert new in by_id(later)


async def test_v10_a_change_that_is_indexed_late_and_out_of_order_is_given_by_a_later_round():
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        _, position = await read(crm, emulator, CONTACTS)
        emulator.clock.go_on(AN_HOUR)
        late, first = emulator.fill(CONTACTS, 2)
        hidden = emulator.account.records[CONTACTS, late]
        hidden.updated_at += timedelta(days=1)  # not in the index
        emulator.clock.go_on(30)
        emulator.touch(CONTACTS, first)
        some, position = await read(crm, emulator, CONTACTS, position)
        emulator.clock.go_on(10)
        same, position = await read(crm, emulator, CONTACTS, position)
        hidden.updated_at -= timedelta(days=1)
        emulator.clock.go_on(AN_HOUR / 4)

        found, position = await read(crm, emulator, CONTACTS, position)
        emulator.clock.go_on(AN_HOUR / 4)
        nothing, _ = await read(crm, emulator, CONTACTS, position)

    assert late not in by_id(some)
    assert late not in by_id(same)
    assert late in by_id(found)
    assert nothing == []


@pytest.mark.parametrize("minutes", [-10, 10], ids=["slow", "fast"])
async def test_v33_a_clock_of_hubspots_that_is_wrong_by_minutes_loses_no_change(minutes: int):
    emulator = an_account()
    ours = FakeClock(at=NOON - timedelta(minutes=minutes))
    found = set[str]()
    changed = set[str]()
    async with connected(emulator, clock=ours) as crm:
        round_ = await planned(crm, emulator, CONTACTS)
        emulator.clock.go_on(1)
        for _ in range(6):
            changed |= set(emulator.fill(CONTACTS, 1))
            for clock in (emulator.clock, ours):
                clock.go_on(30)
            round_ = await crm.begin_round(
                CONTACTS, round_.position, since=None, now=ours.now(), most_slices=1
            )
            for pages in await pages_of(crm, CONTACTS, round_):
                found |= {each.id for page in pages for each in page.records}

    assert found == changed


async def test_v33_a_record_that_says_it_was_changed_in_the_future_hides_no_change():
    emulator = an_account()
    (odd,) = emulator.fill(CONTACTS, 1)
    emulator.account.records[CONTACTS, odd].properties["lastmodifieddate"] = "2099-01-01T00:00:00.000Z"
    async with connected(emulator, clock=emulator.clock) as crm:
        _, position = await read(crm, emulator, CONTACTS)
        given = []
        for _ in range(3):
            emulator.clock.go_on(AN_HOUR / 4)
            (new,) = emulator.fill(CONTACTS, 1)
            found, position = await read(crm, emulator, CONTACTS, position)
            given.append(new in by_id(found))

    assert given == [True, True, True]


async def test_a_round_right_after_a_complete_one_gives_only_what_has_changed_since():
    emulator = an_account()
    emulator.fill(CONTACTS, 300)
    async with connected(emulator, clock=emulator.clock) as crm:
        _, position = await read(crm, emulator, CONTACTS)
        emulator.clock.go_on(1)
        (new,) = emulator.fill(CONTACTS, 1)

        found, _ = await read(crm, emulator, CONTACTS, position)

    assert [each.id for each in found] == [new]


@pytest.mark.parametrize("position", ["", "[]", '{"changed":1}', "rubbish"])
async def test_a_position_that_nobody_can_read_is_none_so_that_everything_is_read(position: str):
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        round_ = await planned(crm, emulator, CONTACTS, position)

    assert round_.complete


async def test_all_streams_together_keep_below_five_searches_a_second():
    clock = FakeClock()
    sent: list[float] = []

    async def sleep(seconds: float) -> None:
        clock.go_on(seconds)

    pace = Pace(clock)
    for _ in range(4):
        await pace.wait(0.22, sleep, at_once=4)
        sent.append(clock.passed)
    for _ in range(20):
        await pace.wait(0.22, sleep)
        sent.append(clock.passed)

    assert sent[:4] == [0, 0, 0, 0]
    assert all(later - sooner > 1 for sooner, later in zip(sent, sent[5:], strict=False))
    assert sent[-1] <= 24 * 0.22


# All records --------------------------------------------------------------------------------------------------------


async def test_a_complete_round_is_read_in_parts_of_the_same_size_that_share_the_records():
    emulator = an_account()
    emulator.fill(CONTACTS, 4_200)
    async with connected(emulator, clock=emulator.clock) as crm:
        round_ = await planned(crm, emulator, CONTACTS, most_slices=4)
        found = await pages_of(crm, CONTACTS, round_)

    given = [[each.id for page in pages for each in page.records] for pages in found]
    assert round_.complete
    assert [len(each) for each in given] == [1050, 1051, 1051, 1051]
    assert [pages[0].total for pages in found] == [len(each) for each in given]
    assert {each for part in given for each in part} == {
        each.id for each in emulator.account.of_kind(CONTACTS)
    }
    assert emulator.calls.count("contacts.list") <= 42 + 4


async def test_parts_of_a_list_in_another_order_are_complete_all_the_same():
    emulator = an_account()
    emulator.fill(CONTACTS, 2_100)
    emulator.listing.by_id = False
    async with connected(emulator, clock=emulator.clock) as crm:
        round_ = await planned(crm, emulator, CONTACTS, most_slices=4)
        found = await pages_of(crm, CONTACTS, round_)

    given = [each.id for pages in found for page in pages for each in page.records]
    assert len(round_.slices) == 2
    assert sorted(given) == sorted(each.id for each in emulator.account.of_kind(CONTACTS))


async def test_parts_reach_over_more_records_than_a_search_gives(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dividing, "FEWEST_IN_A_PART", 100)
    monkeypatch.setattr(dividing, "REACH", 99)
    emulator = an_account(window=100)
    emulator.fill(CONTACTS, 500)
    async with connected(emulator, clock=emulator.clock) as crm:
        round_ = await planned(crm, emulator, CONTACTS, most_slices=4)
        found = await pages_of(crm, CONTACTS, round_)

    given = [len([each for page in pages for each in page.records]) for pages in found]
    assert (len(given), sum(given)) == (4, 503)
    assert (given[0], given[-1]) == (99, 99)
    assert emulator.calls.count("contacts.search") <= 4


async def test_where_search_is_busy_a_complete_round_is_read_in_one_part():
    emulator = an_account()
    emulator.fill(CONTACTS, 2_100)
    emulator.search_limits.per_second = 0
    async with connected(emulator, clock=emulator.clock) as crm:
        round_ = await planned(crm, emulator, CONTACTS, most_slices=4)

    assert [each.name for each in round_.slices] == ["all"]
    assert round_.complete


async def test_v31_a_record_that_is_deleted_between_two_pages_takes_no_other_one_along():
    emulator = an_account()
    ids = emulator.fill(CONTACTS, 250)
    async with connected(emulator, clock=emulator.clock) as crm:
        round_ = await planned(crm, emulator, CONTACTS)
        found = set[str]()
        async for page in crm.pages(CONTACTS, round_.slices[0], None, rules=()):
            found |= {each.id for each in page.records}
            emulator.drop(CONTACTS, ids[len(found) - 20])

    assert set(ids) <= found


async def test_v31_a_list_that_leads_back_to_the_same_page_is_broken_off():
    page = {"results": [{"id": "1", "properties": {}}], "paging": {"next": {"after": "1"}}}
    crm = answering(page)
    round_ = await crm.begin_round(CONTACTS, None, since=None, now=NOON, most_slices=1)

    with pytest.raises(RetryLaterError) as broken_off:
        async for _ in crm.pages(CONTACTS, round_.slices[0], None, rules=()):
            pass

    assert broken_off.value.code == "page_repeats"


def answering(page: dict[str, Any]) -> HubSpotFacts:
    """A connection whose calls are all answered so."""

    async def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(200, json=page)

    clock = FakeClock()

    def open_transport(**told: Any) -> Transport:
        return Transport(
            connection="crm", http=httpx.MockTransport(answer), clock=clock, deadline=5.0, **told
        )

    settings = HubSpotSettings(connector="hubspot", access_token="pat-1")
    made = connect(settings, Connecting(name="crm", clock=clock, open_transport=open_transport))
    assert isinstance(made, HubSpotFacts)
    return made


@pytest.mark.parametrize("cursor", ["", "7", "null", "{}"])
async def test_a_cursor_that_nobody_can_read_has_expired(cursor: str):
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        round_ = await planned(crm, emulator, CONTACTS, since=NOON)

        with pytest.raises(RetryLaterError) as expired:
            await anext(crm.pages(CONTACTS, round_.slices[0], cursor, rules=()))

    assert expired.value.code == "cursor_expired"


# Deleted and merged -------------------------------------------------------------------------------------------------


async def test_deletions_are_told_once_by_the_list_of_archived_records_at_most_hourly():
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        before, gone, _ = emulator.fill(CONTACTS, 3)
        emulator.drop(CONTACTS, before)
        emulator.clock.go_on(AN_HOUR)
        _, position = await read(crm, emulator, CONTACTS)
        emulator.clock.go_on(AN_HOUR / 4)
        emulator.drop(CONTACTS, gone)
        dropped_at = emulator.clock.now()
        soon, position = await read(crm, emulator, CONTACTS, position)
        emulator.clock.go_on(AN_HOUR)

        told, position = await read(crm, emulator, CONTACTS, position)
        emulator.clock.go_on(2 * AN_HOUR)
        again, _ = await read(crm, emulator, CONTACTS, position)

    assert (soon, again) == ([], [])
    assert told == [Record(kind=RecordKind.CUSTOMER, id=gone, changed_at=dropped_at, deleted=True)]


async def test_a_merged_contact_is_gone_and_its_id_and_addresses_lead_to_the_one_that_stays():
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        stays, goes = emulator.fill(CONTACTS, 2)
        address = emulator.account.records[CONTACTS, goes].properties["email"]
        _, position = await read(crm, emulator, CONTACTS)
        emulator.clock.go_on(AN_HOUR)
        emulator.merge(CONTACTS, stays, goes)
        emulator.clock.go_on(AN_HOUR)

        found, _ = await read(crm, emulator, CONTACTS, position)
        copy = MemoryCopy(emulator.clock.now())
        copy.keep([each for each in found if not each.deleted])
        meant = await copy.record(RecordKind.CUSTOMER, goes)
        by_address = await crm.facts_from_copy(copy, Person(email=address), ())

    told = by_id(found)
    assert told[goes].deleted
    assert the_keys(told[stays], KeyKind.FORMER_ID) == [goes]
    assert address in the_keys(told[stays], KeyKind.EMAIL)
    assert meant is not None
    assert meant.id == stays
    assert by_address.standing is Standing.FOUND


async def test_an_owner_who_has_left_stays_known_as_inactive():
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        jonas = next(iter(emulator.account.owners))
        emulator.drop("owners", jonas)
        round_ = await planned(crm, emulator, "owners")
        (pages,) = await pages_of(crm, "owners", round_)

    found = by_id([each for page in pages for each in page.records])
    assert not round_.complete
    assert (found[jonas].columns["name"], found[jonas].columns["is_active"]) == ("Jonas Weber", False)
    assert [each.columns["is_active"] for each in found.values()].count(True) == 1


# What a record tells ------------------------------------------------------------------------------------------------


async def test_a_contact_tells_its_columns_and_keys_by_the_list_and_by_search_alike():
    emulator = an_account()
    first, primary = emulator.fill("companies", 2)
    person = {
        "firstname": "Ada", "lastname": "Byron", "email": "Ada@Müller.example", "phone": "+44 20 7946 0000",
        "hs_additional_emails": "ada@old.example;nonsense", "hs_language": "en",
    }  # fmt: skip
    ada = emulator.add_contact(person, companies=[first, primary])
    emulator.set_primary_company(ada, None)
    several = emulator.add_contact({"email": "no@company.example"}, companies=[first, primary])
    emulator.set_primary_company(several, None)
    emulator.set_primary_company(ada, primary)
    async with connected(emulator, clock=emulator.clock) as crm:
        listed, _ = await read(crm, emulator, CONTACTS)
        searched, _ = await read(crm, emulator, CONTACTS, since=NOON)

    found = by_id(listed)
    assert by_id(searched) == found
    assert found[ada].columns == {
        "name": "Ada Byron",
        "email": "Ada@Müller.example",
        "phone": "+442079460000",
        "company_id": primary,
        "language": "en",
        "created_at": "2026-11-21T12:00:00Z",
    }
    assert set(found[ada].keys) == {
        Key(kind=KeyKind.EMAIL, value="Ada@xn--mller-kva.example"),
        Key(kind=KeyKind.EMAIL, value="ada@old.example"),
        Key(kind=KeyKind.PHONE, value="+442079460000"),
        Key(kind=KeyKind.COMPANY, value=first),
        Key(kind=KeyKind.COMPANY, value=primary),
    }
    assert "company_id" not in found[several].columns


async def test_companies_and_deals_tell_their_columns_and_whose_they_are():
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        (company,) = emulator.fill("companies", 1)
        priced, in_no_currency = emulator.fill(DEALS, 2)
        record = emulator.account.records[DEALS, in_no_currency]
        emulator.account.set(record, {"deal_currency_code": "", "dealstage": "closedwon"})
        companies, _ = await read(crm, emulator, "companies")
        deals, _ = await read(crm, emulator, DEALS)

    contact = emulator.account.linked(DEALS, priced, CONTACTS)[0]["id"]
    told = by_id(deals)
    assert by_id(companies)[company].columns["domain"] == f"company-{company}.example"
    assert the_keys(by_id(companies)[company], KeyKind.DOMAIN) == [f"company-{company}.example"]
    assert told[priced].columns == {
        "name": f"Deal {priced}",
        "stage": "Negotiation",
        "is_open": True,
        "amount": int(priced) * 100 + 50,
        "currency": "eur",
        "customer_id": contact,
        "company_id": emulator.account.linked(DEALS, priced, "companies")[0]["id"],
        "created_at": "2026-11-21T12:00:00Z",
    }
    assert the_keys(told[priced], KeyKind.CUSTOMER) == [contact]
    assert told[in_no_currency].columns["is_open"] is False
    assert "amount" not in told[in_no_currency].columns


async def test_a_ticket_tells_its_columns_and_whether_batonpass_opened_it():
    async with desk(a_desk()) as at:
        owner = next(iter(at.emulator.account.owners))
        (theirs,) = at.emulator.fill(TICKETS, 1)
        record = at.emulator.account.records[TICKETS, theirs]
        at.emulator.account.set(record, {"hs_pipeline_stage": "2", "hubspot_owner_id": owner})
        ours = await at.tickets.open_ticket(a_draft(tags=("vip",)), key=TicketKey("ho_1"))
        at.emulator.account.set(at.emulator.account.records[TICKETS, ours.id], {"hs_pipeline_stage": "4"})
        contact = at.emulator.account.linked(TICKETS, theirs, CONTACTS)[0]["id"]

        listed, _ = await read(at.tickets, at.emulator, TICKETS)

    found = by_id(listed)
    assert found[theirs].columns == {
        "subject": f"Parcel {theirs}",
        "status": "pending",
        "priority": "normal",
        "channel": "email",
        "customer_id": contact,
        "agent_id": owner,
        "created_at": "2026-11-21T12:00:00Z",
    }
    assert the_keys(found[theirs], KeyKind.CUSTOMER) == [contact]
    assert found[ours.id].columns["tags"] == ("vip",)
    assert (found[ours.id].columns["status"], found[ours.id].columns["solved_at"]) == (
        "solved",
        "2026-11-21T12:00:00Z",
    )
    assert (found[ours.id].columns["handed_over"], found[theirs].columns.get("handed_over")) == (True, None)


async def test_only_the_properties_of_the_rules_are_asked_for_besides_the_fixed_ones():
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        without, _ = await read(crm, emulator, "companies")
        (brightleaf, *_), _ = await read(crm, emulator, "companies", asked=rules("company.tier"))

    assert [each.document for each in without] == [None, None, None]
    assert brightleaf.document is not None
    assert brightleaf.document["properties"] == {"tier": "pro"}


# Facts from the copy ------------------------------------------------------------------------------------------------

ASKED = (
    *rules(
        "company.name", "company.renewal_date", "company.owner", "company.numberofemployees", "contact.owner",
        "contact.lifecyclestage", "deal.open", "deal.amount", "deal.closedate", "deal.dealname", "ticket.none",
    ),
    FactRule(name="tier", object="company", property="tier", values=(("enterprise", "Gold"),)),
)  # fmt: skip


@pytest.mark.parametrize("person", [MIA, TOM, ELENA], ids=["Mia", "Tom", "Elena"])
async def test_the_copy_tells_every_fact_as_the_account_does_with_the_age_of_its_record(person: Person):
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        copy = await copy_of(crm, emulator, ASKED)
        live = await crm.facts_about(person, ASKED)
        emulator.clock.go_on(AN_HOUR)
        calls = len(emulator.calls)

        told = await crm.facts_from_copy(copy, person, ASKED)

    assert len(emulator.calls) == calls
    assert (told.standing, told.matched_by) == (live.standing, live.matched_by)
    assert values(told) == values(live)
    assert {fact.as_of for fact in told.facts} == {NOON}


async def test_a_fact_is_as_old_as_the_record_that_it_is_from():
    emulator = an_account()
    async with connected(emulator, clock=emulator.clock) as crm:
        copy = await copy_of(crm, emulator, ASKED)
        aged = AgedCopy(copy, {RecordKind.COMPANY: timedelta(days=2), RecordKind.DEAL: timedelta(days=1)})

        told = await crm.facts_from_copy(aged, ELENA, ASKED)

    ages = {fact.name: NOON - fact.as_of for fact in told.facts}
    assert ages["tier"] == ages["company.owner"] == timedelta(days=2)
    assert ages["deal.open"] == ages["deal.amount"] == timedelta(days=1)
    assert ages["contact.lifecyclestage"] == timedelta()


class AgedCopy:
    """As a copy whose records of some kinds were read longer ago."""

    def __init__(self, copy: MemoryCopy, ages: dict[RecordKind, timedelta]) -> None:
        self._copy = copy
        self._ages = ages

    async def record(self, kind: RecordKind, id: str) -> KeptRecord | None:  # noqa: A002 - the port's word
        found = await self._copy.record(kind, id)
        return None if found is None else self._aged(found)

    async def known_by(self, kind: RecordKind, key: KeyKind, value: str) -> Sequence[KeptRecord]:
        return [self._aged(each) for each in await self._copy.known_by(kind, key, value)]

    def _aged(self, kept: KeptRecord) -> KeptRecord:
        return KeptRecord(
            connection=kept.connection,
            kind=kept.kind,
            id=kept.id,
            changed_at=kept.changed_at,
            read_at=kept.read_at - self._ages.get(kept.kind, timedelta()),
            columns=kept.columns,
            document=kept.document,
        )


@pytest.mark.parametrize(
    ("person", "standing"),
    [
        pytest.param(Person(email="twin@example.com"), Standing.AMBIGUOUS, id="two with one address"),
        pytest.param(Person(email="nobody@example.com"), Standing.NOT_FOUND, id="nobody"),
        pytest.param(Person(), Standing.NO_KEY, id="no key"),
        pytest.param(Person(name="Grace Hopper", phone="+4930123456"), Standing.FOUND, id="number and name"),
        pytest.param(Person(name="Joe Doe", phone="+4930123456"), Standing.NOT_FOUND, id="another's number"),
        pytest.param(Person(external_ids=(("zendesk", "7"),)), Standing.NO_KEY, id="another system's id"),
    ],
)
async def test_who_is_meant_in_the_copy_is_decided_by_the_same_rule(person: Person, standing: Standing):
    emulator = an_account()
    emulator.add_contact({"firstname": "Grace", "lastname": "Hopper", "phone": "+49 30 123456"})
    for email in ("twin@example.com", "Twin@Example.com"):
        emulator.add_contact({"email": email})
    twin = Person(email=person.email, folds_case=True, name=person.name, phone=person.phone)
    meant = twin if person.email else person
    async with connected(emulator, clock=emulator.clock) as crm:
        copy = await copy_of(crm, emulator, ())

        told = await crm.facts_from_copy(copy, meant, ())

    assert told.standing is standing


async def test_the_copy_of_a_desk_tells_a_persons_tickets():
    async with desk(a_desk(), portal_id="12345678") as at:
        contact = at.emulator.account.find(CONTACTS, MIA.email or "", "email")[0]
        for number in range(7):
            ticket = at.emulator.account.store(
                TICKETS, {"subject": f"Parcel {number}", "hs_pipeline_stage": "1"}
            )
            at.emulator.account.link(16, ticket.id, contact.id)
            at.emulator.clock.go_on(60)
        live = await at.tickets.facts_about(MIA, ())
        copy = MemoryCopy(at.emulator.clock.now())
        for stream in at.tickets.streams():
            round_ = await planned(at.tickets, at.emulator, stream.name)
            for pages in await pages_of(at.tickets, stream.name, round_):
                for page in pages:
                    copy.keep(page.records)

        told = await at.tickets.facts_from_copy(copy, MIA, ())

    assert values(told) == values(live)
    assert told.contacts == live.contacts
    assert [each.id for each in told.contacts] == sorted((each.id for each in told.contacts), reverse=True)


# The official SDK as the oracle for the emulator's new answers ------------------------------------------------------


@pytest.fixture(scope="module")
def sdk() -> Iterator[tuple[HubSpotEmulator, HubSpot]]:
    emulator = HubSpotEmulator.with_sample_account(clock=FakeClock())
    with served_in_thread(emulator) as url:
        yield emulator, HubSpot(access_token=ACCESS_TOKEN, host=url)


def test_the_sdk_reads_the_list_page_by_page_and_the_archived_one(sdk: tuple[HubSpotEmulator, HubSpot]):
    emulator, client = sdk
    ids = emulator.fill(CONTACTS, 103)
    emulator.drop(CONTACTS, ids[1])
    api = client.crm.contacts.basic_api

    first = api.get_page(limit=100, properties=["email"], associations=["companies"])
    last = api.get_page(limit=100, after=first.paging.next.after)
    (gone,) = api.get_page(archived=True).results

    listed = [each.id for each in (*first.results, *last.results)]
    assert listed == [each.id for each in emulator.account.of_kind(CONTACTS)]
    assert first.results[-1].associations["companies"].results[0].type == "contact_to_company"
    assert last.paging is None
    assert (gone.id, gone.archived, gone.archived_at.isoformat()[:19]) == (
        ids[1],
        True,
        "2026-11-21T12:00:00",
    )


def test_the_sdk_reads_links_in_batches_of_up_to_a_thousand(sdk: tuple[HubSpotEmulator, HubSpot]):
    emulator, client = sdk
    linked, bare = emulator.fill(CONTACTS, 1)[0], emulator.add_contact({"email": "bare@example.com"})
    company = emulator.account.linked(CONTACTS, linked, "companies")[0]["id"]
    api = client.crm.associations.v4.batch_api

    told = api.get_page(CONTACTS, "companies", asking_for([linked, bare]))
    with pytest.raises(v4.ApiException) as refused:
        api.get_page(CONTACTS, "companies", asking_for([str(number) for number in range(1001)]))

    (links,) = told.results
    assert (links._from.id, [end.to_object_id for end in links.to]) == (linked, [company])
    assert {kind.type_id for kind in links.to[0].association_types} == {1, 279}
    assert told.num_errors == 1
    assert refused.value.status == 400


def asking_for(ids: Sequence[str]) -> v4.BatchInputPublicFetchAssociationsBatchRequest:
    inputs = [v4.PublicFetchAssociationsBatchRequest(id=each) for each in ids]
    return v4.BatchInputPublicFetchAssociationsBatchRequest(inputs=inputs)


def test_the_sdk_reads_the_owners_who_have_left(sdk: tuple[HubSpotEmulator, HubSpot]):
    emulator, client = sdk
    jonas = next(iter(emulator.account.owners))
    emulator.drop("owners", jonas)
    api = client.crm.owners.owners_api

    (gone,) = api.get_page(archived=True).results

    assert (gone.id, gone.archived, gone.user_id) == (jonas, True, None)
    assert jonas not in [each.id for each in api.get_page(limit=500).results]
