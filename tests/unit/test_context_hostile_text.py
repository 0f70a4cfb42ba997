"""The transcript is hostile input: rows X01 to X06 of the fault matrix."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
import regex

from batonpass.context.package import build_package
from batonpass.context.render import render_late_facts, render_not_landed, render_note
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.facts import Fact, Gathered, SourceReport, Standing
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import Note, NotLanded

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
URL = "https://pass.example/h/ho_1"
ALLOWED = {"a", "b", "br", "h3", "li", "p", "pre", "span", "ul"}

MARKUP = {
    "script": "<script>alert(1)</script>",
    "event_handler": '<img src=x onerror="alert(1)">',
    "tracking_pixel": "<img src=https://evil.example/p.gif>",
    "svg": "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "mathml": "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "javascript_link": "<a href='javascript:alert(1)'>x</a>",
    "css": "<style>*{background:url(//evil.example)}</style><p style='position:fixed'>",
    "mutation": "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "template_element": "<template><script>alert(1)</script></template>",
    "closing_tags": "</p></pre></ul></li></b></h3></body></html><iframe src=//evil.example>",
    "comment": "<!--><script>alert(1)</script>-->",
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62; &amp;lt;",
    "broken_tag": "<b <script>alert(1)</scr\x00ipt> <",
    "data_url": "data:text/html,<script>alert(1)</script>",
    "attribute_break": '" onmouseover="alert(1)" x=\' `',
    "cdata": "<![CDATA[<script>alert(1)</script>]]><?php x ?>",
    "textarea": "<textarea><img src=x onerror=alert(1)></textarea><title><xmp>",
}
TEMPLATES = [
    "{{ticket.requester.email}}",
    "{{{raw}}}",
    "{% include 'x' %}",
    "{ {x} }",
    "{{{{deep}}}}",
    "{{%x%}}",
    "{",
    "${7*7} #{7*7} <%= 7*7 %>",
    "&#123;&#123;x}}",
    "{\u200b{x}}",
]


class Strict(HTMLParser):
    """Fails on a tag or attribute that is not ours."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown = ""

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        assert attrs == ([("href", URL), ("rel", "noopener noreferrer")] if tag == "a" else []), attrs
        self.shown += "\n" if tag in {"p", "h3", "li", "br", "pre"} else ""

    def handle_endtag(self, tag):
        assert tag in ALLOWED, tag

    def handle_data(self, data):
        self.shown += data

    def handle_comment(self, data):
        pytest.fail("a comment")

    def handle_decl(self, decl):
        pytest.fail("a declaration")

    def handle_pi(self, data):
        pytest.fail("a processing instruction")


def strictly(note: Note) -> str:
    parser = Strict()
    parser.feed(note.html)
    parser.close()
    return parser.shown


def everywhere(text: str, *, limit: int = 65_000) -> list[Note]:
    """Every note there is, with the text in every place that takes it."""
    short = text[:200]
    request = HandoffRequest.model_validate(
        {
            "conversation": {
                "id": short,
                "channel": short,
                "language": text[:35],
                "turns": [
                    {"role": "customer", "text": text, "intent": short, "page": short},
                    {"role": "ai", "text": f"I found {text}"},
                ],
            },
            "customer": {
                "name": short,
                "email": short,
                "phone": text[:50],
                "external_ids": {short or "x": short},
            },
            "reason": {"code": "other", "text": text[:500]},
            "attempts": [{"action": text[:500], "result": text[:500]}],
            "summary": text,
            "pages": [{"url": text[:2000], "title": text[:500]}],
            "technical": {"errors": [text], "browser": short, "os": short, "attempted_action": short},
        }
    )
    fact = Fact(name=f"a.{short}", value=(text, text), source=short, as_of=NOW)
    reports = (
        SourceReport(source=short, standing=Standing.FOUND, facts=(fact,)),
        SourceReport(source=short, standing=Standing.LATE, detail=text),
    )
    package = build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOW,
        agent_name=short,
        request=request,
        gathered=Gathered(reports=reports),
        url=URL,
    )
    landed = [NotLanded(field=short, value=text, why=text, where=text)]
    return [
        render_note(package, titles={short: short}, not_landed=landed, limit=limit),
        render_late_facts(reports, titles={short: short}, limit=limit),
        render_not_landed(landed, limit=limit),
    ]


@pytest.mark.parametrize("text", MARKUP.values(), ids=MARKUP.keys())
def test_x01_and_x02_markup_is_shown_and_never_is_markup(text):
    for note in everywhere(text):
        shown = strictly(note)

        assert text.replace("\x00", "\N{REPLACEMENT CHARACTER}").replace("{", "{") in shown
        assert "<script" not in note.html
        assert "<img" not in note.html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("abc\u202edef", "abc[U+202E]def"),
        ("\u2066x\u2069", "[U+2066]x[U+2069]"),
        ("a\u200bb\ufeff", "a[U+200B]b[U+FEFF]"),
        ("x\U000e0041\U000e0042", "x[U+E0041][U+E0042]"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
    ],
    ids=["override", "isolates", "zero_width", "tag_block", "family_emoji", "persian"],
)
def test_x03_hidden_characters_are_shown_and_joiners_survive(text, shown):
    for note in everywhere(text):
        assert shown in note.text
        assert shown in strictly(note)
        assert not re.search("[\u200b\u202a-\u202e\u2066-\u2069\ufeff]", note.html + note.text)


def test_x04_piles_of_marks_are_capped_at_eight():
    for note in everywhere("Z" + "\u0301" * 500 + "o"):
        assert "Z" + "\u0301" * 8 + "o" in note.text
        assert "\u0301" * 9 not in note.text + note.html


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u0631\u062d\u0628\u0627 abc",
        "\u6211\u8981\u9000\u6b3e\u3002",
        "\u0e02\u0e2d\u0e04\u0e37\u0e19\u0e40\u0e07\u0e34\u0e19",
        "a\u00a0b",
    ],
    ids=["arabic", "chinese", "thai", "no_break_space"],
)
def test_x04_every_script_is_unharmed(text):
    for note in everywhere(text):
        assert text in note.text
        assert text in strictly(note)


@pytest.mark.parametrize("text", TEMPLATES)
def test_x06_placeholders_stay_literal_and_no_engine_finds_them(text):
    for note in everywhere(text):
        for form in (
            note.html,
            note.text,
            re.sub(r"&#123;", "{", note.html),
            re.sub(r"</?span>", "", note.html),
        ):
            assert "{{" not in form
            assert "{%" not in form
        assert text.replace("\u200b", "[U+200B]") in strictly(note)


def test_a_message_cannot_pass_for_a_heading_in_plain_text():
    [note, *_] = everywhere("x\n== Customer Details ==\r== AI Attempted Solutions ==\n- Identity: verified")

    lines = note.text.splitlines()
    assert lines.count("== Customer Details ==") == 1
    assert lines.count("== AI Attempted Solutions ==") == 1
    assert "- Identity: verified" not in lines


def test_controls_and_half_an_emoji_do_not_lose_the_note():
    for note in everywhere("a\x00b\x1b[31m"):
        assert "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m" in note.text
        assert "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m" in note.html

    note = render_not_landed([NotLanded(field="Tier", value="a\ud83dz", why="why")], limit=9000)

    assert "a\N{REPLACEMENT CHARACTER}z" in note.html
    assert "a\N{REPLACEMENT CHARACTER}z" in note.text


@pytest.mark.parametrize(
    "unit",
    ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\u00e9\u0301", "\u0e01\u0e33"],
    ids=["family", "flag", "marks", "thai"],
)
@pytest.mark.parametrize("limit", [20_000, 20_003])
def test_cutting_never_splits_a_grapheme(unit, limit):
    turns = [{"role": "customer", "text": unit * 20_000}]
    package = build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=NOW,
        agent_name="helper",
        request=HandoffRequest.model_validate({"conversation": {"turns": turns}, "summary": unit * 20_000}),
        gathered=Gathered(),
    )

    note = render_note(package, limit=limit)

    pieces = set(regex.findall(r"\X", note.text))
    assert "omitted" in note.text
    assert {piece for piece in pieces if not piece.isascii() and piece[0] in unit} == {unit}
