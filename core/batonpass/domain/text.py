"""Text as it arrives and text as it may travel: cleaning, counting and cutting.

Lengths are in characters (Unicode code points) unless a name says otherwise. Cutting never splits a grapheme.
"""

from __future__ import annotations

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# C0 and C1 controls but tab and newline; lone surrogates cannot be encoded, nor bound to SQLite.
_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Bidirectional overrides and isolates, invisible separators, the tag block, BOM. The joiners U+200C and U+200D
# stay: Persian needs the one, emoji families the other.
_HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_LINE_ENDS = re.compile("\r\n?")
_SPACE = re.compile(r"\s+")


def mend(text: str) -> str:
    """The text with what no store or vendor can hold (NUL, controls, half an emoji) replaced by U+FFFD."""
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    return _BROKEN.sub(REPLACEMENT, text)


def reveal(text: str) -> str:
    """The text with hidden and direction-changing characters shown as `[U+202E]`, so that a reader sees them."""
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def one_line(text: str) -> str:
    """The text on one line: every run of white space becomes one space, the ends are bare."""
    return _SPACE.sub(" ", text).strip()
