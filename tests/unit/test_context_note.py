"""What the internal note says, in HTML and in plain text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from batonpass.context.package import build_package
from batonpass.context.render import render_late_facts, render_not_landed, render_note
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.facts import Fact, Gathered, Money, SourceReport, Standing
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import NotLanded

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
TITLES = {"crm": "HubSpot", "billing": "Stripe"}
SECTIONS = [
    "Issue Summary",
    "Customer Details",
    "AI Attempted Solutions",
    "Relevant Account Notes",
    "Conversation History",
]


class Words(HTMLParser):
    """The text of HTML as a browser shows it: one line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines = [""]

    def handle_starttag(self, tag, attrs):
        if tag in {"p", "h3", "li", "br", "pre"}:
            self.lines.append("")

    def handle_data(self, data):
        self.lines[-1] += data


def words_of(html: str) -> str:
    parser = Words()
    parser.feed(html)
    parser.close()
    return "\n".join(line for line in parser.lines if line)


def a_report(source, standing=Standing.FOUND, facts=(), seconds=0.2):
    told = tuple(Fact(name=name, value=value, source=source, as_of=at) for name, value, at in facts)
    return SourceReport(source=source, standing=standing, facts=told, seconds=seconds)


def a_package(*reports, turns=None, url="https://pass.example/h/ho_1", mended=False, **more):
    given = turns or [{"role": "customer", "text": "I want a refund for order 12."}]
    return build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOW,
        agent_name="helper",
        request=HandoffRequest.model_validate({"conversation": {"turns": given}, **more}),
        gathered=Gathered(reports=reports),
        mended=mended,
        url=url,
    )


def note_of(package, **more):
    return render_note(package, titles=TITLES, limit=more.pop("limit", 65_000), **more)


def test_the_sections_follow_the_brief_in_their_order():
    note = note_of(a_package())

    for form in (note.html, note.text):
        places = [form.index(section) for section in SECTIONS]
        assert places == sorted(places)
        assert form.index("Wants:") < places[0]


def test_turns_that_the_helpdesk_did_not_give_are_counted_in_the_note():
    whole, cut = a_package(), replace(a_package(), older=120)

    assert "older" not in note_of(whole).text
    for form in (note_of(cut).html, note_of(cut).text):
        assert form.index("Conversation History") < form.index("120 older messages on this ticket")


def test_both_forms_say_the_same():
    package = a_package(
        a_report("crm", facts=[("account.tier", "Gold", NOW)]),
        a_report("billing", Standing.LATE, seconds=2.0),
        turns=[
            {
                "role": "customer",
                "text": "First line\nsecond line with {{x}} & <b>",
                "at": "2026-11-21T10:40:00Z",
            },
            {"role": "ai", "text": "I found it.", "confidence": 0.2, "intent": "refund"},
        ],
        technical={"errors": ["E1\n  at line 2"]},
    )
    note = note_of(
        package, not_landed=[NotLanded(field="Tier", value="VIP", why="not an option of this field")]
    )

    plain = note.text.replace("{ {", "{{").replace("== ", "").replace(" ==", "")
    plain_lines = [line.strip().removeprefix("- ") for line in plain.splitlines() if line.strip()]
    html_lines = [line.strip() for line in words_of(note.html).splitlines() if line.strip()]

    assert html_lines == plain_lines


def test_facts_carry_their_source_and_time():
    note = note_of(
        a_package(
            a_report(
                "billing",
                facts=[
                    ("billing.plan", "Pro", NOW),
                    ("billing.balance", Money(amount=-500, currency="eur"), NOW),
                    ("billing.auto_renews", True, NOW - timedelta(days=1)),
                    ("billing.open_invoices", ("one", "two"), NOW),
                ],
            )
        )
    )

    assert "- Plan: Pro \N{EM DASH} Stripe, 10:42 UTC" in note.text
    assert "- Balance: -5.00 EUR \N{EM DASH} Stripe, 10:42 UTC" in note.text
    assert "- Auto renews: yes \N{EM DASH} Stripe, 2026-11-20 10:42 UTC" in note.text
    assert "- Open invoices: one\n  two \N{EM DASH} Stripe, 10:42 UTC" in note.text


@pytest.mark.parametrize(
    ("standing", "saying"),
    [
        (Standing.LATE, "HubSpot did not answer within 2 s; what it says will be added as a note."),
        (Standing.DOWN, "HubSpot could not answer now; what it says will be added as a note."),
        (Standing.CREDENTIALS_REFUSED, "HubSpot refused batonpass's credentials"),
        (Standing.REFUSED, "HubSpot refused the question."),
        (Standing.BROKEN, "HubSpot gave an answer that could not be understood."),
        (Standing.WITHHELD, "HubSpot was not asked: the customer's identity is only claimed."),
        (Standing.AMBIGUOUS, "HubSpot: ambiguous, several customers match; nothing is shown."),
        (Standing.NOT_FOUND, "HubSpot does not know this customer."),
        (Standing.NO_KEY, "HubSpot was not asked: no e-mail address or id to look up with."),
        (Standing.FOUND, "HubSpot knows the customer and has none of the values asked for."),
    ],
    ids=[
        "late",
        "down",
        "credentials",
        "refused",
        "broken",
        "withheld",
        "ambiguous",
        "unknown",
        "no_key",
        "nothing",
    ],
)
def test_a_silent_source_is_named_in_plain_words(standing, saying):
    assert saying in note_of(a_package(a_report("crm", standing, seconds=2.004))).text


def test_a_poor_request_is_shown_as_poor():
    note = note_of(a_package())

    assert "Not given: customer name, e-mail, reason, attempts, summary, confidence, channel." in note.text
    assert "Nothing on record." in note.text
    assert "No source of account facts is connected." in note.text


def test_the_ai_agents_side_of_the_story_is_shown():
    note = note_of(
        a_package(
            summary="They want money back.",
            confidence=0.314,
            attempts=[{"action": "Looked it up", "result": "found"}],
            pages=[{"url": "https://shop.example/pay?a=1", "title": "Pay", "at": "2026-11-21T10:30:00Z"}],
            technical={
                "errors": ["TypeError: x < y & z"],
                "browser": "Firefox 140",
                "attempted_action": "pay",
            },
            reason={"code": "technical_failure", "text": "checkout broken"},
        )
    )

    assert "In the AI agent's words: They want money back." in note.text
    assert "- AI confidence: 31 %" in note.text
    assert "- Looked it up: found" in note.text
    assert "- Pay: https://shop.example/pay?a=1 (10:30 UTC)" in note.text
    assert "<pre>TypeError: x &lt; y &amp; z</pre>" in note.html
    assert "- Reason: Technical failure: checkout broken" in note.text
    assert "- Trying to: pay" in note.text


def test_turns_are_numbered_with_their_signals():
    note = note_of(
        a_package(
            turns=[
                {
                    "role": "customer",
                    "text": "Help\nme",
                    "at": "2026-11-21T10:40:00Z",
                    "sentiment": -0.8,
                    "page": "/pay",
                },
                {"role": "ai", "text": "Sure", "confidence": 0.31, "intent": "refund"},
                {"role": "agent", "text": "Hello", "confidence": 0.9, "sentiment": 0.5},
            ]
        )
    )

    assert (
        "1 \N{MIDDLE DOT} Customer \N{MIDDLE DOT} 10:40 UTC \N{MIDDLE DOT} negative mood \N{MINUS SIGN}0.80 \N{MIDDLE DOT} on /pay\n  Help\n  me"
        in note.text
    )
    assert (
        "2 \N{MIDDLE DOT} AI agent \N{MIDDLE DOT} low confidence 31 % \N{MIDDLE DOT} intent refund\n  Sure"
        in note.text
    )
    assert "3 \N{MIDDLE DOT} Agent\n  Hello" in note.text


def test_values_that_did_not_land_are_in_the_note_with_the_place_to_mend():
    item = NotLanded(
        field="Tier", value="VIP Gold", why="not an option of this field", where="mappings/zendesk.toml:14"
    )

    line = "Tier: VIP Gold (not an option of this field; mappings/zendesk.toml:14)"
    assert line in note_of(a_package(), not_landed=[item]).text
    assert line in render_not_landed([item], limit=65_000).text
    assert line in words_of(render_not_landed([item], limit=65_000).html)


def test_late_facts_carry_the_date_and_promise_nothing():
    reports = [
        a_report("billing", facts=[("billing.plan", "Pro", NOW)]),
        a_report("crm", Standing.DOWN),
    ]

    note = render_late_facts(reports, titles=TITLES, limit=65_000)

    assert "- Plan: Pro \N{EM DASH} Stripe, 2026-11-21 10:42 UTC" in note.text
    assert "HubSpot could not answer now." in note.text
    assert "will be added" not in note.text


def test_mended_text_is_said():
    assert "could not be stored" in note_of(a_package(mended=True)).text
    assert "could not be stored" not in note_of(a_package()).text


def test_only_our_own_page_is_a_link():
    note = note_of(a_package(turns=[{"role": "customer", "text": "See https://evil.example/x"}]))

    assert note.html.count("<a ") == 1
    assert (
        '<a href="https://pass.example/h/ho_1" rel="noopener noreferrer">https://pass.example/h/ho_1</a>'
        in note.html
    )
    assert "<a " not in note_of(a_package(url=None)).html
    assert "<a " not in note_of(a_package(url="javascript:alert(1)")).html
