"""HubSpot misbehaves: what comes out is one of our errors, or the facts that do not need what failed."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from hubspot_rig import ELENA, MIA, TOM, connected, rules, values
from hypothesis import given, settings
from hypothesis import strategies as st

from batonpass.domain.errors import CredentialsRefusedError, RefusedError, RetryLaterError
from batonpass.domain.facts import Standing
from batonpass.testing.emulator import Fault
from batonpass.transport import FixedCredentials, Transport
from batonpass_hubspot import HOSTS
from batonpass_hubspot.adapter import HubSpotFacts
from batonpass_hubspot.client import HubSpotClient
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.desk_client import HubSpotDeskClient
from batonpass_hubspot.emulator import HubSpotEmulator
from batonpass_hubspot.history import History
from batonpass_hubspot.settings import HubSpotSettings
from fakes import FakeClock

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_LINKS = st.fixed_dictionaries(
    {"results": _JSON | st.lists(st.fixed_dictionaries({"id": _JSON}), max_size=2)}
)
ANSWERS = _JSON | st.fixed_dictionaries(
    {
        "id": _JSON | st.just("1"),
        "properties": _JSON | st.fixed_dictionaries({"email": st.just(MIA.email), "hubspot_owner_id": _JSON}),
        "associations": _JSON | st.fixed_dictionaries({"companies": _JSON | _LINKS, "deals": _JSON | _LINKS}),
        "results": _JSON | st.lists(st.fixed_dictionaries({"id": _JSON, "properties": _JSON}), max_size=2),
    }
)
"""What a vendor's answer may have become: fields missing, retyped or null."""

ASKED = rules("company.name", "deal.open", "contact.owner", "company.tier")


@pytest.fixture
def hubspot() -> HubSpotEmulator:
    return HubSpotEmulator.with_sample_account(clock=FakeClock())


async def test_a_rate_limit_without_a_header_closes_the_gate_for_others_too(hubspot: HubSpotEmulator):
    clock = FakeClock()
    hubspot.next_call(Fault.RATE_LIMITED, operation="contacts.get")

    async with connected(hubspot, clock=clock) as crm:
        with pytest.raises(RetryLaterError) as limited:
            await crm.facts_about(MIA, rules("company.name"))
        with pytest.raises(RetryLaterError):
            await crm.facts_about(TOM, rules("company.name"))
        tried = hubspot.calls.count("contacts.get")
        clock.go_on(61)
        answer = await crm.facts_about(MIA, rules("company.name"))

    assert limited.value.code == "rate_limited"
    assert not limited.value.consumes_attempt
    assert tried == 1
    assert values(answer) == {"company.name": "Brightleaf Studio"}


async def test_the_vendors_window_of_ten_seconds_is_waited_for(hubspot: HubSpotEmulator):
    clock = FakeClock()
    hubspot.clock, hubspot.calls_per_window = clock, 1

    async with connected(hubspot, clock=clock) as crm:
        await crm.facts_about(MIA, [])
        with pytest.raises(RetryLaterError) as limited:
            await crm.facts_about(MIA, [])

    assert limited.value.retry_after == pytest.approx(10, abs=0.1)


async def test_a_dripping_answer_is_cut_at_the_deadline(hubspot: HubSpotEmulator):
    hubspot.next_call(Fault.DRIP, operation="contacts.get")

    async with connected(hubspot, deadline=0.5) as crm:
        began = time.monotonic()
        with pytest.raises(RetryLaterError) as late:
            await crm.facts_about(MIA, ASKED)
        took = time.monotonic() - began

    assert late.value.code == "timeout"
    assert took < 1.0


@pytest.mark.parametrize(
    ("fault", "operation"),
    [
        pytest.param(Fault.HTML_PAGE, "contacts.get", id="html page"),
        pytest.param(Fault.BROKEN_JSON, "contacts.get", id="broken json"),
        pytest.param(Fault.ANSWER_EMPTY, "contacts.get", id="empty"),
        pytest.param(Fault.HTML_PAGE, "companies.batch_read", id="html page for companies"),
        pytest.param(Fault.BROKEN_JSON, "deals.batch_read", id="broken json for deals"),
    ],
)
async def test_an_answer_that_is_no_json_is_unexpected_content(
    hubspot: HubSpotEmulator, fault: Fault, operation: str
):
    hubspot.next_call(fault, operation=operation)

    async with connected(hubspot) as crm:
        with pytest.raises(RefusedError) as refused:
            await crm.facts_about(ELENA, ASKED)
        again = await crm.facts_about(ELENA, ASKED)

    assert refused.value.code == "unexpected_content"
    assert len(again.facts) == 4


async def test_a_gzip_bomb_is_cut(hubspot: HubSpotEmulator):
    hubspot.next_call(Fault.GZIP_BOMB, operation="contacts.get")

    async with connected(hubspot) as crm:
        with pytest.raises(RefusedError) as refused:
            await crm.facts_about(MIA, [])

    assert refused.value.code == "unexpected_content"


async def test_a_redirect_is_refused(hubspot: HubSpotEmulator):
    hubspot.next_call(Fault.REDIRECT, operation="contacts.get", location="http://169.254.169.254/")

    async with connected(hubspot) as crm:
        with pytest.raises(RefusedError) as refused:
            await crm.facts_about(MIA, ASKED)

    assert refused.value.code == "redirect_refused"


async def test_a_revoked_token_is_confirmed_once_and_then_left_alone(hubspot: HubSpotEmulator):
    clock = FakeClock()
    right, hubspot.access_token = hubspot.access_token, "another"

    async with connected(hubspot, clock=clock) as crm:
        for _ in range(3):
            with pytest.raises(CredentialsRefusedError):
                await crm.facts_about(MIA, rules("company.name"))
        tried = len(hubspot.calls)
        hubspot.access_token = right
        clock.go_on(61)
        answer = await crm.facts_about(MIA, rules("company.name"))

    assert tried <= 4  # the contact and, beside it, the properties: each once and once to confirm
    assert values(answer) == {"company.name": "Brightleaf Studio"}


async def test_a_missing_scope_names_itself(hubspot: HubSpotEmulator):
    hubspot.scopes.remove("crm.objects.companies.read")

    async with connected(hubspot) as crm:
        with pytest.raises(RefusedError) as refused:
            await crm.facts_about(MIA, rules("company.name"))

    assert refused.value.code == "forbidden"
    assert refused.value.reasons == ("MISSING_SCOPES",)
    assert refused.value.fields == ("crm.objects.companies.read",)
    assert refused.value.request_id


@pytest.mark.parametrize(
    ("operation", "lost"),
    [
        pytest.param("owners.list", {"contact.owner"}, id="owners"),
        pytest.param("companies.properties", set(), id="properties"),
        pytest.param("deals.pipelines", set(), id="stages"),
    ],
)
@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.HTML_PAGE])
async def test_a_list_that_fails_costs_only_what_needs_it(
    hubspot: HubSpotEmulator, fault: Fault, operation: str, lost: set[str]
):
    hubspot.next_call(fault, operation=operation)

    async with connected(hubspot) as crm:
        poorer = values(await crm.facts_about(ELENA, ASKED))
        whole = values(await crm.facts_about(ELENA, ASKED))

    assert set(whole) - set(poorer) == lost
    assert whole["company.tier"] == "Enterprise"
    assert whole["contact.owner"] == "Priya Nair"
    if operation == "companies.properties":
        assert poorer["company.tier"] == "enterprise"
    if operation == "deals.pipelines":
        assert poorer["deal.open"] == ("Renewal 2027: 84,000.00 EUR, stage contractsent, closes 2026-12-10",)


async def test_a_list_that_never_comes_is_waited_for_no_longer_than_any_call(hubspot: HubSpotEmulator):
    hubspot.next_call(Fault.NEVER_ANSWERED, operation="owners.list", seconds=2)

    async with connected(hubspot, deadline=0.5) as crm:
        answer = await crm.facts_about(MIA, rules("contact.owner", "company.name"))

    assert values(answer) == {"company.name": "Brightleaf Studio"}


@given(told=ANSWERS)
@settings(deadline=None, max_examples=60)
def test_an_answer_of_any_shape_gives_facts_or_one_of_our_errors(told: object):
    async def ask() -> Standing | str:
        reply = httpx.MockTransport(lambda _: httpx.Response(200, json=told))
        async with reply as http:
            transport = Transport(
                connection="crm",
                base_url="https://api.hubapi.com",
                hosts=HOSTS,
                http=http,
                credentials=FixedCredentials({}),
                clock=FakeClock(),
            )
            desk = Desk(
                crm=HubSpotClient(transport),
                api=HubSpotDeskClient(transport),
                settings=HubSpotSettings(access_token="x"),
                name="crm",
                clock=FakeClock(),
            )
            crm = HubSpotFacts(desk.crm, name="crm", token="x", clock=desk.clock, history=History(desk))
            try:
                return (await crm.facts_about(MIA, ASKED)).standing
            except RefusedError as refused:
                return refused.code

    outcome = asyncio.run(ask())

    assert outcome in {Standing.FOUND, Standing.NOT_FOUND, "unexpected_content"}


async def test_no_error_names_the_customer(hubspot: HubSpotEmulator):
    hubspot.next_call(Fault.SERVER_ERROR, operation="contacts.get", status=400)

    async with connected(hubspot) as crm:
        with pytest.raises(RefusedError) as refused:
            await crm.facts_about(MIA, ASKED)

    assert "mia" not in str(refused.value).lower()
