"""Freshdesk's deliveries: rows W02 to W25 as far as a vendor that signs nothing can hold them, and W23."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from freshdesk_rig import SECRET
from pydantic import SecretStr

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event, EventKind
from batonpass.ports import StartRule
from batonpass_freshdesk import FreshdeskSettings, manifest
from batonpass_freshdesk.webhooks import KINDS, SECRET_HEADER, receive, template
from fakes import NOON

NAME = SECRET_HEADER.lower()
SETTINGS = FreshdeskSettings(domain="acme", api_key=SecretStr("k"), start=StartRule(tag="needs_person"))
SOLVED = b'{"batonpass": "status_changed", "ticket_id": "12", "status_id": "4"}'


def a_delivery(body: bytes = SOLVED, *headers: tuple[str, str]) -> Delivery:
    given = headers or (("content-type", "application/json"), (NAME, SECRET))
    return Delivery(method="POST", url="https://baton.example/webhooks/freshdesk", headers=given, body=body)


def received(delivery: Delivery, *secrets: str, seconds: float = 0.0) -> Event:
    given = [SecretStr(each) for each in secrets or (SECRET,)]
    (event,) = receive(delivery, secrets=given, settings=SETTINGS, now=NOON + timedelta(seconds=seconds))
    return event


def refusal(delivery: Delivery, *secrets: str) -> str:
    with pytest.raises(RejectedDeliveryError) as rejected:
        received(delivery, *secrets)
    return rejected.value.code


@pytest.mark.parametrize("word", KINDS)
def test_each_template_of_ours_is_understood(word: str):
    filled = json.dumps(template(word)).replace("{{ticket.id}}", "12").replace("{{ticket.status_id}}", "3")

    event = received(a_delivery(filled.encode()))

    assert (event.kind, event.subject_id, event.vendor_kind) == (KINDS[word][0], "12", word)
    assert (event.at, event.actor_id, event.test) == (NOON, None, False)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("4", EventKind.TICKET_SOLVED),
        (5, EventKind.TICKET_SOLVED),
        ("2", EventKind.STATUS_CHANGED),
        (None, EventKind.STATUS_CHANGED),
    ],
)
def test_a_changed_status_says_whether_the_ticket_is_done(status: Any, kind: EventKind):
    told = {"batonpass": "status_changed", "ticket_id": 12, "status_id": status}

    assert received(a_delivery(json.dumps(told).encode())).kind is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("2", EventKind.TICKET_REOPENED),
        (None, EventKind.TICKET_REOPENED),
        ("5", EventKind.TICKET_SOLVED),
    ],
    ids=["open", "not told", "closed"],
)
def test_one_that_is_closed_after_it_was_resolved_is_not_reopened(status: Any, kind: EventKind):
    told = {"batonpass": "ticket_reopened", "ticket_id": 12, "status_id": status}

    assert received(a_delivery(json.dumps(told).encode())).kind is kind


def test_without_a_start_rule_the_word_of_one_that_was_left_behind_means_nothing():
    delivery = a_delivery(b'{"batonpass": "handoff_asked", "ticket_id": 12}')
    bare = SETTINGS.model_copy(update={"start": None})

    (event,) = receive(delivery, secrets=[SecretStr(SECRET)], settings=bare, now=NOON)

    assert (event.kind, event.vendor_kind) == (EventKind.UNKNOWN, "handoff_asked")


def test_w08_every_delivery_is_an_event_of_its_own_so_no_hint_is_dropped_as_a_duplicate():
    first, second = received(a_delivery()), received(a_delivery(), seconds=1)

    assert first.id != second.id


def test_a_ticket_is_named_as_its_reference_names_it():
    assert received(a_delivery(b'{"batonpass": "ticket_opened", "ticket_id": "0012"}')).subject_id == "12"


def test_w19_an_unknown_word_is_an_unknown_event():
    event = received(a_delivery(b'{"batonpass": "ticket_merged", "ticket_id": 1, "more": {}}'))

    assert (event.kind, event.vendor_kind) == (EventKind.UNKNOWN, "ticket_merged")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param([("content-type", "application/json")], "missing_header", id="no header"),
        pytest.param([(NAME, "")], "missing_header", id="empty"),
        pytest.param([(NAME, SECRET), (NAME, SECRET)], "malformed_header", id="twice"),
        pytest.param([(NAME, SECRET), (NAME, "junk")], "malformed_header", id="good and junk"),
        pytest.param([(NAME, "x" * 1_000_000)], "malformed_header", id="a megabyte"),
        pytest.param([(NAME, SECRET[:-1])], "no_match", id="one letter less"),
        pytest.param([(NAME, SECRET + ", " + SECRET)], "no_match", id="joined"),
        pytest.param([(NAME, SECRET.upper())], "no_match", id="other case"),
        pytest.param([(NAME, "gehéim\udcff")], "no_match", id="not ascii"),
        pytest.param([("authorization", f"Basic {SECRET}")], "missing_header", id="w05 another header"),
    ],
)
def test_w03_w05_a_header_that_proves_nothing_is_refused(headers: list[tuple[str, str]], code: str):
    assert refusal(a_delivery(SOLVED, *headers)) == code


def test_w13_another_connections_secret_is_refused():
    assert refusal(a_delivery(), "another-connection-s-secret") == "no_match"


def test_both_secrets_are_good_while_one_replaces_the_other():
    assert received(a_delivery(), "the-new-one-of-16-or-more", SECRET).subject_id == "12"


@pytest.mark.parametrize(
    "secret", ["", "short", "  sixteen characters and more  ", "nicht-nur-ascii-ü-zeichen"]
)
def test_w04_a_secret_that_is_none_opens_nothing(secret: str):
    with pytest.raises(ConfigurationError):
        received(a_delivery(SOLVED, (NAME, secret)), secret)
    with pytest.raises(ConfigurationError):
        receive(a_delivery(), secrets=[], settings=SETTINGS, now=NOON)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"batonpass"', id="string"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(b'{"batonpass": "ticket_solved"}', id="no ticket"),
        pytest.param(b'{"batonpass": "ticket_solved", "ticket_id": "{{ticket.id}}"}', id="not filled in"),
        pytest.param(b'{"batonpass": "ticket_solved", "ticket_id": true}', id="true"),
        pytest.param(b'{"batonpass": "ticket_solved", "ticket_id": -1}', id="negative"),
        pytest.param(b'{"batonpass": "ticket_solved", "ticket_id": 1e400}', id="infinite"),
        pytest.param(b'{"batonpass": "ticket_solved", "ticket_id": NaN}', id="nan"),
        pytest.param(b'{"batonpass": "ticket_solved", "ticket_id": ' + b"1" * 5000 + b"}", id="5000 digits"),
        pytest.param(b'{"batonpass": "ticket_solved", "ticket_id": "' + b"1" * 20 + b'"}', id="20 digits"),
        pytest.param(b'{"batonpass": "TICKET <b>", "ticket_id": "1"}', id="no word"),
        pytest.param(b'{"batonpass": ["ticket_solved"], "ticket_id": "1"}', id="listed word"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"batonpass": "a", "batonpass": "b", "ticket_id": 1}', id="same key twice"),
        pytest.param(b'{"freshdesk_webhook": {"ticket_id": 1}}', id="another rule's"),
    ],
)
def test_a_body_that_is_none_of_our_templates_is_malformed(body: bytes):
    assert refusal(a_delivery(body)) == "malformed_body"


def test_w02_ten_thousand_mutated_proofs_and_none_is_accepted():
    chance = random.Random(7)
    for _ in range(10_000):
        told = bytearray(SECRET.encode())
        match chance.randrange(4):
            case 0:
                told[chance.randrange(len(told))] ^= 1 << chance.randrange(8)
            case 1:
                del told[chance.randrange(len(told)) :]
            case 2:
                told.insert(chance.randrange(len(told) + 1), chance.randrange(256))
            case _:
                told[chance.randrange(len(told))] = 0xFF
        value = told.decode("latin-1")
        if value != SECRET:
            assert refusal(a_delivery(SOLVED, (NAME, value))) in {"missing_header", "no_match"}


def test_w23_a_mutated_body_says_another_hint_or_nothing_and_never_breaks_anything():
    """The body is not signed: that is why a delivery is only a hint."""
    chance = random.Random(8)
    for _ in range(10_000):
        told = bytearray(SOLVED)
        for _ in range(chance.randrange(1, 4)):
            told[chance.randrange(len(told))] = chance.randrange(256)
        event = hint_or_nothing(bytes(told))
        assert event is None or (event.subject_id or "").isdecimal()


def hint_or_nothing(body: bytes) -> Event | None:
    """Any other exception than a rejection, and any other code, goes on."""
    try:
        return received(a_delivery(body))
    except RejectedDeliveryError as rejected:
        if rejected.code != "malformed_body":
            raise
        return None


def test_the_door_says_that_nothing_is_signed_and_how_to_make_the_rules_by_hand():
    door = manifest.webhooks
    assert door is not None
    url = "https://baton.example/webhooks/freshdesk"

    lines = door.by_hand(SETTINGS.model_copy(update={"start": None}), url)
    with_start = door.by_hand(SETTINGS, url)

    assert door.hint_only
    assert url in lines[1]
    assert SECRET_HEADER in lines[1]
    words = {
        json.loads(line.partition("content ")[2])["batonpass"] for line in with_start if line.startswith("-")
    }
    assert words == set(KINDS) - {"ticket_solved"}
    assert len(with_start) == len(lines) + 1
