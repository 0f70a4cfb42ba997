"""Single requests and answers, exactly: what the emulator does not do, or only Zendesk could."""

from __future__ import annotations

import json

import httpx
import pytest
import respx

from batonpass.domain.errors import CredentialsRefusedError, OutcomeUnknownError, RefusedError
from batonpass.domain.ticket import TicketKey, TicketRef
from batonpass.ports import Connecting
from batonpass.transport import Explanation, Transport
from batonpass_zendesk import ZendeskSettings, connect
from batonpass_zendesk.adapter import Zendesk
from batonpass_zendesk.refusals import explain
from zendesk_served import HandClock, a_draft

URL = "https://acme.zendesk.com"
KEY = TicketKey("ho_1-open")


def zendesk(router: respx.Router, *, clock: HandClock | None = None, oauth: bool = False) -> Zendesk:
    http = httpx.MockTransport(router.async_handler)
    used = clock or HandClock()

    def open_transport(**told) -> Transport:
        return Transport(connection="support", http=http, clock=used, **told)

    login = (
        {"client_id": "c", "client_secret": "s"}
        if oauth
        else {"email": "ada@helpdesk.example", "api_token": "t"}
    )
    settings = ZendeskSettings.model_validate({"connector": "zendesk", "subdomain": "acme", **login})
    made = connect(settings, Connecting(name="support", clock=used, open_transport=open_transport))
    assert isinstance(made, Zendesk)
    return made


@pytest.fixture
def router() -> respx.Router:
    return respx.Router(assert_all_called=False)


async def test_a_ticket_is_opened_with_exactly_this_request(router: respx.Router):
    route = router.post(f"{URL}/api/v2/tickets").respond(201, json={"ticket": {"id": 7}})

    ref = await zendesk(router).open_ticket(a_draft(), key=KEY)

    request = route.calls.last.request
    assert ref == TicketRef(id="7", url=f"{URL}/agent/tickets/7")
    assert request.headers["idempotency-key"] == KEY
    assert request.headers["authorization"] == "Basic YWRhQGhlbHBkZXNrLmV4YW1wbGUvdG9rZW46dA=="
    assert json.loads(request.content) == {
        "ticket": {
            "subject": "Refund for order 7",
            "external_id": "ho_1-open",
            "comment": {"html_body": "<p>Wants a refund.</p>", "public": False},
            "requester": {"name": "Grace Example", "email": "grace@customer.example"},
        }
    }


async def test_a_token_is_asked_for_with_exactly_this_request(router: respx.Router):
    tokens = router.post(f"{URL}/oauth/tokens").respond(200, json={"access_token": "abc", "expires_in": 300})
    me = router.get(f"{URL}/api/v2/users/me").respond(json={"user": {"id": 1, "name": "A", "role": "admin"}})

    access = await zendesk(router, oauth=True).check_access()

    assert access.account == "acme.zendesk.com, as A"
    assert me.calls.last.request.headers["authorization"] == "Bearer abc"
    assert "authorization" not in tokens.calls.last.request.headers
    assert json.loads(tokens.calls.last.request.content) == {
        "grant_type": "client_credentials",
        "client_id": "c",
        "client_secret": "s",
        "scope": "read write",
    }


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_client_that_is_refused_in_whatever_way_is_probed_once_a_minute(
    router: respx.Router, status: int
):
    tokens = router.post(f"{URL}/oauth/tokens").respond(status, json={"error": "invalid_client"})
    clock = HandClock()
    made = zendesk(router, clock=clock, oauth=True)

    for _ in range(4):
        with pytest.raises(CredentialsRefusedError):
            await made.check_access()
    at_first = tokens.call_count
    clock.passed += 61
    with pytest.raises(CredentialsRefusedError):
        await made.check_access()

    assert at_first <= 2
    assert tokens.call_count <= at_first + 2


async def test_an_anonymous_user_means_refused_credentials(router: respx.Router):
    router.get(f"{URL}/api/v2/users/me").respond(json={"user": {"id": None, "name": "Anonymous user"}})

    with pytest.raises(CredentialsRefusedError):
        await zendesk(router).check_access()


async def test_a_key_whose_first_call_is_under_way_leaves_the_outcome_open(router: respx.Router):
    router.post(f"{URL}/api/v2/tickets").respond(409, json={"error": "IdempotentRequestInProgress"})

    with pytest.raises(OutcomeUnknownError) as unknown:
        await zendesk(router).open_ticket(a_draft(), key=KEY)

    assert unknown.value.code == "in_progress"


async def test_a_used_key_without_a_ticket_leaves_the_outcome_open(router: respx.Router):
    router.post(f"{URL}/api/v2/tickets").respond(400, json={"error": "IdempotentRequestError"})
    router.get(f"{URL}/api/v2/tickets").respond(json={"tickets": []})

    with pytest.raises(OutcomeUnknownError) as unknown:
        await zendesk(router).open_ticket(a_draft(), key=KEY)

    assert unknown.value.code == "key_used"


async def test_another_400_stays_a_refusal(router: respx.Router):
    router.post(f"{URL}/api/v2/tickets").respond(400, json={"error": {"title": "Invalid attribute"}})

    with pytest.raises(RefusedError) as refused:
        await zendesk(router).open_ticket(a_draft(), key=KEY)

    assert (refused.value.status, refused.value.fields) == (400, ())


async def test_pages_that_repeat_their_cursor_end(router: respx.Router):
    page = {"ticket_fields": [], "meta": {"has_more": True, "after_cursor": "same"}}
    route = router.get(f"{URL}/api/v2/ticket_fields").respond(json=page)
    router.get(f"{URL}/api/v2/groups").respond(json={"groups": None})
    router.get(f"{URL}/api/v2/ticket_forms").respond(403, json={"error": "Forbidden"})

    schema = await zendesk(router).field_schema()

    assert (schema.fields, schema.groups, schema.forms) == ((), (), ())
    assert route.call_count == 2


async def test_a_ticket_with_nulls_and_new_words_is_read(router: respx.Router):
    ticket = {
        "id": "7",
        "subject": None,
        "priority": "apocalyptic",
        "tags": None,
        "custom_fields": [{"id": 1, "value": None}, {"id": 2, "value": 12.5}, {"id": 3, "value": ["b", "a"]}],
        "news": {},
    }
    router.get(f"{URL}/api/v2/tickets/7").respond(json={"ticket": ticket})

    stored = await zendesk(router).read_ticket(TicketRef(id="7", url=""))

    assert (stored.subject, stored.priority, stored.tags) == ("", None, frozenset())
    assert {key: str(value) for key, value in stored.fields.items()} == {
        "1": "None",
        "2": "12.5",
        "3": "('b', 'a')",
    }


async def test_a_ticket_of_another_shape_is_unexpected_content(router: respx.Router):
    router.get(f"{URL}/api/v2/tickets/7").respond(json={"ticket": {"id": "seven"}})

    with pytest.raises(RefusedError) as refused:
        await zendesk(router).read_ticket(TicketRef(id="7", url=""))

    assert refused.value.code == "unexpected_content"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(
            {"error": "RecordInvalid", "details": {"base": [{"description": "Requester: Email is invalid"}]}},
            Explanation(fields=("requester",), reasons=("RecordInvalid",)),
            id="named before a colon",
        ),
        pytest.param(
            {"details": {"priority": [{"description": "not valid", "error": "InclusionError"}]}},
            Explanation(fields=("priority",), reasons=("InclusionError",)),
            id="named by its place",
        ),
        pytest.param(
            {"details": {"base": [{"description": "Order: is invalid", "ticket_field_id": 360}]}},
            Explanation(fields=("360",)),
            id="a custom field",
        ),
        pytest.param(
            {
                "error": "Couldn't authenticate you",
                "details": {"base": [{"description": "x@y.example is bad"}]},
            },
            Explanation(),
            id="free text is not repeated",
        ),
        pytest.param({"error": "Forbidden", "details": None}, Explanation(reasons=("Forbidden",)), id="bare"),
    ],
)
def test_a_refusal_is_explained_in_our_words(body: object, said: Explanation):
    assert explain(body) == said
