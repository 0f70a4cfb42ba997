"""Who is one person, followed as records change: the same in whatever order, and with ids that stay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batonpass.domain.conversation import Identity
from batonpass.domain.person import MatchRule, Person
from batonpass.domain.synced import Key, KeyKind, Record, RecordKind
from batonpass.store import Database, Journal, StoreAddress, database_at, synced, synced_people
from batonpass.store.synced_people import Ref
from batonpass.store.transaction import Transaction
from batonpass.sync.graph import Systems, components_of
from batonpass.sync.people import People
from fakes import NOON
from stores import Query

CONNECTORS = {"desk": "zendesk", "crm": "hubspot", "billing": "stripe"}
SYSTEMS = Systems(connectors=CONNECTORS, trusted=frozenset(CONNECTORS))
MIA = "mia@example.com"
CUSTOMER, COMPANY = RecordKind.CUSTOMER, RecordKind.COMPANY
_READ = iter(range(1, 1_000_000))


def a_record(
    id_: str, *keys: tuple[KeyKind, str], created: int = 0, kind: RecordKind = CUSTOMER, deleted: bool = False
) -> Record:
    """Each one changed later than the one before."""
    changed = NOON + timedelta(seconds=next(_READ))
    if deleted:
        return Record(kind=kind, id=id_, changed_at=changed, deleted=True)
    email = next((value for key, value in keys if key is KeyKind.EMAIL), None)
    return Record(
        kind=kind,
        id=id_,
        changed_at=changed,
        columns={"email": email, "created_at": f"2026-01-01T00:00:{created:02}Z"},
        keys=tuple(Key(kind=key, value=value) for key, value in keys),
    )


async def keep(database: Database, connection: str, *records: Record, forgotten: Sequence[str] = ()) -> None:
    reading = synced.Reading(connection=connection, stream="all", round=1, at=0)
    these = {(each.kind, each.id) for each in records if each.id in forgotten}
    await database.run(lambda tx: synced.put(tx, reading, records, forgotten=these))


def email(address: str = MIA) -> tuple[KeyKind, str]:
    return (KeyKind.EMAIL, address)


def names(id_: str) -> tuple[KeyKind, str]:
    return (KeyKind.EXTERNAL_ID, id_)


async def whose(database: Database, kind: RecordKind = CUSTOMER) -> dict[str, str]:
    """Record → the person that it is of."""
    rows = await database.run(
        lambda tx: tx.rows("SELECT connection, id, person FROM synced_people WHERE kind = ?", (kind.value,))
    )
    return {f"{connection} {id_}": person for connection, id_, person in rows}


@pytest.fixture
def database(journal: Journal) -> Database:
    return journal.database


@pytest.fixture
def people(database: Database) -> People:
    return People(database, SYSTEMS)


async def test_records_of_all_systems_become_one_person_and_what_has_not_changed_costs_nothing(
    database: Database, people: People
) -> None:
    await keep(database, "desk", a_record("1", email()), a_record("2", email("else@example.com")))
    await keep(database, "crm", a_record("3", email("Mia@Example.com"), names("stripe:cus_4")))
    await keep(database, "billing", a_record("cus_4"))
    await keep(database, "crm", a_record("5", (KeyKind.DOMAIN, "acme.example"), kind=COMPANY))
    await keep(database, "desk", a_record("6", (KeyKind.DOMAIN, "ACME.example"), kind=COMPANY))

    first = await people.follow()
    again = await people.follow()

    found, companies = await whose(database), await whose(database, COMPANY)
    assert found["desk 1"] == found["crm 3"] == found["billing cus_4"] != found["desk 2"]
    assert companies["crm 5"] == companies["desk 6"]
    assert (first.records, first.moved) == (6, 6)
    assert (again.records, again.moved) == (0, 0)


async def test_of_two_people_that_become_one_the_id_of_the_oldest_record_stays(
    database: Database, people: People
) -> None:
    await keep(database, "desk", a_record("1", email("a@example.com"), created=9))
    await keep(database, "crm", a_record("2", email("b@example.com"), created=5))
    await people.follow()
    before = await whose(database)

    await keep(
        database, "billing", a_record("cus_3", email("a@example.com"), email("b@example.com"), created=1)
    )
    await people.follow()

    after = await whose(database)
    assert set(after.values()) == {before["crm 2"]}
    assert before["crm 2"] != before["desk 1"]


async def test_of_one_person_that_becomes_two_the_larger_part_keeps_the_id(
    database: Database, people: People
) -> None:
    await keep(database, "desk", a_record("1", email(), created=1))
    await keep(database, "crm", a_record("2", email(), names("stripe:cus_3"), created=5))
    await keep(database, "billing", a_record("cus_3", created=6))
    await people.follow()
    before = await whose(database)

    await keep(database, "desk", a_record("1", email("other@example.com"), created=1))
    await people.follow()

    after = await whose(database)
    assert after["crm 2"] == after["billing cus_3"] == before["desk 1"]
    assert after["desk 1"] not in before.values()


async def test_who_is_deleted_or_forgotten_is_nobody_and_parts_whom_they_joined(
    database: Database, people: People, query: Query
) -> None:
    await keep(database, "desk", a_record("1", email("a@example.com")))
    await keep(database, "crm", a_record("2", email("a@example.com"), email("b@example.com")))
    await keep(
        database,
        "billing",
        a_record("cus_3", email("b@example.com")),
        a_record("cus_4", email("b@x.example")),
    )
    await people.follow()
    joined = await whose(database)

    await keep(database, "crm", a_record("2", deleted=True))
    await keep(database, "billing", a_record("cus_4"), forgotten=["cus_4"])
    await people.follow()

    assert len({joined["desk 1"], joined["crm 2"], joined["billing cus_3"]}) == 1
    parted = await whose(database)
    assert set(parted) == {"desk 1", "billing cus_3"}
    assert parted["desk 1"] != parted["billing cus_3"]
    assert await query("SELECT count(*) FROM synced_changes") == [(0,)]


async def test_two_records_of_one_system_are_kept_apart_until_one_of_them_goes(
    database: Database, people: People, query: Query
) -> None:
    await keep(database, "crm", a_record("1", email()))
    await keep(database, "billing", a_record("cus_1", email()), a_record("cus_2", email()))
    await people.follow()
    apart = await whose(database)
    contested = await query("SELECT count(*) FROM synced_people WHERE contested = 1")

    await keep(database, "billing", a_record("cus_2", email("other@example.com")))
    await people.follow()

    together = await whose(database)
    assert len(set(apart.values())) == 3
    assert contested == [(3,)]
    assert together["crm 1"] == together["billing cus_1"] != together["billing cus_2"]
    assert await query("SELECT count(*) FROM synced_people WHERE contested = 1") == [(0,)]


async def test_a_rebuild_ends_in_the_same_table(database: Database, people: People, query: Query) -> None:
    for n in range(30):
        connection = ("desk", "crm", "billing")[n % 3]
        await keep(database, connection, a_record(str(n), email(f"{n % 7}@example.com"), created=n))
        await people.follow()
    everything = "SELECT * FROM synced_people ORDER BY connection, kind, id"
    before = await query(everything)

    rebuilt = await people.rebuild()

    assert await query(everything) == before
    assert (rebuilt.records, rebuilt.moved) == (30, 0)


async def test_other_names_of_systems_join_other_records_from_the_next_start_on(
    database: Database, people: People
) -> None:
    await keep(database, "desk", a_record("1", names("shop_billing:cus_2")))
    await keep(database, "shop_billing", a_record("cus_2"))
    await people.follow()
    before = await whose(database)

    await People(database, Systems(connectors={**CONNECTORS, "shop_billing": "stripe"})).follow()

    after = await whose(database)
    assert before["desk 1"] != before["shop_billing cus_2"]
    assert after["desk 1"] == after["shop_billing cus_2"]


# Any order ---------------------------------------------------------------------------------------------------------

_ADDRESSES = [email(f"{each}@example.com") for each in "abcd"]
_KEYS = st.sampled_from(
    [
        *_ADDRESSES,
        *((KeyKind.VERIFIED_EMAIL, address) for _, address in _ADDRESSES[:2]),
        names("stripe:1"),
        names("crm:2"),
        names("desk:1"),
        names("7"),
        names("own-user-77"),
        (KeyKind.FORMER_ID, "9"),
        names("crm:9"),
    ]
)
_CHANGE = st.tuples(
    st.sampled_from(["desk", "crm", "billing"]),
    st.sampled_from(["1", "2", "3"]),
    st.one_of(st.none(), st.sets(_KEYS, max_size=3)),
    st.booleans(),
)
"""(Connection, id, its keys or None where it is deleted, whether people are followed at once)."""


@pytest.fixture(scope="module")
def one_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Database]]:
    """One store for all examples."""
    made = database_at(StoreAddress.file(Path(tmp_path_factory.mktemp("people")) / "journal.db"))
    with asyncio.Runner() as runner:
        runner.run(made.open())
        yield runner, made
        runner.run(made.close())


@settings(max_examples=25, deadline=None)
@given(changes=st.lists(_CHANGE, min_size=1, max_size=14))
def test_any_order_of_changes_ends_in_the_people_that_the_records_make(
    one_file: tuple[asyncio.Runner, Database],
    changes: list[tuple[str, str, set[tuple[KeyKind, str]] | None, bool]],
) -> None:
    runner, database = one_file

    async def played() -> None:
        await database.run(_emptied)
        followed = People(database, SYSTEMS)
        for connection, id_, keys, at_once in changes:
            record = a_record(id_, deleted=True) if keys is None else a_record(id_, *sorted(keys))
            await keep(database, connection, record)
            if at_once:
                await followed.follow()
        await followed.follow()

        refs = {Ref(connection, id_) for connection, id_, _, _ in changes}
        nodes = await database.run(lambda tx: synced_people.nodes(tx, CUSTOMER, refs))
        placed = await database.run(lambda tx: synced_people.places(tx, CUSTOMER, refs))
        wanted = components_of(CUSTOMER, nodes, SYSTEMS)
        rebuilt = await followed.rebuild()

        assert _partition(placed, "person") == {part for each in wanted for part in each.people}
        assert _partition(placed, "component") == {frozenset().union(*each.people) for each in wanted}
        assert {ref for ref, place in placed.items() if place.contested} == {
            ref for each in wanted if each.contested for part in each.people for ref in part
        }
        assert rebuilt.moved == 0

    runner.run(played())


def _partition(placed: dict[Ref, synced_people.Place], by: str) -> set[frozenset[Ref]]:
    found: dict[str, set[Ref]] = {}
    for ref, place in placed.items():
        found.setdefault(getattr(place, by), set()).add(ref)
    return {frozenset(each) for each in found.values()}


async def _emptied(tx: Transaction) -> None:
    for table in ("synced", "synced_keys", "synced_people", "synced_changes"):
        await tx.execute(f"DELETE FROM {table}")


# What a handoff is told --------------------------------------------------------------------------------------------


def verified(**told: object) -> Person:
    return Person(**{"identity": Identity.VERIFIED, "email": None, **told})  # type: ignore[arg-type]


async def linked(people: People, person: Person) -> dict[str, tuple[str, str, str]]:
    """Connection → (id, strength, via)."""
    return {
        each.connection: (each.id, each.strength.value, each.via)
        for each in (await people.link(person)).linked
    }


async def test_the_requester_of_the_helpdesk_is_known_to_billing_over_ids_alone(
    database: Database, people: People
) -> None:
    await keep(database, "desk", a_record("7", names("crm:3"), email("old@example.com")))
    await keep(database, "crm", a_record("3", names("stripe:cus_4"), email()))
    await keep(database, "billing", a_record("cus_4", email("accounts@example.com")))
    await people.follow()

    by_id = await linked(people, verified(external_ids=(("desk", "7"),)))
    by_address = await linked(people, verified(email=MIA))
    by_connector = await linked(people, verified(external_ids=(("zendesk", "7"), ("stripe", "cus_9"))))

    assert by_id == {
        "crm": ("3", "exact id", "desk customer 7"),
        "billing": ("cus_4", "exact id", "crm customer 3"),
    }
    assert by_address["billing"] == ("cus_4", "verified e-mail", "crm customer 3")
    assert set(by_connector) == {"crm"}, "billing's own id was told"


@pytest.mark.parametrize(
    "person",
    [
        Person(email=MIA),
        verified(email="MIA@example.com"),
        verified(email=MIA, match=(MatchRule.PHONE,)),
        verified(external_ids=(("desk", "8"),)),
    ],
    ids=["only claimed", "another case", "no rule for it", "an id that nobody has"],
)
async def test_who_is_not_surely_meant_is_linked_to_nothing(
    database: Database, people: People, person: Person
) -> None:
    await keep(database, "crm", a_record("3", names("stripe:cus_4"), email()))
    await keep(database, "billing", a_record("cus_4"))
    await people.follow()

    assert await linked(people, person) == {}


async def test_d02_no_address_that_somebody_typed_and_no_phone_number_leads_to_another_record(
    database: Database, people: People
) -> None:
    phone = (KeyKind.PHONE, "+4930123456")
    await keep(
        database,
        "desk",
        a_record("7", email("eve@example.com"), (KeyKind.VERIFIED_EMAIL, "eve@example.com"), phone),
    )
    await keep(database, "crm", a_record("3", email("eve@example.com"), email(), names("12")))
    await keep(database, "billing", a_record("cus_4", email(), phone, names("12")))
    await people.follow()

    found = await whose(database)
    assert len(set(found.values())) == 1, "for people who look they are one"
    assert await linked(people, verified(email="eve@example.com")) == {}
    assert await linked(people, verified(external_ids=(("desk", "7"),))) == {}


async def test_an_id_that_the_account_gave_its_record_leads_to_it_unless_it_is_a_number(
    database: Database, people: People
) -> None:
    await keep(database, "desk", a_record("7", names("user-0815-mia")), a_record("8", names("42")))
    await keep(database, "crm", a_record("3", names("user-0815-mia")), a_record("4", names("desk:8")))
    await people.follow()

    own = await linked(people, verified(external_ids=(("desk", "user-0815-mia"),)))
    number = await linked(people, verified(external_ids=(("desk", "42"),)))

    assert own == {"crm": ("3", "exact id", "desk customer 7")}
    assert number == {}


async def test_d02_an_id_that_a_customer_may_have_written_leads_to_nothing(database: Database) -> None:
    people = People(database, Systems(connectors=CONNECTORS, trusted=frozenset({"crm"})))
    await keep(database, "desk", a_record("7", names("cus_NffrFeUfNV"), email()))
    await keep(database, "billing", a_record("cus_NffrFeUfNV"))
    await people.follow()

    assert len(set((await whose(database)).values())) == 1
    assert await linked(people, verified(email=MIA)) == {}


async def test_where_a_system_has_several_that_may_be_meant_nothing_is_told_of_it(
    database: Database, people: People
) -> None:
    await keep(database, "crm", a_record("3", names("stripe:cus_4"), email()))
    await keep(database, "billing", a_record("cus_4"), a_record("cus_5", email()))
    await people.follow()
    contradicted = await linked(people, verified(email=MIA))

    await keep(database, "billing", a_record("cus_4", email()))
    await people.follow()
    named = await linked(people, verified(email=MIA))

    assert contradicted == {}
    assert named == {"billing": ("cus_4", "verified e-mail", "crm customer 3")}
