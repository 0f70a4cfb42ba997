"""What HubSpot tells about a person, and whom it takes for that person."""

from __future__ import annotations

import time
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hubspot_rig import ELENA, MIA, TOM, connected, rule, rules, values

from batonpass.domain.facts import FactRule, Money, Person, Standing
from batonpass.ports import FactSource
from batonpass.testing.emulator import Latency
from batonpass_hubspot.emulator import HubSpotEmulator
from fakes import NOON, FakeClock

MAPPING = Path(__file__).parent.parent.parent / "mappings" / "hubspot.toml"


@pytest.fixture
def hubspot() -> HubSpotEmulator:
    return HubSpotEmulator.with_sample_account(clock=FakeClock())


def shipped_rules() -> list[FactRule]:
    told = tomllib.loads(MAPPING.read_text(encoding="utf-8"))["facts"]
    return [
        FactRule(
            name=name,
            object=each["object"],
            property=each["property"],
            values=tuple(each.get("values", {}).items()),
        )
        for name, each in told.items()
    ]


async def test_the_shipped_mapping_tells_everything_about_elena(hubspot: HubSpotEmulator):
    async with connected(hubspot) as crm:
        answer = await crm.facts_about(ELENA, shipped_rules())

    assert isinstance(crm, FactSource)
    assert answer.standing is Standing.FOUND
    assert values(answer) == {
        "customer.lifecycle_stage": "Customer",
        "account.name": "Norvik Industries",
        "account.tier": "enterprise",
        "account.renewal_date": date(2026, 12, 15),
        "account.owner": "Priya Nair",
        "account.open_deals": ("Renewal 2027: 84,000.00 EUR, stage Contract sent, closes 2026-12-10",),
    }


async def test_a_fact_has_its_connection_as_source_and_the_time_of_the_answer(hubspot: HubSpotEmulator):
    async with connected(hubspot, clock=FakeClock(), name="hubspot-eu") as crm:
        answer = await crm.facts_about(MIA, rules("company.name"))

    assert [(fact.source, fact.as_of) for fact in answer.facts] == [("hubspot-eu", NOON)]


async def test_a_value_that_the_person_lacks_or_hubspot_does_not_know_gives_no_fact(hubspot: HubSpotEmulator):
    asked = rules(
        "company.renewal_date", "company.owner", "company.no_such", "deal.open", "deal.amount", "ship.name"
    )

    async with connected(hubspot) as crm:
        answer = await crm.facts_about(TOM, asked)

    assert answer.standing is Standing.FOUND
    assert answer.facts == ()


async def test_nobody_with_this_address_is_not_found(hubspot: HubSpotEmulator):
    async with connected(hubspot) as crm:
        answer = await crm.facts_about(Person(email="nobody@example.com"), rules("company.name"))

    assert (answer.standing, answer.facts) == (Standing.NOT_FOUND, ())


@pytest.mark.parametrize(
    "person",
    [
        pytest.param(Person(), id="nothing"),
        pytest.param(Person(name="Mia Keller"), id="name"),
        pytest.param(Person(phone="+49 30 123456"), id="phone"),
        pytest.param(Person(email="  "), id="blank address"),
        pytest.param(Person(email="mia keller"), id="no address"),
        pytest.param(Person(external_ids=(("hubspot", "../owners"),)), id="no id"),
    ],
)
async def test_without_an_id_or_an_address_nobody_is_asked(hubspot: HubSpotEmulator, person: Person):
    async with connected(hubspot) as crm:
        answer = await crm.facts_about(person, rules("company.name"))

    assert answer.standing is Standing.NO_KEY
    assert hubspot.calls == []


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(" Mia.Keller@Example.COM ", id="other case"),
        pytest.param("mia+billing@example.com", id="plus sign"),
        pytest.param("o'neil/ops?x=1#y%41@example.com", id="signs that urls use"),
    ],
)
async def test_an_address_finds_its_contact_exactly(address: str):
    hubspot = HubSpotEmulator()
    hubspot.add_contact({"email": address.strip().lower(), "firstname": "Mia"})

    async with connected(hubspot) as crm:
        person = Person(email=address, folds_case=True)
        answer = await crm.facts_about(person, rules("contact.firstname"))

    assert values(answer) == {"contact.firstname": "Mia"}


async def test_a_secondary_address_finds_its_contact():
    hubspot = HubSpotEmulator()
    hubspot.add_contact(
        {
            "email": "mia@new.example",
            "hs_additional_emails": "mia@older.example;Mia@Old.example",
            "firstname": "Mia",
        }
    )

    async with connected(hubspot) as crm:
        person = Person(email="mia@old.example", folds_case=True)
        answer = await crm.facts_about(person, rules("contact.firstname"))

    assert values(answer) == {"contact.firstname": "Mia"}


async def test_an_answer_about_somebody_with_another_address_is_not_believed(
    hubspot: HubSpotEmulator, monkeypatch: pytest.MonkeyPatch
):
    mia = hubspot.account.find("contacts", "mia.keller@example.com", "email")
    monkeypatch.setattr(type(hubspot.account), "find", lambda *_: mia)

    async with connected(hubspot) as crm:
        answer = await crm.facts_about(Person(email="kia.meller@example.com"), rules("company.name"))

    assert (answer.standing, answer.facts) == (Standing.NOT_FOUND, ())


async def test_an_address_of_two_contacts_is_ambiguous_and_shows_nothing(hubspot: HubSpotEmulator):
    hubspot.add_contact({"email": "other@example.com", "hs_additional_emails": "mia.keller@example.com"})

    async with connected(hubspot) as crm:
        answer = await crm.facts_about(MIA, rules("company.name"))

    assert (answer.standing, answer.facts) == (Standing.AMBIGUOUS, ())


@pytest.mark.parametrize("system", ["crm", "hubspot"])
async def test_an_id_goes_before_the_address(hubspot: HubSpotEmulator, system: str):
    contact_id = hubspot.add_contact({"firstname": "Ada"})
    person = Person(email="mia.keller@example.com", external_ids=((system, contact_id),))

    async with connected(hubspot) as crm:
        answer = await crm.facts_about(person, rules("contact.firstname"))

    assert values(answer) == {"contact.firstname": "Ada"}


async def test_an_id_that_is_gone_is_not_found(hubspot: HubSpotEmulator):
    async with connected(hubspot) as crm:
        answer = await crm.facts_about(Person(external_ids=(("crm", "999999"),)), rules("contact.firstname"))

    assert answer.standing is Standing.NOT_FOUND


async def test_of_several_companies_the_primary_one_is_meant():
    hubspot = HubSpotEmulator()
    first, second = hubspot.add_company({"name": "First"}), hubspot.add_company({"name": "Second"})
    contact = hubspot.add_contact({"email": "mia.keller@example.com"}, companies=[first, second])
    hubspot.set_primary_company(contact, second)

    async with connected(hubspot) as crm:
        answer = await crm.facts_about(MIA, rules("company.name"))

    assert values(answer) == {"company.name": "Second"}


async def test_of_several_companies_without_a_primary_one_none_is_meant():
    hubspot = HubSpotEmulator()
    companies = [hubspot.add_company({"name": name}) for name in ("First", "Second")]
    contact = hubspot.add_contact(
        {"email": "mia.keller@example.com", "firstname": "Mia"}, companies=companies
    )
    hubspot.set_primary_company(contact, None)

    async with connected(hubspot) as crm:
        answer = await crm.facts_about(MIA, rules("company.name", "contact.firstname"))

    assert answer.standing is Standing.FOUND
    assert values(answer) == {"contact.firstname": "Mia"}


async def test_open_deals_are_told_in_lines_the_latest_close_date_first():
    hubspot = HubSpotEmulator()
    deals = [
        hubspot.add_deal(deal)
        for deal in (
            {"dealname": "Lost", "dealstage": "closedlost", "closedate": "2027-05-01T00:00:00Z"},
            {"dealname": "Undated", "dealstage": "negotiation"},
            {
                "dealname": "Seats",
                "amount": "12000",
                "deal_currency_code": "EUR",
                "dealstage": "negotiation",
                "closedate": "2026-12-01T23:30:00Z",
            },
            {
                "dealname": "Tokyo",
                "amount": "1200",
                "deal_currency_code": "JPY",
                "closedate": "1798761600000",
            },
            {"dealname": "Plain", "amount": "99.5", "dealstage": "no_such_stage"},
        )
    ]
    hubspot.add_contact({"email": "mia.keller@example.com"}, deals=deals)

    async with connected(hubspot) as crm:
        answer = await crm.facts_about(MIA, rules("deal.open"))

    assert values(answer)["deal.open"] == (
        "Tokyo: 1,200 JPY, closes 2027-01-01",
        "Seats: 12,000.00 EUR, stage Negotiation, closes 2026-12-01",
        "Plain: 99.50, stage no_such_stage",
        "Undated: stage Negotiation",
    )


async def test_of_many_open_deals_five_are_told():
    hubspot = HubSpotEmulator()
    deals = [hubspot.add_deal({"dealname": f"Deal {n}"}) for n in range(130)]
    hubspot.add_contact({"email": "mia.keller@example.com"}, deals=deals)

    async with connected(hubspot) as crm:
        answer = await crm.facts_about(MIA, rules("deal.open", "deal.dealname"))

    assert values(answer) == {"deal.open": tuple(f"Deal {n}" for n in range(129, 124, -1))}


async def test_a_property_of_the_only_open_deal_is_told(hubspot: HubSpotEmulator):
    async with connected(hubspot) as crm:
        answer = await crm.facts_about(ELENA, rules("deal.amount", "deal.closedate", "deal.hs_is_closed"))

    assert values(answer) == {
        "deal.amount": Money(amount=8_400_000, currency="eur"),
        "deal.closedate": date(2026, 12, 10),
        "deal.hs_is_closed": False,
    }


async def test_values_are_looked_up_by_the_stored_value_and_shown_by_their_label(hubspot: HubSpotEmulator):
    hubspot.add_contact(
        {"email": "ada@example.com", "lifecyclestage": "customer"},
        companies=[hubspot.add_company({"tier": "pro", "numberofemployees": "12"})],
    )
    asked = [
        rule("company.tier"),
        rule("contact.lifecyclestage", customer="paying", lead="not paying"),
        rule("company.numberofemployees"),
    ]

    async with connected(hubspot) as crm:
        answer = await crm.facts_about(Person(email="ada@example.com"), asked)

    assert values(answer) == {
        "company.tier": "Pro",
        "contact.lifecyclestage": "paying",
        "company.numberofemployees": Decimal(12),
    }


async def test_the_lists_of_the_account_are_read_once_in_ten_minutes(hubspot: HubSpotEmulator):
    clock = FakeClock()
    lists = ["companies.properties", "contacts.properties", "deals.pipelines", "owners.list"]
    records = ["companies.batch_read", "contacts.get", "contacts.links", "deals.batch_read"]

    async with connected(hubspot, clock=clock) as crm:
        await crm.facts_about(ELENA, shipped_rules())
        first, hubspot.calls[:] = sorted(hubspot.calls), []
        clock.go_on(599)
        await crm.facts_about(ELENA, shipped_rules())
        second, hubspot.calls[:] = sorted(hubspot.calls), []
        clock.go_on(2)
        await crm.facts_about(ELENA, shipped_rules())
        third = sorted(hubspot.calls)

    assert first == sorted([*lists, *records])
    assert second == records
    assert third == first


async def test_only_what_the_rules_name_is_read(hubspot: HubSpotEmulator):
    async with connected(hubspot) as crm:
        await crm.facts_about(ELENA, rules("contact.owner"))

    assert sorted(hubspot.calls) == ["contacts.get", "contacts.links", "owners.list"]


async def test_two_round_trips_are_enough_also_at_first_use(hubspot: HubSpotEmulator):
    hubspot.latency = Latency(seconds=0.4)

    async with connected(hubspot) as crm:
        began = time.monotonic()
        answer = await crm.facts_about(ELENA, shipped_rules())
        took = time.monotonic() - began

    first, *then = [call for call in hubspot.calls if call.endswith((".get", ".batch_read"))]
    assert len(answer.facts) == 6
    assert (first, sorted(then)) == ("contacts.get", ["companies.batch_read", "deals.batch_read"])
    assert 0.8 <= took < 1.2  # three in a row would take 1.2 s


async def test_owners_beyond_the_first_page_are_known():
    hubspot = HubSpotEmulator()
    for n in range(501):
        hubspot.add_owner("Owner", str(n), f"owner{n}@example.com")
    last = hubspot.add_owner("Ada", "Last", "ada@example.com")
    hubspot.add_contact({"email": "mia.keller@example.com", "hubspot_owner_id": last})

    async with connected(hubspot) as crm:
        answer = await crm.facts_about(MIA, rules("contact.owner"))

    assert values(answer) == {"contact.owner": "Ada Last"}
    assert hubspot.calls.count("owners.list") == 2
