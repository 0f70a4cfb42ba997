"""A note before it has a form: a few kinds of blocks, and two renderers that say the same.

Text in a block must be `clipping.shown`. The HTML uses a closed list of tags without attributes, but for the link
to our own page; it is escaped by hand and then cleaned by nh3, which must find nothing to do. The plain text form
indents what customers wrote, so that no message can pass for a heading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import nh3

from batonpass.domain.ticket import Note


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    lead: str = ""
    """Shown in bold before the text."""


@dataclass(frozen=True, slots=True)
class Pairs:
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Verbatim text."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Our own page; no other address is ever a link."""

    lead: str
    url: str


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of the conversation."""

    head: str
    text: str


Block = Heading | Paragraph | Pairs | Bullets | Code | Link | Said

SAID_OVERHEAD = len("<p><b></b><br></p>")

_OWN_URL = re.compile(r"https?://[^\s\"'<>{}\\]+")
_TAGS = frozenset({"a", "b", "br", "h3", "li", "p", "pre", "span", "ul"})
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS), attributes={"a": {"href"}}, url_schemes={"http", "https"}, link_rel="noopener noreferrer"
)
_REL = ' rel="noopener noreferrer"'
_OPENING = re.compile(r"\{(?=[{%])")


def to_note(blocks: Sequence[Block]) -> Note:
    return Note(html=to_html(blocks), text=to_text(blocks))


def to_html(blocks: Sequence[Block]) -> str:
    """The blocks as HTML that is safe to show and that no template engine expands.

    Helpdesks expand `{{ticket.…}}` and `{%…%}` in comments (Zendesk: placeholders). The braces are written as
    entities with an element between them, after the cleaner, which would turn them back: one of the two survives
    a helpdesk that decodes entities or drops elements, and people and copying see the characters as typed.
    """
    html = _CLEANER.clean("".join(map(_html, blocks)))
    if "{" not in html:
        return html
    html = html.replace("{{", "{<span>{</span>").replace("{%", "{<span>%</span>")
    return html.replace("{", "&#123;")


def to_text(blocks: Sequence[Block]) -> str:
    """The blocks as plain text; `{{` is written `{ {`, because plain text has no other way to stay literal."""
    text = "\n\n".join(map(_text, blocks))
    return _OPENING.sub("{ ", text) if "{" in text else text


def room_of(blocks: Sequence[Block]) -> int:
    """At most so many characters the HTML of the blocks has; cheaper than making it."""
    html = "".join(map(_html, blocks))
    links = sum(isinstance(block, Link) for block in blocks)
    return len(html) + len(_REL) * links + 18 * html.count("{")


def is_own_url(url: str) -> bool:
    return bool(_OWN_URL.fullmatch(url))


def _escape(text: str) -> str:
    """As an HTML5 serialiser writes text, so that the cleaner leaves it at that."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\N{NO-BREAK SPACE}", "&nbsp;").replace("\n", "<br>")


def _html(block: Block) -> str:
    match block:
        case Said():
            return f"<p><b>{_escape(block.head)}</b><br>{_escape(block.text)}</p>"
        case Heading():
            return f"<h3>{_escape(block.text)}</h3>"
        case Paragraph():
            lead = f"<b>{_escape(block.lead)}:</b> " if block.lead else ""
            return f"<p>{lead}{_escape(block.text)}</p>"
        case Pairs():
            rows = (f"<li><b>{_escape(label)}:</b> {_escape(value)}</li>" for label, value in block.rows)
            return f"<ul>{''.join(rows)}</ul>"
        case Bullets():
            return f"<ul>{''.join(f'<li>{_escape(item)}</li>' for item in block.items)}</ul>"
        case Code():
            return f"<pre>{_escape(block.text)}</pre>"
        case Link():
            url = _escape(block.url)
            return f'<p><b>{_escape(block.lead)}:</b> <a href="{url}">{url}</a></p>'


def _text(block: Block) -> str:
    match block:
        case Said():
            return f"{block.head}\n  {_indent(block.text)}"
        case Heading():
            return f"== {block.text} =="
        case Paragraph():
            return f"{block.lead}: {_indent(block.text)}" if block.lead else _indent(block.text)
        case Pairs():
            return "\n".join(f"- {label}: {_indent(value)}" for label, value in block.rows)
        case Bullets():
            return "\n".join(f"- {_indent(item)}" for item in block.items)
        case Code():
            return f"  {_indent(block.text)}"
        case Link():
            return f"{block.lead}: {block.url}"


def _indent(text: str) -> str:
    return text.replace("\n", "\n  ")
