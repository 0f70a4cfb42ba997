"""The summary says only what stands in the turns, and cites them."""

from __future__ import annotations

import pytest

from batonpass.context.citing import Cited
from batonpass.context.reading import read
from batonpass.context.summary import make_summary
from batonpass.context.tried import Result, tried_line, what_was_tried
from batonpass.domain.conversation import HandoffRequest

ROLES = {"c": "customer", "a": "ai"}


def a_request(*lines, **more):
    turns = [{"role": ROLES[line[0]], "text": line[3:]} for line in lines]
    return HandoffRequest.model_validate({"conversation": {"turns": turns}, **more})


def summary_of(request):
    return make_summary(request, read(request.conversation))


def test_the_ai_agents_own_summary_is_taken_and_marked():
    summary = summary_of(a_request("c: I want a refund.", summary="Customer wants a refund."))

    assert (summary.text, summary.by_ai) == ("Customer wants a refund.", True)


def test_what_the_ai_agent_made_up_in_its_summary_is_said_to_be_so_and_kept():
    summary = summary_of(
        a_request(
            "c: I want a refund for order W1234567.",
            summary="The customer wants a refund for order W1234567. They paid 900 EUR by cheque.\nThey are polite.",
        )
    )

    assert summary.text == (
        "The customer wants a refund for order W1234567. They paid 900 EUR by cheque. [not found in the conversation]"
        "\nThey are polite. [not found in the conversation]"
    )


def test_without_one_it_tells_asks_acts_and_end_and_every_sentence_cites_its_turns():
    summary = summary_of(
        a_request(
            "c: I want to cancel my order W1234567.",
            "a: Your order W1234567 has been successfully cancelled. Anything else?",
            "c: Can you also refund the shipping fee?",
            "a: I'm sorry, but I cannot refund shipping fees.",
            "c: Give me a human.",
            "c: Are you there?",
        )
    )

    assert not summary.by_ai
    assert [(each.text.partition(":")[0], each.turns) for each in summary.sentences] == [
        ("The customer began with", (1,)),
        ("Then", (3,)),
        ("Asked for a person", (5,)),
        ("The AI agent last reported", (4,)),
        ("The last turn is from the customer", (6,)),
    ]
    assert "I want to cancel my order W1234567.\N{RIGHT DOUBLE QUOTATION MARK} [turn 1]." in summary.text
    assert "refund the shipping fee?\N{RIGHT DOUBLE QUOTATION MARK} [turn 3]." in summary.text


def test_a_silent_customer_is_said():
    assert "The last turn is from the AI agent" in summary_of(a_request("a: Hello?")).text


def test_the_sentences_of_a_language_model_take_the_place_of_ours_where_the_turns_support_them():
    request = a_request("c: I want to return the blue lamp.", "a: I cannot refund more than 50 EUR.")
    written = [
        Cited(text="The customer wants to return a blue lamp.", turns=(1,)),
        Cited(text="The AI agent refunded 50 EUR.", turns=(2,)),
        Cited(text="The customer wants to return a blue lamp.", turns=(7,)),
    ]

    summary = make_summary(request, read(request.conversation), written)

    assert summary.text == "The customer wants to return a blue lamp [turn 1]."
    assert summary.by_model


def test_ours_stands_where_nothing_that_the_model_wrote_is_supported():
    request = a_request("c: I want to return the blue lamp.")

    summary = make_summary(request, read(request.conversation), [Cited(text="They like tea.", turns=(1,))])

    assert not summary.by_model
    assert "return the blue lamp" in summary.text


def test_what_was_tried_comes_as_it_was_handed_over():
    request = a_request(
        "c: Hi", attempts=[{"action": "Reset the\npassword", "result": "no mail came"}, {"action": "B"}]
    )

    tried = what_was_tried(request, read(request.conversation))

    assert [item.text for item in tried] == ["Reset the password: no mail came", "B"]
    assert [item.result for item in tried] == [Result.FAILED, Result.UNKNOWN]
    assert tried[0].turn is None


def test_an_attempt_that_was_handed_over_is_found_in_the_turn_that_tells_of_it():
    request = a_request(
        "c: I cannot log in.",
        "a: I have sent you a mail to reset your password.",
        attempts=[{"action": "sent a mail to reset the password", "result": "sent"}],
    )

    (item,) = what_was_tried(request, read(request.conversation))

    assert (item.turn, item.result) == (2, Result.WORKED)


def test_what_was_tried_is_found_in_what_the_ai_agent_says_it_did():
    request = a_request(
        "c: I want a refund.",
        "a: I can help you with that. Could you please provide your email?",
        "c: x@example.com",
        "a: Thank you. I have successfully authenticated your identity. I found two charges of $20.",
        "c: And?",
        "a: If you confirm, it has been decided that I refund. I'm sorry, but I cannot refund the second one.",
    )

    tried = what_was_tried(request, read(request.conversation))

    assert [(item.text, item.turn, item.result) for item in tried] == [
        ("Found two charges of $20.", 4, Result.UNKNOWN),
        ("Cannot refund the second one.", 6, Result.REFUSED),
    ]
    assert tried[1].is_refusal


@pytest.mark.parametrize(
    ("advice", "reaction", "result", "turns"),
    [
        ("Please try restarting the app.", "It still does not work.", Result.FAILED, (2, 3)),
        ("Have you tried clearing the cache?", "Great, it works now, thanks!", Result.WORKED, (2, 3)),
        ("Please try another browser.", "What is your phone number?", Result.UNKNOWN, (2,)),
        ("I have reset your device.", "Same error as before.", Result.FAILED, (2, 3)),
        ("Versuchen Sie einen Neustart.", "Es geht immer noch nicht.", Result.FAILED, (2, 3)),
        ("Reinicie la aplicación.", "Ahora ya funciona.", Result.WORKED, (2, 3)),
        ("Essayez de vider le cache.", "Ça ne marche toujours pas.", Result.FAILED, (2, 3)),
    ],
    ids=["failed", "worked", "no_word_on_it", "held_for_done", "german", "spanish", "french"],
)
def test_the_customers_next_words_decide_how_an_attempt_ended(advice, reaction, result, turns):
    request = a_request("c: The app crashes.", f"a: {advice}", f"c: {reaction}")

    (item,) = what_was_tried(request, read(request.conversation))

    assert (item.result, item.turns) == (result, turns)


def test_what_the_customer_tried_alone_counts():
    request = a_request("c: I already restarted the router twice and it is still down.")

    (item,) = what_was_tried(request, read(request.conversation))

    assert (item.result, item.turn) == (Result.FAILED, 1)


def test_agents_read_the_attempt_its_result_and_the_turns_that_prove_them():
    request = a_request("c: Hi", "a: Please restart the app.", "c: It still crashes.")

    (item,) = what_was_tried(request, read(request.conversation))

    assert tried_line(item) == "Please restart the app. \N{EM DASH} failed [turns 2, 3]"


def test_at_most_ten_the_newest_and_what_is_said_again_counts_once():
    acts = [f"a: I checked invoice number {number}." for number in range(1, 15)]
    request = a_request("c: Hello", *acts, "a: I checked invoice number 14.")

    tried = what_was_tried(request, read(request.conversation))

    assert len(tried) == 10
    assert tried[-1].text == "Checked invoice number 14."
    assert tried[-1].turn == 16
