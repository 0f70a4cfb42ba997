"""What `check_access` says of a connection, and what the manifest offers."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest
from hubspot_rig import connected
from pydantic import SecretStr

from batonpass.domain.errors import ConfigurationError, CredentialsRefusedError, RefusedError
from batonpass.ports import Capability, Connecting, Probe
from batonpass.testing.emulator import Emulator
from batonpass.transport import Transport, open_sockets
from batonpass_hubspot import HubSpotSettings, manifest
from batonpass_hubspot.emulator import HubSpotEmulator
from fakes import FakeClock

UUID = "00000000-0000-4000-8000-000000000000"


async def test_the_account_is_named():
    async with connected(HubSpotEmulator()) as crm:
        access = await crm.check_access()

    assert isinstance(crm, Probe)
    assert access.account == "HubSpot account 12345678 at app.hubspot.com, standard"
    assert access.warnings == ()


@pytest.mark.parametrize(
    ("token", "said"),
    [
        pytest.param(UUID, "a bare UUID", id="client secret"),
        pytest.param(f"eu1-{UUID}", "a developer API key", id="developer key"),
        pytest.param("sk_test_4eC39", "a Stripe key", id="stripe"),
        pytest.param("whsec_abc", "the signing secret of a webhook", id="webhook secret"),
        pytest.param("Bearer pat-na1-x", "a whole Authorization header", id="header"),
        pytest.param("ada@example.com", "an e-mail address", id="address"),
        pytest.param("pat-na1-x ", "a text with spaces", id="space"),
        pytest.param("", "empty", id="empty"),
    ],
)
async def test_a_secret_of_another_kind_is_named_and_never_sent(token: str, said: str):
    hubspot = HubSpotEmulator()

    async with connected(hubspot, access_token=token) as crm:
        with pytest.raises(ConfigurationError) as refused:
            await crm.check_access()

    assert said in str(refused.value)
    assert "service key" in str(refused.value)
    assert not token or token not in str(refused.value)
    assert hubspot.calls == []


async def test_a_token_of_an_oauth_app_is_warned_about():
    token = "C" + "x" * 60

    async with connected(HubSpotEmulator(access_token=token), access_token=token) as crm:
        access = await crm.check_access()

    assert ["half an hour" in each for each in access.warnings] == [True]


async def test_a_wrong_token_is_refused():
    async with connected(HubSpotEmulator(access_token="another")) as crm:
        with pytest.raises(CredentialsRefusedError):
            await crm.check_access()


async def test_without_the_scope_for_contacts_there_is_no_access():
    hubspot = HubSpotEmulator()
    hubspot.scopes.remove("crm.objects.contacts.read")

    async with connected(hubspot) as crm:
        with pytest.raises(RefusedError) as refused:
            await crm.check_access()

    assert refused.value.code == "forbidden"
    assert "crm.objects.contacts.read" in str(refused.value)


@pytest.mark.parametrize("scope", ["companies", "deals", "owners"])
async def test_another_missing_scope_is_a_warning_with_its_name(scope: str):
    hubspot = HubSpotEmulator()
    hubspot.scopes.remove(f"crm.objects.{scope}.read")

    async with connected(hubspot) as crm:
        access = await crm.check_access()

    assert len(access.warnings) == 1
    assert f"crm.objects.{scope}.read" in access.warnings[0]


def test_the_manifest_is_what_the_entry_point_names():
    (entry,) = importlib.metadata.entry_points(group="batonpass.connectors", name="hubspot")

    assert entry.load() is manifest
    assert manifest.name == "hubspot"
    assert manifest.capabilities >= {Capability.CRM_FACTS, Capability.OPEN_TICKET}
    assert isinstance(manifest.emulator(), Emulator)
    assert [end.on.isoformat() for end in manifest.end_dates] == ["2026-10-26", "2027-03-30", "2027-09-01"]


def test_a_connection_has_one_role():
    token = SecretStr("x")
    crm = HubSpotSettings(connector="hubspot", access_token=token)
    desk = HubSpotSettings(connector="hubspot", access_token=token, tickets=True, reply_as="7")
    with_app = crm.model_copy(update={"app_id": "1", "developer_key": SecretStr("k")})

    assert manifest.capabilities_of(crm) == {Capability.CRM_FACTS, Capability.SYNC}
    assert manifest.capabilities_of(with_app) == {
        Capability.CRM_FACTS,
        Capability.SYNC,
        Capability.REGISTER_WEBHOOKS,
    }
    assert Capability.CRM_FACTS not in manifest.capabilities_of(desk)
    assert {Capability.NOTE_APART, Capability.REPLY, Capability.TICKET_HISTORY} <= manifest.capabilities_of(
        desk
    )


def test_the_manifest_loads_no_emulator():
    code = "import sys, batonpass_hubspot; print([name for name in sys.modules if 'starlette' in name])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "address",
    ["https://api.hubapi.com.evil.example", "http://api.hubapi.com", "https://evil.example"],
    ids=["suffix", "no https", "elsewhere"],
)
async def test_the_token_goes_to_hubspot_only(address: str):
    settings = HubSpotSettings(connector="hubspot", access_token=SecretStr("x"), base_url=address)

    async with open_sockets() as http:

        def open_transport(**told: object) -> Transport:
            return Transport(connection="crm", http=http, clock=FakeClock(), **told)  # type: ignore[arg-type]

        with pytest.raises(ConfigurationError) as refused:
            manifest.connect(
                settings, Connecting(name="crm", clock=FakeClock(), open_transport=open_transport)
            )

    assert refused.value.code == "host_not_allowed"


def test_the_token_is_not_shown():
    settings = HubSpotSettings(connector="hubspot", access_token=SecretStr("pat-na1-hidden"))

    assert "hidden" not in repr(settings)
