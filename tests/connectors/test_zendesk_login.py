"""How a Zendesk connection proves who it is, and what it does when that is refused."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from pydantic import ValidationError

from batonpass.domain.errors import CredentialsRefusedError, RefusedError
from batonpass_zendesk import ZendeskSettings, manifest
from batonpass_zendesk.emulator import ZendeskEmulator
from zendesk_served import HandClock, desk

CLIENT = {"client_id": "c", "client_secret": "s"}
TOKEN = {"email": "ada@helpdesk.example", "api_token": "t"}


def settings(**told: str) -> ZendeskSettings:
    return ZendeskSettings.model_validate({"connector": "zendesk", **told})


@pytest.mark.parametrize("login", [pytest.param(CLIENT, id="oauth"), pytest.param(TOKEN, id="api token")])
def test_one_login_and_a_subdomain_are_enough(login: dict[str, str]):
    assert settings(subdomain="acme", **login).address == "https://acme.zendesk.com"


def test_an_address_of_its_own_needs_no_subdomain():
    assert settings(base_url="http://127.0.0.1:8001/", **CLIENT).address == "http://127.0.0.1:8001"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param({**CLIENT}, "set subdomain", id="no account"),
        pytest.param({"subdomain": "acme"}, "set client_id and client_secret", id="no login"),
        pytest.param({"subdomain": "acme", **CLIENT, **TOKEN}, "not the other", id="both logins"),
        pytest.param({"subdomain": "acme", "client_id": "c"}, "one pair, whole", id="half a login"),
        pytest.param({"subdomain": "acme", **TOKEN, "client_id": "c"}, "not the other", id="one and a half"),
        pytest.param({"subdomain": "acme.zendesk.com", **CLIENT}, "pattern", id="a whole host"),
        pytest.param({"subdomain": "evil.example/", **CLIENT}, "pattern", id="another host"),
        pytest.param({"subdomain": "acme", **CLIENT, "sub_domain": "x"}, "Extra inputs", id="unknown key"),
    ],
)
def test_other_settings_are_refused_with_the_fix(told: dict[str, str], said: str):
    with pytest.raises(ValidationError, match=said):
        settings(**told)


def test_no_secret_shows_in_the_settings():
    shown = repr(settings(subdomain="acme", client_id="c", client_secret="very-secret"))

    assert "very-secret" not in shown


async def test_a_good_oauth_client_names_the_account_without_a_warning():
    async with desk(ZendeskEmulator()) as made:
        access = await made.zendesk.check_access()

    assert access.account == "127.0.0.1, as Ada Admin"
    assert access.warnings == ()


async def test_an_api_token_works_and_is_warned_about_with_its_dates():
    async with desk(ZendeskEmulator(), api_token=True) as made:
        (warning,) = (await made.zendesk.check_access()).warnings

    assert all(what in warning for what in ("2026-10-27", "30 days", "2027-04-30", "client_id"))
    assert [end.on for end in manifest.end_dates] == [date(2027, 4, 30)]


async def test_a_login_that_belongs_to_no_agent_is_forbidden():
    emulator = ZendeskEmulator()
    emulator.agent.role = "end-user"

    async with desk(emulator) as made:
        with pytest.raises(RefusedError) as refused:
            await made.zendesk.check_access()

    assert refused.value.code == "forbidden"


@pytest.mark.parametrize("api_token", [pytest.param(False, id="oauth"), pytest.param(True, id="api token")])
async def test_a_wrong_key_is_refused_once_confirmed_and_then_probed_once_a_minute(api_token: bool):
    clock = HandClock()
    emulator = ZendeskEmulator(clock=clock)

    async with desk(emulator, clock=clock, api_token=api_token) as made:
        emulator.client_secret = emulator.api_token = "another"
        for _ in range(5):
            with pytest.raises(CredentialsRefusedError) as refused:
                await made.zendesk.check_access()
        confirmed = len(emulator.calls)
        clock.passed += 61
        with pytest.raises(CredentialsRefusedError):
            await made.zendesk.check_access()

    assert confirmed == 2
    assert len(emulator.calls) <= confirmed + 2
    assert not refused.value.consumes_attempt
    assert "another" not in str(refused.value)
    assert "emulated" not in str(refused.value)


async def test_work_goes_on_once_the_client_is_good_again():
    clock = HandClock()
    emulator = ZendeskEmulator(clock=clock)
    secret = emulator.client_secret

    async with desk(emulator, clock=clock) as made:
        emulator.client_secret = "another"
        with pytest.raises(CredentialsRefusedError):
            await made.zendesk.check_access()
        emulator.client_secret = secret
        clock.passed += 61

        assert (await made.zendesk.check_access()).account


async def test_a_client_that_is_revoked_while_in_use_stops_the_calls():
    clock = HandClock()
    emulator = ZendeskEmulator(clock=clock)

    async with desk(emulator, clock=clock) as made:
        await made.zendesk.check_access()
        emulator.revoke_tokens()
        emulator.client_secret = "another"
        for _ in range(5):
            with pytest.raises(CredentialsRefusedError):
                await made.zendesk.check_access()

    assert emulator.calls.count("users.me") == 2
    assert emulator.calls.count("oauth.token") == 3


async def test_twenty_callers_with_a_revoked_token_fetch_one_new_one_and_notice_nothing():
    emulator = ZendeskEmulator()

    async with desk(emulator) as made:
        await made.zendesk.check_access()
        emulator.revoke_tokens()
        answers = await asyncio.gather(*(made.zendesk.check_access() for _ in range(20)))

    assert len(answers) == 20
    assert emulator.calls.count("oauth.token") == 2


async def test_a_token_is_renewed_before_it_expires():
    clock = HandClock()
    emulator = ZendeskEmulator(clock=clock, token_lifetime=400)

    async with desk(emulator, clock=clock) as made:
        await made.zendesk.check_access()
        clock.passed += 301
        await made.zendesk.check_access()

    assert emulator.calls == ["oauth.token", "users.me", "oauth.token", "users.me"]
