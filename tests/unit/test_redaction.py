"""What must not leave is masked, and what an agent needs stays: rows X11 and X12 of the fault matrix."""

from __future__ import annotations

import json

import pytest

from batonpass.context.redaction import Masked, OwnPattern, PatternError, Redactor
from batonpass.domain.conversation import HandoffRequest
from redaction_corpus import negatives, positives
from redaction_score import measured, redacted
from shared import shared_file

CARD = "4242 4242 4242 4242"
KEY = "sk_" + "live_9aB3dE5fG7hJ1kL2mN4pQ6rS"
REDACTOR = Redactor()


def a_request(*turns: str, **more: object) -> HandoffRequest:
    said = [{"role": "customer", "text": text} for text in turns or ("hello",)]
    return HandoffRequest.model_validate({"conversation": {"turns": said}, **more})


def test_x11_and_x12_the_corpus_is_large_and_no_secret_of_it_leaves():
    score = measured(REDACTOR)

    print(f"recall {score.recall():.2%}, precision {score.precision:.2%}")
    assert sum(1 for _ in positives()) >= 600
    assert sum(1 for _ in negatives()) >= 600
    assert score.recall("card") >= 0.99
    assert score.recall("api_key") >= 0.99
    assert score.recall() >= 0.97
    assert score.precision >= 0.95


def test_x12_every_order_and_tracking_number_survives():
    for text, number in negatives():
        assert number in redacted(REDACTOR, text)[0]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Charge {CARD} please", "Charge [card •••• 4242] please"),
        ("4242\u00a04242\u00a04242\u00a04242", "[card •••• 4242]"),
        ("\uff14\uff12\uff14\uff12 4242 4242 \uff14\uff12\uff14\uff12", "[card •••• 4242]"),
        (f"card {CARD} 12/27 123", "card [card •••• 4242] 12/27 [CVV]"),
        (f"{CARD} and 5555 5555 5555 4444", "[card •••• 4242] and [card •••• 4444]"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [IBAN •••• 3000]."),
        ("my password is hunter2!", "my password is [password]"),
        (f"we use {KEY}.", "we use [API key •••• Q6rS]."),
        ("postgres://shop:s3cr3t@db.example/x", "postgres://shop:[password]@db.example/x"),
        ("SSN 123-45-6789", "SSN [national id •••• 6789]"),
        (
            "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\nthat is it",
            "[API key]\nthat is it",
        ),
    ],
    ids=["card", "no_break_spaces", "full_width", "code_after_card", "two_cards", "iban", "password", "key", "in_an_address",
         "national_id", "private_key"],
)  # fmt: skip
def test_x11_a_secret_is_masked_and_its_last_four_stay(text, shown):
    assert REDACTOR.text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "order 4242424242424242 is late",
        "IMEI 356938035643809",
        "4242 4242 4242 4243",
        "+49 1512 3456789",
        "9400 1118 9922 3197 4284 22",
        "paid on 21.11.2026 and 30.11.2026",
        "my password is not working",
        "Password: must have 8 characters",
        "the key is under the mat",
        "Visa ending in 4242",
    ],
)
def test_x12_what_only_looks_like_a_secret_stays(text):
    assert REDACTOR.text(text) == text


def test_x11_a_code_or_password_is_known_by_the_question_before_it():
    said = redacted(REDACTOR, "What is the CVV on the back?", "it's 123")
    assert said[1] == "it's [CVV]"

    said = redacted(REDACTOR, "Please tell me your password.", "Zug2Bern!")
    assert said[1] == "[password]"

    said = redacted(REDACTOR, "How many do you want?", "123")
    assert said[1] == "123"


def test_x11_every_text_of_a_request_is_masked_and_what_says_who_it_is_stays():
    secret = f"{CARD} pays"
    request = a_request(
        secret,
        summary=secret,
        reason={"text": secret},
        attempts=[{"action": secret, "result": secret}],
        pages=[{"url": "https://shop.example/pay?card=4242%204242%204242%204242&token=abc123&order=12", "title": secret}],
        technical={"errors": [secret], "browser": secret, "os": secret, "attempted_action": secret},
        customer={"name": secret, "email": "ada@example.com", "external_ids": {"shop": "4242424242424242"}},
    )  # fmt: skip

    shown = REDACTOR.request(request)

    text = shown.request.model_dump_json()
    assert CARD not in text
    assert "4242%20" not in text
    assert "abc123" not in text
    assert "order=12" in text
    assert shown.request.customer.external_ids == {"shop": "4242424242424242"}
    assert shown.masked.text == "1 card number, 1 API key"


def test_the_same_secret_in_several_places_counts_once():
    shown = REDACTOR.request(a_request(f"{CARD}", "my card is 4242424242424242", "password: hunter2!"))

    assert shown.masked == Masked((("card", 1), ("password", 1)))
    assert shown.masked.text == "1 card number, 1 password"


def test_what_is_masked_already_stays_and_is_still_counted():
    once = REDACTOR.request(a_request(f"{CARD} 12/27 123", "password: hunter2!", f"key {KEY}"))

    twice = REDACTOR.request(once.request)

    assert twice.request == once.request
    assert twice.masked == once.masked


def test_a_request_without_a_secret_is_handed_on_as_it_is():
    request = a_request("Where is order #W4923227?", "It was 321.18 dollars.")

    shown = REDACTOR.request(request)

    assert shown.request is request
    assert not shown.masked.counts


def test_a_mark_never_makes_a_field_longer_than_its_limit():
    request = a_request(customer={"name": "123-45-6789 " * 16})

    masked = REDACTOR.request(request).request

    assert HandoffRequest.model_validate_json(masked.model_dump_json()) == masked


def test_what_a_team_allows_is_left_and_other_countries_are_not_looked_for():
    redactor = Redactor(allow=["iban"], countries=["US"])

    assert redactor.text("IBAN DE89370400440532013000") == "IBAN DE89370400440532013000"
    assert redactor.text("codice fiscale RSSMRA85T10A562S") == "codice fiscale RSSMRA85T10A562S"
    assert redactor.text("SSN 123-45-6789") == "SSN [national id •••• 6789]"


class TestOwnPatterns:
    def test_a_pattern_masks_under_its_own_name(self):
        pytest.importorskip("re2")
        redactor = Redactor(own=[OwnPattern("employee_number", "EMP-[0-9]{6}")])

        shown = redactor.request(a_request("ask EMP-123456, not Anna"))

        assert shown.request.conversation.turns[0].text == "ask [employee number], not Anna"
        assert shown.masked.text == "1 employee number"

    def test_a_pattern_that_would_never_end_elsewhere_ends_here(self):
        pytest.importorskip("re2")
        redactor = Redactor(own=[OwnPattern("row", "^(a+)+$")])

        assert redactor.text("a" * 50_000 + "!") == "a" * 50_000 + "!"

    @pytest.mark.parametrize(
        ("pattern", "why"),
        [("(", "RE2"), (r"(?<=x)y", "RE2"), (r"(a)\1", "RE2"), ("x*", "nothing at all"), ("x" * 501, "500 characters")],
        ids=["broken", "look_behind", "back_reference", "empty_match", "long"],
    )  # fmt: skip
    def test_a_pattern_that_cannot_be_used_says_why(self, pattern, why):
        pytest.importorskip("re2")
        with pytest.raises(PatternError, match=why):
            OwnPattern("mine", pattern)


def test_x12_nothing_is_masked_in_real_conversations_that_hold_no_secret():
    for line in shared_file("data", "retail_conversations.jsonl").read_text(encoding="utf-8").splitlines():
        turns = [turn["text"] for turn in json.loads(line)["turns"]]
        request = a_request(*turns)

        assert REDACTOR.request(request).request == request
