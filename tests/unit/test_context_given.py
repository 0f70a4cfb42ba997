"""What the customer already gave: each fact with the turn that proves it, in several languages, the newest in force."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batonpass.context.asked_once import not_to_ask, rows_of
from batonpass.context.given import GivenKind, current, plain, what_was_given
from batonpass.domain.conversation import Conversation

ROLES = {"c": "customer", "a": "ai"}


def a_talk(*lines: str) -> Conversation:
    return Conversation.model_validate(
        {"turns": [{"role": ROLES[line[0]], "text": line[3:]} for line in lines]}
    )


def told(*lines: str) -> list[tuple[str, str, int]]:
    return [(item.kind.value, item.text, item.turn) for item in what_was_given(a_talk(*lines))]


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        ("My order number is W5061109.", "order_number", "W5061109"),
        ("It is about order #4711-22.", "order_number", "#4711-22"),
        ("Meine Bestellnummer lautet 20459931.", "order_number", "20459931"),
        ("Mi pedido es el 88120345.", "order_number", "88120345"),
        ("Ma commande FR-449120 n'est pas arrivée.", "order_number", "FR-449120"),
        ("The invoice INV-20044 is wrong.", "reference", "INV-20044"),
        ("My tracking number is 907614527588.", "reference", "907614527588"),
        ('I get the error "Payment declined (E42)".', "error", "Payment declined (E42)"),
        ("It says: TypeError: cannot read property 'id' of undefined", "error", "TypeError: cannot read property 'id' of undefined"),
        ("Die Fehlermeldung „Zahlung abgelehnt“ kommt immer.", "error", "Zahlung abgelehnt"),
        ("The app fails with error code 1009.", "error", "error code 1009"),
        ("I use an iPhone 14 Pro with iOS 18.2.", "device", "iPhone 14 Pro"),
        ("I use an iPhone 14 Pro with iOS 18.2.", "device", "iOS 18.2"),
        ("It happens in Firefox 131.0 too.", "device", "Firefox 131.0"),
        ("My app version 4.12.1 crashes.", "device", "app version 4.12.1"),
        ("I bought it on 3 March 2026.", "date", "3 March 2026"),
        ("Gekauft am 03.04.2026 im Laden.", "date", "03.04.2026"),
        ("Lo compré el 5 de mayo de 2026.", "date", "5 de mayo de 2026"),
        ("我在2026年3月5日下单", "date", "2026年3月5日"),
        ("I need it within 3 days.", "date", "within 3 days"),
        ("I paid $1,095.55 for it.", "amount", "$1,095.55"),
        ("Es waren 49,90 Euro.", "amount", "49,90 Euro"),
        ("The price was 3000.", "amount", "3000"),
        ("Refund it to my PayPal account, not to my Visa card.", "payment", "PayPal account"),
        ("Please send it to 445 Maple Drive, Suite 2.", "address", "445 Maple Drive, Suite 2"),
        ("Neue Adresse: Lindenstraße 12, 10969 Berlin", "address", "Lindenstraße 12, 10969 Berlin"),
        ("I moved to Phoenix, AZ.", "address", "Phoenix, AZ"),
        ("I want to return the hiking boots.", "product", "hiking boots"),
        ("Please call me back after 6 pm.", "contact", "Please call me back after 6 pm"),
        ("Bitte rufen Sie mich morgen an.", "contact", "rufen Sie mich morgen an"),
        ("My email is ada.l@example.co.uk.", "email", "ada.l@example.co.uk"),
        ("You can reach me at +44 20 7946 0018.", "phone", "+44 20 7946 0018"),
        ("Ich heiße Ada Lovelace.", "name", "Ada Lovelace"),
        ("My zip code is 78712.", "postcode", "78712"),
    ],
)  # fmt: skip
def test_a_fact_is_found_in_the_words_in_which_it_was_given(said, kind, text):
    assert (kind, text, 1) in told(f"c: {said}")


@pytest.mark.parametrize(
    "said",
    [
        "Hi there! Can you help me with that?",
        "Thanks, that's all I needed for now.",
        "I don't have the order ID with me right now.",
        "Is there another way to find out?",
        "Could you check the balance on my gift card?",
        "I have 2 questions about 3 things.",
        "My order isn't here, in that case cancel the whole order.",
    ],
)
def test_where_nothing_was_given_nothing_is_found(said):
    assert told(f"c: {said}") == []


def test_a_bare_number_is_what_the_ai_agent_asked_for():
    found = told(
        "a: Could you please provide your order ID?", "c: 9502126", "a: And your zip code?", "c: 80273"
    )

    assert found == [("order_number", "9502126", 2), ("postcode", "80273", 4)]


def test_the_newest_replaces_what_it_corrects_and_both_are_shown():
    given = what_was_given(
        a_talk(
            "a: Could you please provide your order ID?",
            "c: It is 9502126.",
            "a: I cannot find that order ID.",
            "c: Sorry, my mistake: 9502127.",
            "a: There is no such order ID.",
            "c: I forgot the W at the beginning, it's W9502127.",
        )
    )

    assert [item.text for item in current(given, GivenKind.ORDER_NUMBER)] == ["W9502127"]
    assert rows_of(given) == [
        ("Order number", "W9502127 [turn 6]"),
        ("Order number", "9502127 [turn 4; corrected in turn 6]"),
        ("Order number", "9502126 [turn 2; corrected in turn 4]"),
    ]
    assert not_to_ask(given) == ["order W9502127"]


def test_a_second_order_is_no_correction():
    given = what_was_given(a_talk("c: It is order #W1234567.", "a: Noted.", "c: And also order #W7654321."))

    assert [item.text for item in current(given, GivenKind.ORDER_NUMBER)] == ["#W1234567", "#W7654321"]


def test_a_yes_names_the_turn_of_what_was_proposed():
    given = what_was_given(
        a_talk(
            "a: To confirm, I refund $20 to your Visa card. Is this correct?",
            "c: Yes, that's correct. Go on.",
        )
    )

    assert rows_of(given) == [("Confirmed", "Yes, that's correct. [turn 2, to turn 1]")]


def test_a_yes_that_is_none_and_a_yes_to_a_question_for_data_count_for_nothing():
    assert told("a: Is this correct?", "c: Yes, but I want the other one.") == []
    assert told("a: Could you please provide your e-mail?", "c: Sure!") == []


def test_what_was_chosen_of_what_was_offered():
    given = what_was_given(
        a_talk('a: Is it "no longer needed" or "ordered by mistake"?', "c: I ordered it by mistake.")
    )

    assert [(item.kind, item.text, item.answers) for item in given] == [(GivenKind.CHOICE, "by mistake", 1)]


def test_a_fact_in_the_middle_of_a_long_conversation_is_found():
    lines = [f"{who}: word" for _ in range(100) for who in "ca"]
    lines[90] = "c: My order is #W1234567 and the error is ERR_CONNECTION_RESET."

    assert [(kind, turn) for kind, _, turn in told(*lines)] == [("error", 91), ("order_number", 91)]


WORDS = [
    "order", "#W1234567", "error", '"Payment declined"', "iPhone 14", "yes,", "3 March 2026", "$12.50", "call me", "my name is",
    "Ada Lovelace", "ada@example.com", "zip", "78712", "return the blue lamp", "PayPal", "refund", "+49 30 901820", "I live in", "Berlin",
    "**bold**", "###STOP###", "\u200b", "\x00", "\u202e", "ß", "\u0130stanbul", "订单 4455667", "Lindenstraße 12", "12/03/2026", "—", "\n", "no longer needed", "😀", "\u2019",
]  # fmt: skip
TURN = st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=14).map(" ".join)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(turns=st.lists(st.tuples(st.sampled_from(["customer", "ai"]), TURN), min_size=1, max_size=6))
def test_every_fact_stands_in_the_turn_that_proves_it(turns):
    conversation = Conversation.model_validate(
        {"turns": [{"role": role, "text": text} for role, text in turns]}
    )

    for item in what_was_given(conversation):
        proof = conversation.turns[item.turn - 1]
        assert proof.role == "customer"
        assert item.text in " ".join(plain(proof.text).split())
        assert item.answers is None or conversation.turns[item.answers - 1].role == "ai"


@pytest.mark.parametrize(
    "hostile",
    ["1" * 4000, "a1-" * 1300, "1 " * 2000, "order " * 700, '"' * 4000, "A a " * 1000, "call me " * 500, "_a1" * 1300,
     "return the " * 360, "1.1" * 1300, "a@" * 2000, "a.a@a." * 600, "12 Ab Cd, " * 400, "yes " * 1000, "error " * 600, "Via A " * 650, "1 rue " * 650],
    ids=range(17),
)  # fmt: skip
def test_hostile_text_is_read_in_bounded_time(hostile):
    conversation = a_talk("a: Please confirm your order, name, phone and zip code?", f"c: {hostile}")

    started = time.process_time()
    what_was_given(conversation)

    assert time.process_time() - started < 0.5  # milliseconds; a pattern that backtracks takes minutes
