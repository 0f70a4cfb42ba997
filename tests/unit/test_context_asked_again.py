"""Where a person asks for what the customer had said already."""

from __future__ import annotations

import pytest

from batonpass.context.asked_again import REQUEST, look_for_asking_again
from batonpass.domain.conversation import Role, Turn

ROLES = {"c": Role.CUSTOMER, "b": Role.AI, "a": Role.AGENT}


def looked(*lines: str):
    return look_for_asking_again([Turn(role=ROLES[line[0]], text=line[3:]) for line in lines])


def kinds(*lines: str) -> list[str]:
    return [each.about for each in looked(*lines).again]


GIVEN = "c: My order W1234567 has not arrived yet, please look into it."


def test_an_order_number_that_was_given_is_asked_for_again():
    found = looked(GIVEN, "b: Let me get a colleague.", "a: Hi! Could you please send me your order number?")

    assert found.could
    (again,) = found.again
    assert (again.about, again.given_in, again.asked_in) == ("order_number", 1, 3)


@pytest.mark.parametrize(
    ("given", "asked", "kind"),
    [
        ("c: You can reach me at mia.keller@example.com about my broken lamp.", "a: What is your email address?", "email"),
        ("c: Meine Bestellnummer ist W7654321, es fehlt ein Teil der Lieferung.", "a: K\u00f6nnen Sie mir bitte Ihre Bestellnummer nennen?", "order_number"),
        ('c: The app says "Payment declined" whenever I try to pay here.', "a: Which error message do you see?", "error"),
        ("c: My name is Mia Keller and I would like to return a lamp.", "a: May I have your full name?", "name"),
    ],
)  # fmt: skip
def test_each_kind_in_the_words_in_which_it_is_asked_for(given: str, asked: str, kind: str):
    assert kind in kinds(given, asked)


@pytest.mark.parametrize(
    "answer",
    [
        "a: Your order number is W1234567, right?",
        "a: I have your order number and will look into it.",
        "a: Could you send me a photo of the parcel?",
        "a: Can you check your e-mail for the label?",
    ],
)
def test_who_confirms_or_asks_for_something_else_does_not_ask_again(answer: str):
    assert kinds(GIVEN, answer) == []


def test_what_is_given_only_after_the_question_was_not_asked_again():
    assert kinds("c: Hello there", "a: What is your order number?", "c: It is W1234567.") == []


def test_asking_what_it_is_about_after_it_was_said_is_asking_again():
    assert kinds(GIVEN, "b: One moment.", "a: Hello, how can I help you today?") == [REQUEST]


def test_a_greeting_before_anything_was_said_is_none():
    assert kinds("c: Hi", "a: Hello, how can I help you today?") == []


def test_each_thing_counts_once():
    again = kinds(
        GIVEN, "a: Your order number, please?", "c: As I said.", "a: Could you give me the order number?"
    )

    assert again == ["order_number"]


def test_without_a_person_nothing_could_be_asked_again():
    found = looked(GIVEN, "b: What is your order number?")

    assert (found.could, found.again) == (False, ())


def test_a_person_who_speaks_first_could_not_ask_again():
    assert not looked("a: What is your order number?", GIVEN).could
