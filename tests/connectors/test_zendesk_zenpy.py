"""zenpy, a client that others wrote against the real Zendesk, gets along with the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from batonpass.testing.serving import served_in_thread
from batonpass_zendesk.emulator import ZendeskEmulator

zenpy = pytest.importorskip("zenpy")
objects = pytest.importorskip("zenpy.lib.api_objects")
exceptions = pytest.importorskip("zenpy.lib.exception")


@pytest.fixture
def emulator() -> ZendeskEmulator:
    return ZendeskEmulator.with_sample_account()


@pytest.fixture
def client(emulator: ZendeskEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with served_in_thread(emulator) as url:
        monkeypatch.setenv("ZENPY_FORCE_NETLOC", urlsplit(url).netloc)
        monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")
        yield zenpy.Zenpy(subdomain="acme", email=emulator.email, token=emulator.api_token)


def a_ticket(**changes: Any) -> Any:
    return objects.Ticket(subject="Refund", comment=objects.Comment(body="Please.", public=False), **changes)


def test_a_ticket_is_made_changed_and_read(client: Any, emulator: ZendeskEmulator):
    audit = client.tickets.create(a_ticket(external_id="k-1"))
    ticket = client.tickets(id=audit.ticket.id)
    ticket.comment = objects.Comment(body="With us.", public=True)
    ticket.additional_tags = ["seen"]
    client.tickets.update(ticket)

    assert client.tickets(id=audit.ticket.id).tags == ["seen"]
    assert [comment.public for comment in client.tickets.comments(audit.ticket.id)] == [False, True]
    assert [effect.key for effect in emulator.effects("ticket.opened")] == ["k-1"]


def test_audits_say_who_changed_what(client: Any, emulator: ZendeskEmulator):
    ticket = client.tickets.create(a_ticket()).ticket
    ticket.status = "solved"
    client.tickets.update(ticket)

    audits = list(client.tickets.audits(ticket=ticket.id))

    assert [audit.author_id for audit in audits] == [emulator.agent.id] * 2
    assert any(event["field_name"] == "status" for event in audits[-1].to_dict()["events"])


def test_the_team_the_groups_and_the_fields_are_listed(client: Any):
    assert client.users.me().name == "Ada Admin"
    assert [group.name for group in client.groups()] == ["Support", "Billing", "Security", "Technical"]
    assert "Customer tier" in {field.title for field in client.ticket_fields()}


def test_a_field_is_made_with_its_options(client: Any, emulator: ZendeskEmulator):
    option = objects.CustomFieldOption(name="Yes", value="ask_yes")

    made = client.ticket_fields.create(
        objects.TicketField(type="tagger", title="Ask", custom_field_options=[option])
    )

    assert emulator.account.fields[made.id].options == {"ask_yes": "Yes"}


def test_a_webhook_is_made_and_its_secret_told(client: Any, emulator: ZendeskEmulator):
    webhook = objects.Webhook(
        name="Mine",
        endpoint="https://bp.example/hook",
        http_method="POST",
        request_format="json",
        status="active",
        subscriptions=["conditional_ticket_events"],
    )

    made = client.webhooks.create(webhook)
    secret = client.webhooks.show_secret(made)

    assert secret.secret == emulator.webhooks[made.id].secret


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"group_id": 404}, "APIException", id="unknown group"),
        pytest.param({"priority": "soon"}, "APIException", id="unknown priority"),
    ],
)
def test_refusals_are_understood(client: Any, changes: dict[str, Any], error: str):
    with pytest.raises(getattr(exceptions, error)):
        client.tickets.create(a_ticket(**changes))


def test_a_ticket_that_is_not_there_is_not_found(client: Any):
    with pytest.raises(exceptions.RecordNotFoundException):
        client.tickets(id=404)
