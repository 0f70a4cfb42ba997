"""Text that was written to do harm, in every field of the request and of the vendors: it arrives as text."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from batonpass_zendesk.emulated_account import EmulatedTicket
from scene import MAPPINGS, Scene, playing

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALLOWED = {"b", "br", "h3", "li", "p", "pre", "span", "ul"}
"""No link: this server has no public address, and no other address is ever a link."""
ALLOWED_TAG = re.compile(f"</?(?:{'|'.join(sorted(ALLOWED))})>")

TAGS = 'tags = ["ai handoff", "channel {conversation.channel}", "is {customer.name}"]'


class Read(HTMLParser):
    """What is in an HTML document."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.others: list[str] = []
        """Comments, declarations and processing instructions."""
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self.text += "\n" if tag in {"br", "p", "li", "h3", "pre"} else ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    mapping = (MAPPINGS / "zendesk.toml").read_text(encoding="utf-8")
    mapping = re.sub(r"^tags = .*$", TAGS, mapping, flags=re.MULTILINE)
    async with playing(tmp_path_factory.mktemp("hostile"), mappings={"zendesk": mapping}) as made:
        yield made


def everywhere(text: str, email: str) -> dict[str, Any]:
    """A request with this text in every field that takes any, cut to the field's limit."""
    turn = {"text": text, "intent": text[:200], "page": text[:500], "confidence": 0.1, "sentiment": -0.9}
    return {
        "conversation": {
            "id": text[:200],
            "channel": text[:200],
            "language": text[:35],
            "turns": [{"role": role, **turn} for role in ("customer", "ai", "agent", "customer")],
        },
        "customer": {
            "name": text[:200],
            "email": email,
            "phone": text[:50],
            "external_ids": {text[:200]: text[:200]},
            "identity": "verified",
        },
        "reason": {"code": "other", "text": text[:500]},
        "attempts": [{"action": text[:500], "result": text[:500]}],
        "summary": text,
        "pages": [{"url": text[:2000], "title": text[:500]}],
        "technical": {
            "errors": [text],
            "browser": text[:500],
            "os": text[:500],
            "attempted_action": text[:500],
        },
    }


def plant_at_the_vendors(scene: Scene, text: str, email: str) -> None:
    """The same in the CRM, in billing and in an earlier ticket."""
    hubspot, stripe, zendesk = scene.vendors.hubspot, scene.vendors.stripe, scene.vendors.zendesk
    company = hubspot.add_company({"name": text, "tier": text})
    deal = hubspot.add_deal({"dealname": text, "dealstage": "contractsent", "amount": "1.00"})
    hubspot.add_contact({"email": email, "lastname": text}, companies=[company], deals=[deal])
    customer = stripe.add_customer(email=email, name=text)
    stripe.add_subscription(customer, plan=text, amount=100)
    stripe.add_invoice(customer, amount=100, number=text)
    zendesk.add_ticket(text, requester=zendesk.add_user(text, email=email))


async def played(scene: Scene, text: str, name: str) -> EmulatedTicket:
    """The ticket of a handoff with this text everywhere."""
    email = f"{re.sub('[^a-z0-9]', '-', name.lower())}@example.com"
    plant_at_the_vendors(scene, text, email)
    handoff_id = await scene.hand_over(everywhere(text, email))
    await scene.settled()
    (opening,) = [step for step in (await scene.status(handoff_id))["steps"] if step["name"] == "open_ticket"]
    assert not [lost for lost in opening["result"]["not_landed"] if lost["why"] == "refused by the helpdesk"]
    return await scene.ticket(handoff_id)


def assert_harmless(html: str) -> Read:
    read = Read(html)
    assert read.tags <= ALLOWED
    assert read.attributes == []
    assert read.others == []
    assert not re.search("[<>]", ALLOWED_TAG.sub("", html))
    return read


MARKUP = {
    "script": "<script>alert(1)</script>",
    "image with a handler": '<img src=x onerror="alert(1)">',
    "link with a scheme": '<a href="javascript:alert(1)">Open</a>',
    "plain address": "https://phishing.example/login",
    "svg": "<svg/onload=alert(1)><animate onbegin=alert(1) attributeName=x>",
    "mathml": "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "style": "<style>*{background:url(https://spy.example)}</style><p style='position:fixed;inset:0'>gone</p>",
    "mutation": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "unclosed": '<iframe src="https://spy.example" <b onmouseover=alert(1)',
    "end of everything": "</p></pre></ul></body></html><!--><plaintext>",
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62; &amp;lt;b&amp;gt;",
    "form": '<form action="https://spy.example"><input name="password"><button>Log in</button></form>',
    "attribute break": "\"'><script>alert(1)</script>",
    "NUL in a tag": "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "comment": "<!-- hidden --><![CDATA[<b>]]><?php echo 1 ?>",
    "markdown": "[Open](javascript:alert(1)) ![x](https://spy.example/p.png) **bold**",
    "tracking pixel": '<img src="https://spy.example/p.gif" width=1 height=1>',
}


@pytest.mark.parametrize("text", MARKUP.values(), ids=MARKUP)
async def test_x01_markup_in_every_field_stays_text(
    scene: Scene, text: str, request: pytest.FixtureRequest
) -> None:
    ticket = await played(scene, text, request.node.name)

    for comment in ticket.comments:
        assert_harmless(comment.html)
    shown = assert_harmless(ticket.comments[0].html).text
    literal = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    assert shown.split("Conversation History")[1].count(literal) >= 4
    assert shown.split("Relevant Account Notes")[1].split("Conversation History")[0].count(literal[:40]) >= 3


HIDDEN = {
    "right-to-left override": ("pay \u202eabc\u202c now", "pay [U+202E]abc[U+202C] now"),
    "zero-width space": ("pass\u200bword", "pass[U+200B]word"),
    "tag characters": ("ok\U000e0041\U000e0042", "ok[U+E0041][U+E0042]"),
    "a pile of marks": ("Z" + "\u0301" * 500 + "algo", "Z" + "\u0301" * 8 + "algo"),
}


@pytest.mark.parametrize(("text", "shown"), HIDDEN.values(), ids=HIDDEN)
async def test_x01_what_hides_or_turns_text_is_made_visible(
    scene: Scene, text: str, shown: str, request: pytest.FixtureRequest
) -> None:
    ticket = await played(scene, text, request.node.name)

    assert shown in assert_harmless(ticket.comments[0].html).text.split("Conversation History")[1]


PLACEHOLDERS = [
    "{{ticket.id}}",
    "{{ ticket.requester.email }}",
    "{{{ticket.title}}}",
    "{{{{ticket.id}}}}",
    "&#123;&#123;ticket.id&#125;&#125;",
    "{&#123;ticket.id}}",
    "{{\nticket.id\n}}",
    "{% for c in ticket.comments %}{{c}}{% endfor %}",
    "{{#each this}}{{this}}{{/each}}",
    "{{dc.password}} ${7*7} #{7*7} <%= 7*7 %> [[ticket.id]] {ticket_id} {customer.email}",
    "{{ticket.id",
    "{",
]


async def test_x06_placeholders_in_every_field_are_not_expanded(scene: Scene) -> None:
    text = " | ".join(PLACEHOLDERS)

    ticket = await played(scene, text, "placeholders")

    shown = assert_harmless(ticket.comments[0].html).text
    transcript = shown.split("Conversation History")[1]
    assert transcript.count(text) == 4
    summary, details, tried, notes = (
        shown.split(start)[1].split(end)[0]
        for start, end in (
            ("Issue Summary", "Customer Details"),
            ("Customer Details", "AI Attempted Solutions"),
            ("AI Attempted Solutions", "Relevant Account Notes"),
            ("Relevant Account Notes", "Conversation History"),
        )
    )
    one_line = " ".join(text.split())
    assert text in summary
    assert one_line[:200] in details
    assert one_line[:200] in tried
    assert one_line[:100] in notes
    assert ticket.subject
    assert not re.search(r"\{[{%]", ticket.subject)


async def test_x06_braces_that_meet_across_fields_make_no_placeholder(scene: Scene) -> None:
    turns = [{"role": "customer", "text": "{"}, {"role": "ai", "text": "{ticket.id}}"}]

    handoff_id = await scene.hand_over({"conversation": {"turns": turns}, "customer": {"name": "{{"}})

    shown = assert_harmless(await scene.note(handoff_id)).text
    assert "{ticket.id}}" in shown


LONG = {
    "one word of 1 MB": "x" * 1_000_000,
    "1 MB of words": "word " * 200_000,
    "what grows when escaped": '<&">\u00a0{' * 100_000,
    "emoji families": "👨\u200d👩\u200d👧\u200d👦" * 20_000,
    "line ends": "\n" * 500_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
async def test_x05_what_is_too_long_is_cut_with_notice_and_within_every_limit(
    scene: Scene, text: str, request: pytest.FixtureRequest
) -> None:
    before = scene.vendors.zendesk.calls.count("tickets.create")
    email = f"{len(text)}@example.com"
    handoff_id = await scene.hand_over(everywhere(text, email))
    await scene.settled()

    ticket = await scene.ticket(handoff_id)
    assert scene.vendors.zendesk.calls.count("tickets.create") == before + 1
    assert 0 < len(ticket.subject) <= 150
    assert ticket.subject == ticket.subject.strip()
    for comment in ticket.comments:
        assert_harmless(comment.html)
        assert len(comment.html) <= 65_535
    transcript = ticket.comments[0].html.split("Conversation History")[1]
    assert "long turns cut. The whole: " in transcript
    assert "characters omitted" in transcript


async def test_x05_a_sentence_of_10_000_characters_makes_a_subject_that_fits_and_stays_whole_in_the_note(
    scene: Scene,
) -> None:
    sentence = f"I want {'a very ' * 1400}big refund"

    handoff_id = await scene.hand_over({"conversation": {"turns": [{"role": "customer", "text": sentence}]}})

    assert 20 < len((await scene.ticket(handoff_id)).subject) <= 150
    assert sentence in assert_harmless(await scene.note(handoff_id)).text


async def test_x05_2000_messages_keep_their_ends_and_say_how_many_are_missing(scene: Scene) -> None:
    turns = [{"role": ("customer", "ai")[n % 2], "text": f"This is message {n}. " * 5} for n in range(2000)]

    handoff_id = await scene.hand_over({"conversation": {"turns": turns}})

    shown = assert_harmless(await scene.note(handoff_id)).text
    assert "This is message 0." in shown
    assert "This is message 1999." in shown
    kept = set(re.findall(r"This is message (\d+)\.", shown))
    (left_out,) = re.findall(r"Shortened: ([\d,]+) turns left out", shown)
    assert len(kept) + int(left_out.replace(",", "")) == 2000


async def test_x05_tags_with_spaces_and_commas_become_tags(scene: Scene) -> None:
    turns = [{"role": "customer", "text": "Help"}]

    handoff_id = await scene.hand_over(
        {
            "conversation": {"channel": " web chat, EU;\tBerlin ", "turns": turns},
            "customer": {"name": "Zoë <b>\n{{ticket.id}}"},
        }
    )

    tags = (await scene.ticket(handoff_id)).tags
    assert "ai_handoff" in tags
    assert all(re.fullmatch(r"[^\s,]{1,100}", tag) for tag in tags), tags
    assert {"channel_web_chat", "is_zo"} <= {re.sub(r"[^a-z_].*|_+eu.*|ë.*", "", tag) for tag in tags}, tags


async def test_hostile_text_reaches_no_log_line_and_no_status(
    scene: Scene, tmp_path: Path, logged: list[Any]
) -> None:
    ticket = await played(scene, "<canary>{{canary}}", "canary")

    status = await scene.status(scene.handed_over[-1])
    assert "canary" in ticket.comments[0].html
    assert "canary" not in json.dumps({**status, "conversation_id": ""})
    assert "canary" not in json.dumps(logged, default=str)
