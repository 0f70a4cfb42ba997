"""The emulator is as strict as Freshdesk; and what Freshdesk says is read in our words."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from batonpass_freshdesk import FreshdeskSettings, wire
from batonpass_freshdesk.adapter import HOSTS
from batonpass_freshdesk.emulator import FreshdeskEmulator
from fakes import FakeClock

V2 = "/api/v2"
PLAIN: dict[str, Any] = {
    "subject": "Hello", "description": "<p>Hi</p>", "email": "grace@customer.example", "status": 2, "priority": 1,
    "source": 2,
}  # fmt: skip


def sample() -> FreshdeskEmulator:
    return FreshdeskEmulator.with_sample_account(clock=FakeClock())


def caller(emulator: FreshdeskEmulator, key: str | None = None) -> httpx.AsyncClient:
    """Calls it without a socket: here it is the emulator alone that is looked at."""
    transport = httpx.ASGITransport(app=emulator)
    return httpx.AsyncClient(
        transport=transport, base_url="http://emulator", auth=(key or emulator.api_key, "X")
    )


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"external_id": "x"}, "external_id", "invalid_field"),
        ({"email": None}, "requester_id", "missing_field"),
        ({"email": "nobody"}, "email", "invalid_value"),
        ({"subject": "x" * 256}, "subject", "invalid_value"),
        ({"subject": None}, "subject", "missing_field"),
        ({"description": ""}, "description", "missing_field"),
        ({"status": 1}, "status", "invalid_value"),
        ({"status": "2"}, "status", "datatype_mismatch"),
        ({"priority": 5}, "priority", "invalid_value"),
        ({"source": 42}, "source", "invalid_value"),
        ({"group_id": 5}, "group_id", "invalid_value"),
        ({"tags": ["x" * 33]}, "tags", "invalid_value"),
        ({"type": "Handoff"}, "type", "invalid_value"),
        ({"custom_fields": {"cf_none": 1}}, "cf_none", "invalid_field"),
        ({"custom_fields": {"cf_mrr": "12"}}, "custom_fields.cf_mrr", "datatype_mismatch"),
        (
            {"custom_fields": {"cf_ai_confidence": True}},
            "custom_fields.cf_ai_confidence",
            "datatype_mismatch",
        ),
        (
            {"custom_fields": {"cf_renewal_date": "31.1.2027"}},
            "custom_fields.cf_renewal_date",
            "invalid_value",
        ),
        ({"custom_fields": {"cf_customer_tier": "pro"}}, "custom_fields.cf_customer_tier", "invalid_value"),
    ],
)
async def test_a_wrong_ticket_is_refused_with_the_field_and_nothing_is_made(
    change: dict[str, Any], field: str, code: str
):
    emulator = sample()

    async with caller(emulator) as http:
        told = {name: value for name, value in {**PLAIN, **change}.items() if value is not None}
        answer = await http.post(f"{V2}/tickets", json=told)

    assert answer.status_code == 400
    assert (field, code) in {(each["field"], each["code"]) for each in answer.json()["errors"]}
    assert emulator.ledger == []


async def test_a_wrong_key_is_401_an_unknown_path_404_and_broken_json_400():
    emulator = sample()

    async with caller(emulator, "wrong") as stranger, caller(emulator) as http:
        unknown = await stranger.get(f"{V2}/agents/me")
        nowhere = await http.get(f"{V2}/nowhere")
        broken = await http.post(f"{V2}/tickets", content=b"{")
        listed = await http.post(f"{V2}/tickets", json=[PLAIN])

    assert (unknown.status_code, unknown.json()["code"]) == (401, "invalid_credentials")
    assert (nowhere.status_code, nowhere.content) == (404, b"")
    assert [broken.status_code, listed.status_code] == [400, 400]


async def test_a_list_ends_after_thirty_days_unless_a_date_is_given_and_goes_by_pages():
    emulator = sample()
    mia = emulator.account.user_with_email("mia.keller@example.com")
    for days in range(45):
        emulator.add_ticket(str(days), requester=mia, created_at=emulator.clock.now() - timedelta(days=days))
    emulator.delete_ticket(3)

    async with caller(emulator) as http:
        recent = await http.get(f"{V2}/tickets", params={"per_page": 100})
        first = await http.get(f"{V2}/tickets", params={"updated_since": "2010-01-01T00:00:00Z"})
        second = await http.get(first.links["next"]["url"])
        deleted = await http.get(f"{V2}/tickets", params={"filter": "deleted"})
        too_many = await http.get(f"{V2}/tickets", params={"per_page": 101})

    assert len(recent.json()) == 30
    assert [len(first.json()), len(second.json())] == [30, 14]
    assert "next" not in second.links
    assert [each["id"] for each in deleted.json()] == [3]
    assert too_many.status_code == 400
    assert recent.json()[0]["created_at"] > recent.json()[1]["created_at"]


async def test_a_plans_limits_count_invalid_calls_too_and_what_is_embedded_costs_more():
    emulator = FreshdeskEmulator(**{**FreshdeskEmulator.GROWTH, "calls_per_window": 5}, clock=FakeClock())
    emulator.add_ticket("Hello")

    async with caller(emulator) as http:
        plain = await http.get(f"{V2}/tickets/1")
        whole = await http.get(f"{V2}/tickets/1", params={"include": "stats,requester"})
        wrong = await http.post(f"{V2}/tickets", json={})
        limited = await http.get(f"{V2}/tickets/1")

    assert plain.headers["X-RateLimit-Remaining"] == "4"
    assert (
        plain.headers["X-RateLimit-Used-CurrentRequest"],
        whole.headers["X-RateLimit-Used-CurrentRequest"],
    ) == ("1", "3")
    assert {"stats", "requester"} <= whole.json().keys()
    assert (wrong.status_code, limited.status_code, limited.headers["Retry-After"]) == (400, 429, "60")


async def test_tags_are_replaced_as_a_whole_and_a_contact_is_made_once():
    emulator = sample()

    async with caller(emulator) as http:
        made = await http.post(f"{V2}/tickets", json={**PLAIN, "tags": ["a", "b"]})
        await http.post(f"{V2}/tickets", json=PLAIN)
        changed = await http.put(f"{V2}/tickets/{made.json()['id']}", json={"tags": ["c"]})

    assert changed.json()["tags"] == ["c"]
    assert [effect.kind for effect in emulator.ledger].count("contact.created") == 1


async def test_the_page_for_agents_runs_nothing_of_what_was_written():
    emulator = sample()
    emulator.add_ticket("<script>x</script>", description="<p onclick='x()'>Hi<script>y()</script></p>")

    async with caller(emulator, "nobody") as http:
        page = await http.get("/a/tickets/1")

    assert page.status_code == 200
    assert "<script" not in page.text
    assert "onclick" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


# What it says, in our words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("errors", "fields", "reasons"),
    [
        ([{"field": "group_id", "message": "x", "code": "invalid_value"}], ("group",), ("invalid_value",)),
        ([{"field": "custom_fields.cf_a", "code": "missing_field"}], ("cf_a",), ("missing_field",)),
        ([{"field": "custom_fields[cf_a]", "code": "missing_field"}], ("cf_a",), ("missing_field",)),
        ([{"field": "cf_a"}, {"field": "email"}, {"field": "cf_a"}], ("cf_a", "requester"), ()),
        ({"field": "email", "code": "invalid_value"}, ("requester",), ("invalid_value",)),
        ([{"field": "somebody@example.com", "code": "<b>"}, None, {"field": 7}], (), ()),
        (None, (), ()),
    ],
)
def test_a_refusal_is_told_in_our_words_and_never_in_free_text(
    errors: Any, fields: tuple[str, ...], reasons: tuple[str, ...]
):
    said = wire.explain({"description": "Validation failed", "errors": errors})

    assert (said.fields, said.reasons) == (fields, reasons)


def test_choices_of_every_shape_are_read():
    shapes: list[Any] = [
        ["A", "B"],
        [{"id": 1, "value": "A"}, {"value": "B"}],
        {"2": ["Open"]},
        None,
        [7, {"x": 1}],
    ]

    fields = [
        wire.TicketField(id=1, name="cf_a", label="A", type="custom_dropdown", choices=each)
        for each in shapes
    ]

    assert [field.labels for field in fields] == [("A", "B"), ("A", "B"), (), (), ()]


@pytest.mark.parametrize("told", [{}, {"domain": "acme.freshdesk.com"}, {"domain": "acme", "key_field": ""}])
def test_settings_that_name_no_account_are_refused(told: dict[str, str]):
    with pytest.raises(ValueError, match=r"domain|key_field"):
        FreshdeskSettings.model_validate({"api_key": "k", **told})


def test_the_address_is_one_of_the_vendors():
    settings = FreshdeskSettings.model_validate({"api_key": "k", "domain": "acme"})

    assert settings.address == "https://acme.freshdesk.com"
    assert settings.address.endswith(HOSTS)
    assert "'k'" not in repr(settings)


def test_the_mapping_file_writes_only_fields_options_and_groups_that_the_sample_account_has():
    account = sample().account
    mapping = tomllib.loads((Path(__file__).parents[2] / "mappings" / "freshdesk.toml").read_text("utf-8"))

    fields = {known.label: known for known in account.fields.values()}
    assert mapping["fields"].keys() <= fields.keys()
    for label, line in mapping["fields"].items():
        if fields[label].choices:
            assert set(line["values"].values()) <= set(fields[label].choices.values())
    groups = mapping["ticket"]["group"]
    assert {groups["default"], *groups["values"].values()} <= {
        group.name for group in account.groups.values()
    }
