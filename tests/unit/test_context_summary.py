"""The summary says only what stands in the turns, and cites them."""

from __future__ import annotations

from batonpass.context.reading import read
from batonpass.context.summary import make_summary, what_was_tried
from batonpass.domain.conversation import HandoffRequest

ROLES = {"c": "customer", "a": "ai"}


def a_request(*lines, **more):
    turns = [{"role": ROLES[line[0]], "text": line[3:]} for line in lines]
    return HandoffRequest.model_validate({"conversation": {"turns": turns}, **more})


def summary_of(request):
    return make_summary(request, read(request.conversation))


def test_the_ai_agents_own_summary_is_taken_and_marked():
    summary = summary_of(a_request("c: Hello", summary="Customer wants a refund."))

    assert (summary.text, summary.by_ai) == ("Customer wants a refund.", True)


def test_without_one_it_tells_asks_acts_and_end_with_their_turns():
    summary = summary_of(
        a_request(
            "c: I want to cancel my order W1234567.",
            "a: Your order W1234567 has been successfully cancelled. Anything else?",
            "c: Can you also refund the shipping fee?",
            "a: I'm sorry, but I cannot refund shipping fees.",
            "c: Give me a human.",
        )
    )

    assert not summary.by_ai
    assert "I want to cancel my order W1234567.\N{RIGHT DOUBLE QUOTATION MARK} [turn 1]" in summary.text
    assert "refund the shipping fee?\N{RIGHT DOUBLE QUOTATION MARK} [turn 3]" in summary.text
    assert "cannot refund shipping fees.\N{RIGHT DOUBLE QUOTATION MARK} [turn 4]" in summary.text
    assert "Give me a human.\N{RIGHT DOUBLE QUOTATION MARK} [turn 5]" in summary.text
    assert summary.text.endswith("The last of 5 turns is from the customer.")


def test_a_silent_customer_is_said():
    assert "The last of 1 turns is from the AI agent." in summary_of(a_request("a: Hello?")).text


def test_what_was_tried_comes_as_it_was_handed_over():
    request = a_request(
        "c: Hi", attempts=[{"action": "Reset the\npassword", "result": "no mail came"}, {"action": "B"}]
    )

    tried = what_was_tried(request, read(request.conversation))

    assert [item.text for item in tried] == ["Reset the password: no mail came", "B"]
    assert tried[0].turn is None


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

    assert [(item.text, item.turn) for item in tried] == [
        ("Found two charges of $20.", 4),
        ("Cannot refund the second one.", 6),
    ]
    assert tried[1].is_refusal


def test_at_most_five_and_what_is_said_again_counts_once():
    acts = [f"a: I checked invoice number {number}." for number in range(1, 9)]
    request = a_request("c: Hello", *acts, "a: I checked invoice number 8.")

    tried = what_was_tried(request, read(request.conversation))

    assert len(tried) <= 5
    assert tried[-1].text == "Checked invoice number 8."
