"""`batonpass doctor` on each account: secrets, webhooks, fields, the start rule, endpoints that end."""

from __future__ import annotations

import json
from datetime import date

import httpx
import pytest

from batonpass.app.doctor.answers import Answers
from batonpass.domain.errors import RetryLaterError
from batonpass.domain.ticket import FieldDefinition, FieldId
from batonpass.ports import RegisteredWebhook
from cli_rig import run
from fakes import NOON, FakeClock
from toy_helpdesk import KEY, LEDGER, ToyDesk, installed, manifest_of, refused, toy_folder

URL = "https://handoff.example.com/webhooks/toy"
SECRET = 'webhook_secret = "env:TOY_WEBHOOK"'
ENV = {"TOY_WEBHOOK": "toywh_older000", "TOY_KEY": "toy_abcd1234"}


@pytest.fixture
def account():
    desk = ToyDesk(webhooks=[RegisteredWebhook(id="w7", url=URL, delivers=True)])
    desk.fields.append(FieldDefinition(id=FieldId("cf_key"), name=KEY.name, kind=KEY.kind))
    return desk


@pytest.fixture
def examined(tmp_path, monkeypatch, account):
    def examine(*lines, env=ENV, **options):
        with installed(monkeypatch, manifest_of(account), LEDGER):
            shown = run("doctor", "--config", toy_folder(tmp_path, *lines, **options), "--json", env=env)
        told = json.loads(shown.stdout)
        return shown.exit_code, told["examined"], told["findings"]

    return examine


def of(rows, topic):
    return [(row["verdict"], row["says"], row["fix"]) for row in rows if row["topic"] == topic]


def test_everything_is_well(examined):
    code, rows, _ = examined(SECRET, 'start = { field = "Needs a person", value = "true" }')

    assert code == 0
    assert {row["verdict"] for row in rows if row["topic"] not in {"sqlite", "disk"}} == {"ok"}
    assert of(rows, "webhooks") == [("ok", f"toy: registered, and delivers to {URL}", None)]
    assert of(rows, "own fields") == [("ok", "toy: all there", None)]


def test_secret_of_the_wrong_kind_ends_with_4_before_anybody_is_called(examined, account):
    code, rows, findings = examined(SECRET, env={"TOY_WEBHOOK": "toy_abcd1234"})

    (told,) = of(rows, "secrets")
    assert code == 4
    assert told[0] == "failed"
    assert "TOY_WEBHOOK holds a Toy Desk API key (toy_…)" in told[1]
    assert [finding["code"] for finding in findings] == ["BC008"]
    assert account.seen_secrets == []
    assert "abcd1234" not in f"{rows}{findings}"


def test_helpdesk_without_a_webhook_secret_is_a_warning(examined):
    code, rows, _ = examined()

    ((verdict, says, fix),) = of(rows, "webhooks")
    assert (code, verdict, fix) == (0, "warning", "batonpass webhooks register toy")
    assert "no webhook_secret" in says


def test_start_rule_without_a_webhook_secret_fails(examined):
    code, rows, _ = examined('start = { tag = "needs_person" }')

    assert code == 1
    assert of(rows, "webhooks")[0][0] == "failed"


def test_source_of_facts_may_go_without_webhooks(examined):
    more = '[connections.ledger]\napi_key = "env:TOY_LEDGER"\n'

    code, rows, _ = examined(SECRET, env={**ENV, "TOY_LEDGER": "x"}, more=more)

    assert code == 0
    assert any("ledger: takes none" in says and verdict == "ok" for verdict, says, _ in of(rows, "webhooks"))


@pytest.mark.parametrize(
    ("webhook", "said"),
    [
        (None, f"no webhook of this account delivers to {URL}"),
        (
            RegisteredWebhook(id="w7", url=URL, delivers=False, problem="paused after errors"),
            "paused after errors",
        ),
    ],
    ids=["absent", "paused"],
)
def test_w26_webhook_that_does_not_deliver_fails_with_its_fix(examined, account, webhook, said):
    account.webhooks = [webhook] if webhook else []

    code, rows, _ = examined(SECRET)

    assert code == 1
    assert of(rows, "webhooks") == [("failed", f"toy: {said}", "batonpass webhooks register toy")]


def test_missing_public_address_is_a_warning_with_the_line(examined):
    code, rows, _ = examined(SECRET, public_url=None)

    ((verdict, _, fix),) = of(rows, "webhooks")
    assert (code, verdict) == (0, "warning")
    assert 'public_url = "https://' in fix


@pytest.mark.parametrize("error", [refused("forbidden"), RetryLaterError("busy")], ids=["forbidden", "busy"])
def test_webhooks_that_cannot_be_seen_hide_nothing_else(examined, account, error):
    account.refuses["registered_webhooks"] = error

    code, rows, _ = examined(SECRET)

    assert code == 0
    assert of(rows, "webhooks")[0][0] == "warning"
    assert of(rows, "mapping") != []


def test_missing_own_field_is_a_warning_with_the_command(examined, account):
    account.fields.pop()

    code, rows, _ = examined(SECRET)

    ((verdict, says, fix),) = of(rows, "own fields")
    assert (code, verdict, fix) == (0, "warning", "batonpass provision toy")
    assert '"Batonpass key" is missing (finds a ticket again)' in says


@pytest.mark.parametrize(
    ("start", "verdict", "said"),
    [
        ('{ tag = "needs_person" }', "ok", "a tag need not be there"),
        ('{ group = "Billing" }', "ok", "is there"),
        ('{ group = "9" }', "ok", "is there"),
        ('{ group = "Biling" }', "failed", 'no group "Biling"'),
        ('{ field = "Tier", value = "Pro" }', "ok", "is there"),
        ('{ field = "2", value = "tier_pro" }', "ok", "is there"),
        ('{ field = "Tier", value = "Prou" }', "failed", 'no option "Prou"'),
        ('{ field = "Teir", value = "Pro" }', "failed", 'no field "Teir"'),
        ('{ field = "Needs a person", value = "yes" }', "failed", "is ticked or not"),
        ('{ field = "Old", value = "x" }', "failed", "switched off"),
    ],
    ids=[
        "tag", "group", "group id", "no group", "option", "ids", "no option", "no field", "checkbox", "switched off",
    ],
)  # fmt: skip
def test_start_rule_is_held_to_the_account(examined, start, verdict, said):
    code, rows, _ = examined(SECRET, f"start = {start}")

    ((found, says, fix),) = of(rows, "start")
    assert (code, found) == (0 if verdict == "ok" else 1, verdict)
    assert said in says
    assert (fix is None) is (verdict == "ok")


def test_start_rule_with_a_slip_of_the_pen_says_what_was_meant(examined):
    _, rows, _ = examined(SECRET, 'start = { group = "Biling" }')

    assert of(rows, "start")[0][2] == 'did you mean "Billing"?'


def answered(headers, path="/api/v2/tickets/12345/comments"):
    answers = Answers(FakeClock())
    request = httpx.Request("GET", f"https://desk.example{path}?query=ada@customer.example")
    answers.note(request, httpx.Response(200, headers=headers))
    return answers


@pytest.mark.parametrize(
    ("headers", "deprecated", "ends"),
    [
        ({"Sunset": "Sat, 30 Jan 2027 00:00:00 GMT"}, None, date(2027, 1, 30)),
        (
            {"Deprecation": "@1767225600", "Sunset": "Sat, 30 Jan 2027 00:00:00 GMT"},
            date(2026, 1, 1),
            date(2027, 1, 30),
        ),
        ({"Deprecation": "true"}, None, None),
        ({"Sunset": "soon"}, None, None),
        ({"Sunset": "@99999999999999"}, None, None),
        ({"Deprecation": "@99999999999"}, date(5138, 11, 16), None),
    ],
    ids=["sunset", "both", "without a date", "no date", "too many digits", "far"],
)
def test_v32_endings_are_read_from_the_headers(headers, deprecated, ends):
    (ending,) = answered(headers).endings

    assert (ending.deprecated, ending.ends) == (deprecated, ends)


@pytest.mark.parametrize(
    "headers", [{}, {"Deprecation": "false"}, {"Date": "nonsense"}], ids=["none", "false", "junk"]
)
def test_v32_without_an_ending_there_is_none(headers):
    answers = answered(headers)

    assert (answers.endings, answers.ahead) == ((), None)


def test_v32_endpoint_is_named_without_ids_or_addresses():
    by_ticket = answered({"Deprecation": "true"}).endings[0]
    by_person = answered({"Deprecation": "true"}, path="/crm/2026-09/contacts/ada@customer.example").endings[
        0
    ]
    by_object = answered({"Deprecation": "true"}, path="/v1/customers/cus_9s6XKzkNRiz8i3").endings[0]

    assert by_ticket.endpoint == "GET /api/v2/tickets/#/comments"
    assert by_person.endpoint == "GET /crm/2026-09/contacts/#"
    assert by_object.endpoint == "GET /v1/customers/#"


def test_clock_is_compared_with_the_vendors():
    assert answered({"Date": NOON.strftime("%a, %d %b %Y %H:%M:%S GMT")}).ahead == 0.0
