"""Plain text as Intercom's HTML, and whether two texts say the same."""

from __future__ import annotations

import re
from html import escape

# Intercom's messages can hold placeholders such as {{first_name}}. Whether it fills them in in what comes by its API is
# not documented, so customers' words never carry any.
_PLACEHOLDER = re.compile(r"\{(?=[{%])")
_WORD_JOINER = "\N{WORD JOINER}"


def paragraphs(text: str) -> str:
    """Plain text as HTML in which markup stays text."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    return "".join(f"<p>{escape(literal(part), quote=False).replace(chr(10), '<br>')}</p>" for part in parts)


def literal(text: str) -> str:
    """The text with every placeholder kept from being filled in."""
    return _PLACEHOLDER.sub("{" + _WORD_JOINER, text)


def same_text(one: str, other: str) -> bool:
    """But for white space, and for what keeps placeholders from being filled in."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return " ".join(text.replace(_WORD_JOINER, "").split())
