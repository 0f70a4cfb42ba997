"""The emulator is as strict as Zendesk, and answers within its contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from batonpass.domain.conversation import ReasonCode
from batonpass_zendesk import manifest
from batonpass_zendesk.emulated_page import sanitised
from batonpass_zendesk.emulator import ZendeskEmulator
from contract import ContractChecked
from shared import shared_file
from zendesk_served import HandClock

HOURS = 3600.0
LOGIN = ("ada@helpdesk.example/token", "emulated-token")
TICKET = {"subject": "Refund", "comment": {"body": "Wants a refund.", "public": False}, "external_id": "k-1"}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def emulator(clock: HandClock) -> ZendeskEmulator:
    return ZendeskEmulator.with_sample_account(clock=clock)


@pytest.fixture
async def api(emulator: ZendeskEmulator) -> AsyncIterator[httpx.AsyncClient]:
    checked = ContractChecked(emulator, shared_file("contracts", "zendesk.openapi.yaml"))
    transport = httpx.ASGITransport(app=checked)
    async with httpx.AsyncClient(transport=transport, base_url="http://zendesk.test", auth=LOGIN) as client:
        yield client
    assert checked.violations == []


async def opened(api: httpx.AsyncClient, ticket: Any = None, *, key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await api.post("/api/v2/tickets", json={"ticket": {**TICKET, **(ticket or {})}}, headers=headers)


def test_the_manifest_makes_it_without_arguments():
    assert isinstance(manifest.emulator(), ZendeskEmulator)


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("Bearer nonsense", id="unknown token"),
        pytest.param("Basic !!!", id="no base64"),
        pytest.param("Basic YWRhOnRva2Vu", id="wrong password"),
    ],
)
async def test_without_a_good_login_nothing_is_answered(api: httpx.AsyncClient, authorization: str):
    response = await api.get("/api/v2/groups", auth=None, headers={"Authorization": authorization})

    assert (response.status_code, response.json()) == (401, {"error": "Couldn't authenticate you"})


async def test_a_token_is_good_until_it_expires(api: httpx.AsyncClient, clock: HandClock):
    asked = {
        "grant_type": "client_credentials",
        "client_id": "emulated-client",
        "client_secret": "emulated-secret",
    }
    token = (await api.post("/oauth/tokens", json=asked)).json()
    login = {"Authorization": f"Bearer {token['access_token']}"}

    before = await api.get("/api/v2/users/me", auth=None, headers=login)
    clock.passed = token["expires_in"] + 1
    after = await api.get("/api/v2/users/me", auth=None, headers=login)

    assert (before.status_code, after.status_code) == (200, 401)


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        pytest.param({"client_secret": "another"}, 401, "invalid_client", id="wrong secret"),
        pytest.param({"grant_type": "password"}, 400, "unsupported_grant_type", id="another grant"),
    ],
)
async def test_a_token_is_refused(api: httpx.AsyncClient, changes: dict[str, str], status: int, error: str):
    asked = {
        "grant_type": "client_credentials",
        "client_id": "emulated-client",
        "client_secret": "emulated-secret",
    }

    response = await api.post("/oauth/tokens", json={**asked, **changes})

    assert (response.status_code, response.json()["error"]) == (status, error)


async def test_a_repeated_key_is_a_hit_with_the_first_answer(
    api: httpx.AsyncClient, emulator: ZendeskEmulator
):
    first = await opened(api, key="k")
    second = await opened(api, key="k")

    assert [answer.headers["x-idempotency-lookup"] for answer in (first, second)] == ["miss", "hit"]
    assert first.json() == second.json()
    assert len(emulator.tickets) == 1


async def test_a_key_with_another_body_is_refused(api: httpx.AsyncClient):
    await opened(api, key="k")
    response = await opened(api, {"subject": "Another"}, key="k")

    assert (response.status_code, response.json()["error"]) == (400, "IdempotentRequestError")


async def test_a_key_is_forgotten_after_two_hours(
    api: httpx.AsyncClient, emulator: ZendeskEmulator, clock: HandClock
):
    await opened(api, key="k")
    clock.passed = 2 * HOURS
    await opened(api, key="k")

    assert len(emulator.tickets) == 2


async def test_a_refused_request_keeps_no_key(api: httpx.AsyncClient):
    refused = await opened(api, {"group_id": 404}, key="k")
    accepted = await opened(api, key="k")

    assert (refused.status_code, accepted.status_code) == (422, 201)


@pytest.mark.parametrize(
    ("ticket", "said"),
    [
        pytest.param({"comment": {"body": ""}}, "Description: cannot be blank", id="no comment"),
        pytest.param({"comment": {"body": "x" * 65_536}}, "Description: is too long", id="comment too long"),
        pytest.param({"subject": "x" * 151}, "Subject: is too long", id="subject too long"),
        pytest.param({"external_id": "x" * 256}, "External: is too long", id="external id too long"),
        pytest.param({"requester": {"email": "new@customer.example"}}, "Name: is too short", id="no name"),
        pytest.param({"group_id": 404}, "Group: is invalid", id="unknown group"),
    ],
)
async def test_a_record_that_breaks_a_rule_is_invalid(
    api: httpx.AsyncClient, ticket: dict[str, Any], said: str
):
    response = await opened(api, ticket)

    assert response.status_code == 422
    assert response.json()["error"] == "RecordInvalid"
    assert said in str(response.json()["details"])


async def test_words_that_the_contract_does_not_know_are_refused_too(emulator: ZendeskEmulator):
    transport = httpx.ASGITransport(app=emulator)
    async with httpx.AsyncClient(transport=transport, base_url="http://zendesk.test", auth=LOGIN) as api:
        answers = [await opened(api, told) for told in ({"priority": "soon"}, {"status": "lost"})]
        answers.append(await api.post("/api/v2/tickets", json={"ticket": {"subject": "No comment"}}))
        bodies = [await api.post("/api/v2/tickets", content=body) for body in (b"{", b"[]", b"{}")]
        strange = {"custom_fields": [7], "comment": {"body": "x"}}
        bodies.append(await api.post("/api/v2/tickets", json={"ticket": strange}))

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert [answer.status_code for answer in bodies] == [400, 400, 400, 400]


async def test_a_requester_is_made_once_and_then_known(api: httpx.AsyncClient, emulator: ZendeskEmulator):
    await opened(api, {"requester": {"name": "Grace", "email": "grace@customer.example"}})
    await opened(api, {"requester": {"email": "GRACE@customer.example"}})

    assert len(emulator.effects("user.created")) == 1


async def test_an_option_of_a_dropdown_is_a_tag_of_the_ticket(
    api: httpx.AsyncClient, emulator: ZendeskEmulator
):
    tier = next(field for field in emulator.account.fields.values() if field.title == "Customer tier")

    answer = await opened(api, {"custom_fields": [{"id": tier.id, "value": "tier_pro"}], "tags": ["One"]})

    assert answer.json()["ticket"]["tags"] == ["one", "tier_pro"]


async def test_a_ticket_can_be_changed_and_answered(api: httpx.AsyncClient, emulator: ZendeskEmulator):
    await opened(api)

    change = {"status": "solved", "additional_tags": ["done"], "comment": {"body": "Paid.", "public": True}}
    answer = await api.put("/api/v2/tickets/1", json={"ticket": change})

    assert (answer.status_code, answer.json()["ticket"]["status"]) == (200, "solved")
    assert emulator.tickets[1].tags == ["done"]
    assert [effect.key for effect in emulator.effects("reply.appended")] == [None]


async def test_limits_are_told_in_every_answer_and_kept(clock: HandClock):
    emulator = ZendeskEmulator(clock=clock, calls_per_window=2)
    transport = httpx.ASGITransport(app=emulator)

    async with httpx.AsyncClient(transport=transport, base_url="http://zendesk.test", auth=LOGIN) as api:
        answers = [await api.get("/api/v2/groups") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[0].headers["x-rate-limit"] == answers[0].headers["ratelimit-limit"] == "2"
    assert answers[2].headers["retry-after"] == "60"


async def test_a_path_or_ticket_that_is_not_there_is_not_found(api: httpx.AsyncClient):
    response = await api.get("/api/v2/tickets/404")

    assert (response.status_code, response.json()["error"]) == (404, "RecordNotFound")


def test_the_sample_account_is_what_the_demo_needs(emulator: ZendeskEmulator):
    reason = next(field for field in emulator.account.fields.values() if field.title == "Handoff reason")

    assert set(reason.options) == {f"handoff_{code}" for code in ReasonCode}
    assert [group.name for group in emulator.account.groups.values()] == [
        "Support", "Billing", "Security", "Technical",
    ]  # fmt: skip


async def test_people_see_a_ticket_on_a_page_that_runs_nothing(
    api: httpx.AsyncClient, emulator: ZendeskEmulator
):
    tier = next(field for field in emulator.account.fields.values() if field.title == "Customer tier")
    await opened(
        api,
        {
            "subject": "Refund <b>now</b>",
            "requester": {"name": "Grace", "email": "grace@customer.example"},
            "comment": {"html_body": "<p>Wants <b>it</b></p><script>alert(1)</script>", "public": False},
            "custom_fields": [{"id": tier.id, "value": "tier_pro"}],
        },
    )

    page = await api.get("/agent/tickets/1", auth=None)

    assert page.status_code == 200
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:"
    assert page.headers["content-security-policy"] == policy
    for shown in (
        "Refund &lt;b&gt;now&lt;/b&gt;",
        "grace@customer.example",
        "<dd>Pro</dd>",
        "<p>Wants <b>it</b></p>",
    ):
        assert shown in page.text
    assert "alert" not in page.text


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        pytest.param("<p onclick='x()'>a</p>", "<p>a</p>", id="handler"),
        pytest.param('<a href="javascript:x()">a</a>', "<a>a</a>", id="script address"),
        pytest.param(
            '<a href="https://a.example/?q=1&amp;r=2">a</a>',
            '<a href="https://a.example/?q=1&amp;r=2" rel="noreferrer">a</a>',
            id="link",
        ),
        pytest.param("<style>p{}</style><img src=x>a &lt;b&gt;", "a &lt;b&gt;", id="style and image"),
        pytest.param("<details><summary>s</summary>t</details>", "st", id="unknown tags keep their text"),
        pytest.param("a<br/>b<hr>c", "a<br>b<hr>c", id="void"),
    ],
)
def test_comments_are_shown_without_what_could_run(html: str, safe: str):
    assert sanitised(html) == safe


async def test_the_ledger_can_be_read_from_another_process(api: httpx.AsyncClient):
    await opened(api)

    (effect,) = (await api.get("/_emulator/ledger")).json()

    assert (effect["kind"], effect["id"], effect["key"]) == ("ticket.opened", "1", "k-1")
