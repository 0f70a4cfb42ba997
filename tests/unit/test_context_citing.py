"""A sentence counts only where the turns that it cites say so."""

from __future__ import annotations

import pytest

from batonpass.context.citing import Cited, supported
from batonpass.domain.conversation import Role, Turn

ASKS = Turn(
    role=Role.CUSTOMER, text="Can you refund the blue lamp of order #W1234567? It arrived broken on 3 March."
)
REFUSES = Turn(
    role=Role.AI, text="I'm sorry, Ada, but I cannot refund more than $50.00. You paid $120.50 by PayPal."
)
REFUNDS = Turn(role=Role.AI, text="Your refund of $50.00 has been processed.")


@pytest.mark.parametrize(
    ("sentence", "turns"),
    [
        ("The customer asks for a refund of the blue lamp.", [ASKS]),
        ("The lamp of order #W1234567 arrived broken on 3 March.", [ASKS]),
        ("The AI agent cannot refund more than $50.", [REFUSES]),
        ("Ada paid $120.50 by PayPal.", [REFUSES]),
        ("The customer wrote \u201cIt arrived broken\u201d.", [ASKS]),
        ("A refund of $50.00 was processed.", [ASKS, REFUNDS]),
        ("The customer wants a refund [turn 1].", [ASKS]),
    ],
)
def test_what_stands_in_the_turns_is_supported(sentence, turns):
    assert supported(sentence, turns)


@pytest.mark.parametrize(
    ("sentence", "turns"),
    [
        ("The customer asks for a refund of $120.50.", [ASKS]),
        ("The lamp of order #W7654321 arrived broken.", [ASKS]),
        ("Grace paid $120.50 by PayPal.", [REFUSES]),
        ("The customer wrote \u201cIt never arrived\u201d.", [ASKS]),
        ("The AI agent can refund more than $50.", [REFUSES]),
        ("The refund of the blue lamp was processed.", [ASKS]),
        ("The blue lamp was refunded.", [ASKS, REFUSES]),
        ("The refund of $50.00 was not processed.", [REFUNDS]),
        ("The customer threatens with a lawyer.", [ASKS]),
        ("The customer is a loyal subscriber in Paris.", [ASKS]),
        ("The customer said so.", [ASKS]),
        ("", [ASKS]),
        ("The customer asks for a refund of the blue lamp.", []),
    ],
    ids=[
        "number_of_another_turn", "another_order", "another_name", "made_up_quote", "denied", "only_asked_for", "only_asked_and_refused",
        "denied_the_other_way", "made_up_threat", "made_up_person", "says_nothing", "empty", "no_turns",
    ],
)  # fmt: skip
def test_what_does_not_is_not(sentence, turns):
    assert not supported(sentence, turns)


def test_a_cited_sentence_is_shown_with_its_turns():
    assert Cited(text="They want a refund.", turns=(1, 4)).shown == "They want a refund [turns 1, 4]."
