"""Freshdesk's contacts, companies, groups, agents and fields read in bulk."""

from __future__ import annotations

import pytest
from freshdesk_bulk import read
from freshdesk_rig import desk

from batonpass.domain.errors import RefusedError
from batonpass.domain.synced import KeyKind
from batonpass.testing.contract.opened import HandClock
from batonpass_freshdesk.emulator import FreshdeskEmulator


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def emulator(clock: HandClock) -> FreshdeskEmulator:
    return FreshdeskEmulator(clock=clock)


# Contacts -------------------------------------------------------------------------------------------------------


async def test_v31_contacts_that_are_deleted_behind_us_push_none_out(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    ids = emulator.fill("contacts", 330)

    def goes(pages: int) -> None:
        for id_ in ids[(pages - 1) * 3 : pages * 3]:
            emulator.drop("contacts", id_)

    async with desk(emulator, clock=clock, faulty=True) as made:
        told = await read(made, "contacts", after_page=goes)

    assert told.ids == set(ids)


async def test_v31_so_many_that_no_known_row_is_left_and_the_list_is_read_again(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    ids = emulator.fill("contacts", 330)

    def goes(pages: int) -> None:
        if pages == 2:
            for id_ in ids[:150]:
                emulator.drop("contacts", id_)

    async with desk(emulator, clock=clock, faulty=True) as made:
        told = await read(made, "contacts", after_page=goes)

    assert set(ids[150:]) <= told.ids


async def test_v31_a_contact_that_is_renamed_to_where_we_have_been_is_read_afterwards(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    ids = emulator.fill("contacts", 330)
    clock.go_on(3600)
    emulator.touch("contacts", ids[300])  # to the end of the list
    clock.go_on(3600)

    def renamed(pages: int) -> None:
        if pages == 1:
            emulator.touch("contacts", ids[300])  # to its beginning

    async with desk(emulator, clock=clock, faulty=True) as made:
        told = await read(made, "contacts", after_page=renamed)

    assert ids[300] in told.ids
    assert told.planned is not None
    assert told.planned.complete


async def test_who_is_blocked_stays_and_who_is_deleted_is_told(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    blocked, deleted, stays = emulator.fill("contacts", 3)
    clock.go_on(3600)

    async with desk(emulator, clock=clock) as made:
        first = await read(made, "contacts")
        emulator.account.users[int(blocked)].blocked = True
        emulator.account.users[int(blocked)].updated_at = clock.now()
        emulator.drop("contacts", deleted)
        clock.go_on(3600)
        second = await read(made, "contacts", first.position)
        whole = await read(made, "contacts")

    assert first.ids == {blocked, deleted, stays}
    assert (second.ids, second.gone) == ({blocked}, {deleted})
    assert whole.ids == {blocked, stays}
    assert whole.planned is not None
    assert whole.planned.complete


@pytest.mark.parametrize("name", ["updated_since", "_updated_since"])
async def test_either_name_of_the_filter_is_found_by_asking(clock: HandClock, name: str) -> None:
    emulator = FreshdeskEmulator(clock=clock, contacts_changed_since=name)
    ids = emulator.fill("contacts", 2)
    clock.go_on(3600)

    async with desk(emulator, clock=clock, faulty=True) as made:
        first = await read(made, "contacts")
        emulator.touch("contacts", ids[1])
        clock.go_on(3600)
        second = await read(made, "contacts", first.position)
        calls = len(emulator.calls)
        await read(made, "contacts", second.position)

    assert second.ids == {ids[1]}
    assert len(emulator.calls) - calls == 3


async def test_a_contacts_columns_and_keys(clock: HandClock, emulator: FreshdeskEmulator) -> None:
    contact = emulator.add_user("Mia Keller", email="Mia.Keller@Bücher.Example", external_id="shop-7")
    contact.other_emails = ["mia@PRIVATE.example"]
    contact.phone, contact.mobile = "+49 (30) 123-456", "030 987654"

    async with desk(emulator, clock=clock) as made:
        record = (await read(made, "contacts")).one(str(contact.id))

    assert dict(record.columns) == {
        "name": "Mia Keller",
        "email": "Mia.Keller@Bücher.Example",
        "phone": "+49 (30) 123-456",
        "external_id": "shop-7",
        "language": "en",
        "created_at": "2026-11-20T12:00:00Z",
    }
    assert {(each.kind, each.value) for each in record.keys} == {
        (KeyKind.EMAIL, "Mia.Keller@xn--bcher-kva.example"),
        (KeyKind.EMAIL, "mia@private.example"),
        (KeyKind.PHONE, "+4930123456"),
        (KeyKind.EXTERNAL_ID, "shop-7"),
    }


# What does not tell its changes ---------------------------------------------------------------------------------


async def test_v31_companies_are_read_again_where_their_list_has_moved(
    clock: HandClock, emulator: FreshdeskEmulator
) -> None:
    ids = emulator.fill("companies", 230)
    emulator.touch("companies", ids[200])  # to the end of the list

    def renamed(pages: int) -> None:
        clock.go_on(1)
        if pages == 1:
            emulator.touch("companies", ids[200])  # to its beginning

    async with desk(emulator, clock=clock, faulty=True) as made:
        quiet = await read(made, "companies", after_page=lambda _: clock.go_on(1))
        told = await read(made, "companies", after_page=renamed)

    assert (quiet.ids, told.ids) == (set(ids), set(ids))
    assert told.pages == 2 * quiet.pages


async def test_a_company_has_all_its_domains_as_keys(clock: HandClock, emulator: FreshdeskEmulator) -> None:
    company = emulator.account.add_company("Acme", "Acme.Example", "acme.test")

    async with desk(emulator, clock=clock, faulty=True) as made:
        record = (await read(made, "companies")).one(str(company.id))

    assert record.columns["domain"] == "acme.example"
    assert [each.value for each in record.keys] == ["acme.example", "acme.test"]


async def test_groups_and_fields_fit_the_contract(clock: HandClock) -> None:
    emulator = FreshdeskEmulator.with_sample_account(clock=clock)
    tier = next(each for each in emulator.account.fields.values() if each.label == "Customer tier")
    emulator.deactivate_field(tier.name)

    async with desk(emulator, clock=clock) as made:
        groups, fields = await read(made, "groups"), await read(made, "ticket_fields")

    assert {each.columns["name"] for each in groups.records} == {
        "Support",
        "Billing",
        "Security",
        "Technical",
    }
    assert dict(fields.one(tier.name).columns) == {
        "name": "Customer tier",
        "type": "dropdown",
        "is_active": False,
        "options": ("Free", "Pro", "Enterprise"),
    }
    assert "type" not in fields.one("status").columns


async def test_agents_need_an_admins_key(clock: HandClock) -> None:
    emulator = FreshdeskEmulator.with_sample_account(clock=clock)

    async with desk(emulator, clock=clock, faulty=True) as made:
        agents = await read(made, "agents")
        emulator.is_admin = False
        with pytest.raises(RefusedError) as refused:
            await read(made, "agents")

    assert {each.columns["name"] for each in agents.records} == {"Batonpass", "Nadia Haddad", "Tom Becker"}
    assert refused.value.code == "forbidden"
