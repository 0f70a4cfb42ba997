"""The official SDK as a client of the emulator: its models are the oracle for the shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hubspot import HubSpot
from hubspot.crm import companies, contacts, deals, tickets

from batonpass.testing.emulator import Fault
from batonpass.testing.serving import served_in_thread
from batonpass_hubspot.emulator import ACCESS_TOKEN, HubSpotEmulator
from fakes import FakeClock


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[HubSpotEmulator, str]]:
    emulator = HubSpotEmulator()
    with served_in_thread(emulator) as url:
        yield emulator, url


@pytest.fixture
def emulator(address: tuple[HubSpotEmulator, str]) -> HubSpotEmulator:
    """The one that is served, made new."""
    served, _ = address
    served.__dict__.update(HubSpotEmulator.with_sample_account(clock=FakeClock()).__dict__)
    return served


@pytest.fixture
def sdk(address: tuple[HubSpotEmulator, str], emulator: HubSpotEmulator) -> HubSpot:
    return HubSpot(access_token=ACCESS_TOKEN, host=address[1])


def found_by_email(sdk: HubSpot, email: str) -> contacts.SimplePublicObjectWithAssociations:
    return sdk.crm.contacts.basic_api.get_by_id(
        email, id_property="email", properties=["firstname", "phone", "no_such"], associations=["companies"]
    )


def test_a_contact_is_read_by_address(sdk: HubSpot):
    mia = found_by_email(sdk, "mia.keller@example.com")

    assert mia.properties["firstname"] == "Mia"
    assert mia.properties["phone"] is None
    assert "no_such" not in mia.properties
    assert [link.type for link in mia.associations["companies"].results] == [
        "contact_to_company",
        "contact_to_company_unlabeled",
    ]


def test_companies_and_deals_are_read_in_batches(sdk: HubSpot):
    elena = sdk.crm.contacts.basic_api.get_by_id(
        "elena.rossi@example.com", id_property="email", associations=["companies", "deals"]
    )
    company_id = elena.associations["companies"].results[0].id
    deal_id = elena.associations["deals"].results[0].id

    read = sdk.crm.companies.batch_api.read(
        companies.BatchReadInputSimplePublicObjectId(
            properties=["name", "renewal_date"],
            properties_with_history=[],
            inputs=[companies.SimplePublicObjectId(id=company_id)],
        )
    )
    sold = sdk.crm.deals.batch_api.read(
        deals.BatchReadInputSimplePublicObjectId(
            properties=["hs_is_closed", "amount"],
            properties_with_history=[],
            inputs=[deals.SimplePublicObjectId(id=deal_id)],
        )
    )

    assert read.status == "COMPLETE"
    assert read.results[0].properties["renewal_date"] == "2026-12-15"
    assert sold.results[0].properties["hs_is_closed"] == "false"
    assert sold.results[0].properties["amount"] == "84000.00"


def test_a_batch_has_at_most_a_hundred_inputs(sdk: HubSpot):
    inputs = [contacts.SimplePublicObjectId(id=str(n)) for n in range(101)]
    asked = contacts.BatchReadInputSimplePublicObjectId(
        properties=[], properties_with_history=[], inputs=inputs
    )

    with pytest.raises(contacts.ApiException) as refused:
        sdk.crm.contacts.batch_api.read(asked)

    assert refused.value.status == 400


def search_for(name: str, value: str, **more: object) -> contacts.PublicObjectSearchRequest:
    its_filter = contacts.Filter(property_name=name, operator="EQ", value=value)
    group = contacts.FilterGroup(filters=[its_filter])
    return contacts.PublicObjectSearchRequest(filter_groups=[group], properties=["email"], **more)


def test_search_pages_sorts_and_sends_no_limit_headers(sdk: HubSpot):
    asked = search_for("lifecyclestage", "customer", sorts=["firstname"], limit=2)

    page, _, headers = sdk.crm.contacts.search_api.do_search_with_http_info(asked)
    asked.after = page.paging.next.after
    last = sdk.crm.contacts.search_api.do_search(asked)

    emails = [each.properties["email"] for each in (*page.results, *last.results)]
    assert page.total == 3
    assert emails == ["elena.rossi@example.com", "mia.keller@example.com", "tom.okafor@example.com"]
    assert last.paging is None
    assert not [name for name in headers if name.lower().startswith("x-hubspot-ratelimit")]


@pytest.mark.parametrize(("limit", "after"), [(201, None), (200, "9900")], ids=["large page", "past 10,000"])
def test_search_has_its_ends(sdk: HubSpot, limit: int, after: str | None):
    with pytest.raises(contacts.ApiException) as refused:
        sdk.crm.contacts.search_api.do_search(search_for("email", "x", limit=limit, after=after))

    assert refused.value.status == 400


def test_five_searches_a_second(sdk: HubSpot):
    for _ in range(5):
        sdk.crm.contacts.search_api.do_search(search_for("email", "x"))
    with pytest.raises(contacts.ApiException) as limited:
        sdk.crm.contacts.search_api.do_search(search_for("email", "x"))

    assert limited.value.status == 429
    assert json.loads(limited.value.body)["policyName"] == "SECONDLY"


def test_a_contact_is_created_with_its_company_and_updated(sdk: HubSpot, emulator: HubSpotEmulator):
    company = sdk.crm.companies.basic_api.create(
        companies.SimplePublicObjectInputForCreate(
            properties={"name": "Kite", "tier": "free"}, associations=[]
        )
    )
    link = contacts.PublicAssociationsForObject(
        to=contacts.PublicObjectId(id=company.id),
        types=[contacts.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=1)],
    )

    made = sdk.crm.contacts.basic_api.create(
        contacts.SimplePublicObjectInputForCreate(
            properties={"email": "ada@example.com"}, associations=[link]
        )
    )
    sdk.crm.contacts.basic_api.update(
        made.id, contacts.SimplePublicObjectInput(properties={"firstname": "Ada"})
    )

    ada = found_by_email(sdk, "ada@example.com")
    assert ada.properties["firstname"] == "Ada"
    assert ada.associations["companies"].results[0].id == company.id
    assert [effect.kind for effect in emulator.ledger] == [
        "company.created",
        "contact.created",
        "contact.updated",
    ]


def test_a_taken_address_is_a_conflict(sdk: HubSpot):
    with pytest.raises(contacts.ApiException) as refused:
        sdk.crm.contacts.basic_api.create(
            contacts.SimplePublicObjectInputForCreate(
                properties={"email": "MIA.keller@example.com"}, associations=[]
            )
        )

    mia = found_by_email(sdk, "mia.keller@example.com")
    assert refused.value.status == 409
    assert json.loads(refused.value.body)["message"] == f"Contact already exists. Existing ID: {mia.id}"


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        pytest.param({"favourite_colour": "red"}, "PROPERTY_DOESNT_EXIST", id="unknown property"),
        pytest.param({"tier": "Pro"}, "INVALID_OPTION", id="label for value"),
    ],
)
def test_a_wrong_write_is_refused(sdk: HubSpot, properties: dict[str, str], code: str):
    with pytest.raises(companies.ApiException) as refused:
        sdk.crm.companies.basic_api.create(
            companies.SimplePublicObjectInputForCreate(properties=properties, associations=[])
        )

    told = json.loads(refused.value.body)
    assert refused.value.status == 400
    assert told["category"] == "VALIDATION_ERROR"
    assert [error["code"] for error in told["errors"]] == [code]


def test_a_ticket_needs_its_stage(sdk: HubSpot, emulator: HubSpotEmulator):
    create = sdk.crm.tickets.basic_api.create
    with pytest.raises(tickets.ApiException) as refused:
        create(tickets.SimplePublicObjectInputForCreate(properties={"subject": "x"}, associations=[]))

    made = create(
        tickets.SimplePublicObjectInputForCreate(
            properties={"subject": "x", "hs_pipeline_stage": "1"}, associations=[]
        )
    )

    assert refused.value.status == 400
    assert [effect.id for effect in emulator.effects("ticket.opened")] == [made.id]


def test_what_is_not_there_is_a_404_in_hubspots_shape(sdk: HubSpot):
    with pytest.raises(contacts.ApiException) as missing:
        found_by_email(sdk, "nobody@example.com")

    told = json.loads(missing.value.body)
    assert missing.value.status == 404
    assert set(told) == {"status", "message", "correlationId", "category"}


def test_days_and_instants_come_back_as_iso_strings(sdk: HubSpot):
    create = sdk.crm.deals.basic_api.create

    made = create(
        deals.SimplePublicObjectInputForCreate(
            properties={"dealname": "x", "closedate": "1798761600000", "dealstage": "closedwon"},
            associations=[],
        )
    )

    assert made.properties["closedate"] == "2027-01-01T00:00:00.000Z"
    assert made.properties["hs_is_closed"] == "true"


def test_owners_pipelines_and_properties_have_their_shapes(sdk: HubSpot):
    owners = sdk.crm.owners.owners_api.get_page(limit=1)
    pipelines = sdk.crm.pipelines.pipelines_api.get_all("deals")
    properties = sdk.crm.properties.core_api.get_all("companies")

    assert (owners.results[0].first_name, owners.results[0].last_name) == ("Jonas", "Weber")
    assert owners.paging.next.after
    assert {stage.id: stage.label for stage in pipelines.results[0].stages}["contractsent"] == "Contract sent"
    tier = next(each for each in properties.results if each.name == "tier")
    assert [option.value for option in tier.options] == ["free", "pro", "enterprise"]


def test_the_rate_limit_is_told_in_headers_and_in_its_refusal(sdk: HubSpot, emulator: HubSpotEmulator):
    emulator.next_call(Fault.RATE_LIMITED, operation="contacts.list")
    api = sdk.crm.contacts.basic_api

    with pytest.raises(contacts.ApiException) as limited:
        api.get_page(limit=1)
    _, _, headers = api.get_page_with_http_info(limit=1)

    assert json.loads(limited.value.body)["policyName"] == "TEN_SECONDLY_ROLLING"
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"


def test_a_wrong_token_is_refused(address: tuple[HubSpotEmulator, str]):
    with pytest.raises(contacts.ApiException) as refused:
        found_by_email(HubSpot(access_token="another", host=address[1]), "mia.keller@example.com")

    assert refused.value.status == 401
    assert json.loads(refused.value.body)["category"] == "INVALID_AUTHENTICATION"
