"""The brief: 60 words that tell an agent the ask, why, who, tried, next and risks, in that order."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batonpass.context.brief import Brief
from batonpass.context.package import build_package
from batonpass.context.words import count_words, cut_words
from batonpass.domain.conversation import HandoffRequest, Identity, ReasonCode
from batonpass.domain.facts import Fact, Gathered, Money, SourceReport, Standing
from batonpass.domain.ids import HandoffId
from shared import shared_file

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)


def talk(*lines: str):
    """ "c: …" is the customer, "a: …" the AI agent."""
    roles = {"c": "customer", "a": "ai"}
    return [{"role": roles[line[0]], "text": line[3:]} for line in lines]


def brief_of(*lines: str, facts=(), language=None, gathered=None, **more) -> Brief:
    request = HandoffRequest.model_validate(
        {"conversation": {"turns": talk(*lines), "language": language}, **more}
    )
    told = tuple(Fact(name=name, value=value, source="s", as_of=NOW) for name, value in facts)
    report = SourceReport(source="s", standing=Standing.FOUND, facts=told)
    return build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOW,
        agent_name="helper",
        request=request,
        gathered=gathered or Gathered(reports=(report,)),
    ).brief


REFUND = "c: Hi! I was charged twice for my March invoice and I want the second charge refunded."


def test_the_lines_stand_in_the_order_that_never_changes():
    brief = brief_of(
        REFUND,
        "a: I found two charges of 120 EUR on 3 March.",
        "c: Then refund one. Otherwise I will call my bank.",
        "a: I'm sorry, but I cannot refund more than 50 EUR.",
        customer={"name": "Ada Lovelace", "identity": "verified"},
        reason={"code": "billing_dispute", "text": "refund above my limit"},
        facts=[("billing.plan", "Pro"), ("billing.balance", Money(amount=12000, currency="eur"))],
    )

    assert [label for label, _ in brief.lines] == ["Wants", "Why", "Who", "Tried", "Next", "Risks"]
    assert brief.ask.startswith("I was charged twice for my March invoice")
    assert brief.why == "Billing dispute: refund above my limit"
    assert brief.who == "Ada Lovelace, Pro plan, 120.00 EUR open, identity verified"
    assert brief.next_step == "Compare both charges in billing; refund the second if duplicate."
    assert brief.risks == ("chargeback threat",)
    assert any("annot refund" in item for item in brief.tried)
    assert count_words(brief.text) <= 60


@pytest.mark.parametrize(
    ("lines", "ask"),
    [
        (["c: Hi there!", "c: ada@example.com", "c: How do I export my data?"], "How do I export my data?"),
        (["c: Hello. I'd like to cancel my subscription, please."], "Cancel my subscription."),
        (["c: Hi, can you please change my delivery address?"], "Change my delivery address?"),
        (["c: My login is not working since this morning."], "My login is not working since this morning."),
        (["c: I want to cancel order W1. ###TRANSFER###"], "Cancel order W1."),
        (["c: yes please"], "No customer message."),
        (["c: ###STOP###"], "No customer message."),
        (["a: Hello?"], "No customer message."),
        (
            ["c: Hola, necesito cambiar la fecha de mi reserva."],
            "Hola, necesito cambiar la fecha de mi reserva.",
        ),
    ],
    ids=[
        "greeting_and_address_skipped",
        "wish_dropped",
        "question",
        "trouble",
        "control_mark",
        "only_assent",
        "only_mark",
        "silent_customer",
        "spanish",
    ],
)
def test_the_ask_is_the_sentence_that_states_the_request(lines, ask):
    assert brief_of(*lines).ask == ask


def test_a_later_matter_wins_once_the_first_was_settled():
    brief = brief_of(
        "c: I want to change my password.",
        "a: Your password has been successfully changed. Anything else?",
        "c: Great, thanks! Could you also cancel my order W1234567?",
        "a: I'm sorry, I can't cancel it.",
    )

    assert brief.ask == "Cancel my order W1234567?"
    assert brief.next_step == "The AI declined; decide whether to make an exception."


def test_small_questions_on_the_way_do_not_replace_an_open_ask():
    brief = brief_of(
        "c: I want to return the blue lamp from my last order.",
        "a: Please provide your order number.",
        "c: I don't have the order number. Can you find it another way?",
        "a: I found your order W1234567.",
        "c: Yes, please proceed.",
    )

    assert brief.ask == "Return the blue lamp from my last order."


def test_a_change_of_mind_replaces_the_ask():
    brief = brief_of(
        "c: I'd like to exchange the desk lamp.",
        "a: Which option would you like?",
        "c: On second thought, I'd like to return the water bottle.",
    )

    assert "return the water bottle" in brief.ask.lower()


@pytest.mark.parametrize(
    ("words", "ask"),
    [
        (
            "Guten Tag. Meine Rechnung vom März stimmt nicht, bitte prüfen. Danke.",
            "Meine Rechnung vom März stimmt nicht",
        ),
        ("Hallo. Wo ist mein Paket?", "Wo ist mein Paket?"),
        (
            "\u3053\u3093\u306b\u3061\u306f\u3002\u8fd4\u91d1\u3092\u304a\u9858\u3044\u3057\u307e\u3059\u3002",
            "\u8fd4\u91d1\u3092\u304a\u9858\u3044\u3057\u307e\u3059\u3002",
        ),
    ],
    ids=["german", "short_german", "japanese"],
)
def test_without_english_cues_the_first_telling_sentence_is_the_ask(words, ask):
    brief = brief_of(f"c: {words}", "a: Moment.", "c: Und?", language="de-DE")

    assert brief.ask.startswith(ask)
    assert brief.risks == ("customer writes in de-DE",)


def test_an_open_dispute_forbids_the_refund():
    brief = brief_of(
        REFUND,
        reason={"code": "billing_dispute"},
        customer={"identity": "verified"},
        facts=[("billing.disputes", ("2026-11-02: 120.00 EUR disputed as fraudulent, needs_response",))],
    )

    assert brief.next_step == "Do not refund: a dispute is open. Answer that."
    assert brief.risks[0] == "open dispute"


def test_a_claimed_identity_is_verified_before_anything_private():
    brief = brief_of(REFUND, reason={"code": "security"}, customer={"name": "Ada"})

    assert brief.next_step.startswith("Verify the identity first.")
    assert brief.who == "Ada, identity only claimed"


def test_charges_are_looked_up_by_hand_when_billing_was_silent():
    silent = Gathered(reports=(SourceReport(source="billing", standing=Standing.DOWN),))

    brief = brief_of(
        "c: This charge is wrong, please fix it.",
        reason={"code": "billing_dispute"},
        customer={"identity": "verified"},
        gathered=silent,
    )

    assert brief.next_step == "Look the charges up by hand; correct or explain them."


@pytest.mark.parametrize(
    ("renewal", "risky"),
    [
        (date(2026, 11, 21), True),
        (date(2026, 12, 21), True),
        (date(2026, 12, 22), False),
        (date(2026, 11, 20), False),
    ],
    ids=["today", "in_30_days", "in_31_days", "yesterday"],
)
def test_a_renewal_is_a_risk_within_thirty_days(renewal, risky):
    brief = brief_of(REFUND, facts=[("account.renewal_date", renewal), ("account.tier", "Basic")])

    assert (f"renews {renewal.isoformat()}" in brief.risks) is risky


@pytest.mark.parametrize(
    ("words", "risk"),
    [
        ("I will talk to my lawyer about this.", "legal"),
        ("Someone else has logged in to my account.", "security"),
        ("The charger caught fire.", "safety"),
        ("I'll start a chargeback.", "chargeback threat"),
    ],
)
def test_grave_words_of_the_customer_are_risks(words, risk):
    assert risk in brief_of(f"c: {words}").risks
    assert risk not in brief_of("c: Hello there, friends.", f"a: {words}").risks


def test_a_very_negative_mood_is_a_risk():
    request = {"turns": [{"role": "customer", "text": "I want my order now.", "sentiment": -0.9}]}
    package = build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOW,
        agent_name="helper",
        request=HandoffRequest.model_validate({"conversation": request}),
        gathered=Gathered(),
    )

    assert package.brief.risks == ("very upset",)


def test_a_call_for_a_person_names_itself_where_no_reason_was_given():
    brief = brief_of("c: I want to return my lamp.", "a: I cannot do that.", "c: Give me a human now!")

    assert brief.ask == "Return my lamp."
    assert (
        brief.why
        == "Asked for a person: \N{LEFT DOUBLE QUOTATION MARK}Give me a human now!\N{RIGHT DOUBLE QUOTATION MARK}"
    )


def test_one_endless_word_does_not_fill_the_brief():
    brief = brief_of("c: I want " + "x" * 100_000, customer={"name": "y" * 200})

    assert len(brief.text) < 600


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one two three", 3),
        ("", 0),
        ("a - b", 3),
        ("\u6211\u8981\u9000\u6b3e\uff0c\u8c22\u8c22", 6),
        ("\u0e02\u0e2d\u0e04\u0e37\u0e19\u0e40\u0e07\u0e34\u0e19", 2),
        ("refund \u9000\u6b3e now", 4),
    ],
    ids=["english", "empty", "lone_dash", "chinese", "thai", "mixed"],
)
def test_words_are_counted_fairly_in_every_script(text, words):
    assert count_words(text) == words


TEXTS = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"), st.sampled_from(" .,?!\n\u6211\u9000\u0e02\u0e37\u0e19\u0301\u200d{%<&")
    ),
    max_size=300,
)


@given(TEXTS, st.integers(min_value=0, max_value=30))
def test_cut_text_has_at_most_the_words_it_may_have(text, most):
    assert count_words(cut_words(text, most)) <= most


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    turns=st.lists(st.tuples(st.sampled_from(["customer", "ai"]), TEXTS), min_size=1, max_size=6),
    reason=st.sampled_from(ReasonCode),
    reason_text=st.none() | TEXTS,
    name=st.none() | st.text(max_size=200),
    identity=st.sampled_from(Identity),
    attempts=st.lists(TEXTS, max_size=5),
    plan=st.none() | TEXTS,
    language=st.sampled_from([None, "en", "de", "zh-Hant"]),
)
def test_no_brief_has_more_than_sixty_words(
    *, turns, reason, reason_text, name, identity, attempts, plan, language
):
    request = HandoffRequest.model_validate(
        {
            "conversation": {
                "turns": [{"role": role, "text": text} for role, text in turns],
                "language": language,
            },
            "customer": {"name": name, "identity": identity},
            "reason": {"code": reason, "text": reason_text},
            "attempts": [{"action": text} for text in attempts],
        }
    )
    facts = tuple(
        Fact(name=name, value=value, source="s", as_of=NOW)
        for name, value in (("a.plan", plan), ("a.tier", "enterprise"), ("a.disputes", Decimal(1)))
        if value is not None
    )

    brief = build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOW,
        agent_name="helper",
        request=request,
        gathered=Gathered(reports=(SourceReport(source="s", standing=Standing.FOUND, facts=facts),)),
    ).brief

    assert count_words(brief.text) <= 60
    assert count_words(brief.ask) <= 15
    assert brief.ask
    assert len(brief.tried) <= 3


def test_every_sample_conversation_has_an_ask_within_the_budget():
    lines = shared_file("data", "retail_conversations.jsonl").read_text().splitlines()
    samples = [json.loads(line) for line in lines]

    for sample in samples:
        request = HandoffRequest.model_validate(
            {"conversation": {"turns": sample["turns"]}, "customer": sample["customer"] or {}}
        )
        package = build_package(
            handoff_id=HandoffId("ho_1"),
            asked_at=NOW,
            agent_name="helper",
            request=request,
            gathered=Gathered(),
        )

        assert count_words(package.brief.text) <= 60, sample["id"]
        assert count_words(package.brief.ask) >= 3, sample["id"]
        assert "###" not in package.brief.text, sample["id"]
