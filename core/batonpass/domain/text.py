"""Text as it arrives and text as it may travel: cleaning, counting and cutting.

Lengths are in characters (Unicode code points) unless a name says otherwise. Cutting never splits a grapheme.
"""

from __future__ import annotations

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# C0 and C1 controls but tab and newline; lone surrogates cannot be encoded, nor bound to SQLite.
_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Bidirectional marks, overrides and isolates, fillers and separators that are not seen, the tag block, BOM.
_UNSEEN = (
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2900-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_IDEOGRAPHS = "\u2e80-\u2fdf\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Arabic, Syriac, N'Ko and the scripts of India and South-East Asia write joiners; Latin, Greek and Cyrillic do not.
_JOINING = "\u0600-\u085f\u08a0-\u109f\u1780-\u18af\u1a20-\u1aaf\u1b00-\u1c4f\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff"
_FLAGS = re.compile(
    "\U0001f3f4(?:\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073))\U000e007f"
)
"""England, Scotland, Wales: the flags that are written with characters of the tag block."""
_HIDDEN = re.compile(
    f"(?P<flag>{_FLAGS.pattern})"
    f"|[{_UNSEEN}]"
    # A variation selector belongs to an emoji, a key cap or an ideograph, and there is one of it.
    f"|(?<![{_EMOJI}0-9#*{_IDEOGRAPHS}])[\ufe0e\ufe0f]|(?<![{_IDEOGRAPHS}])[\ufe00-\ufe0d\U000e0100-\U000e01ef]"
    # A joiner stands between parts of an emoji, or in a script that has joiners.
    f"|(?<![{_EMOJI}\ufe0f{_JOINING}])[\u200c\u200d]"
)
_MAY_HIDE = re.compile(f"[\u00ad{_UNSEEN}\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_LINE_ENDS = re.compile("\r\n?")
_SPACE = re.compile(r"\s+")


def mend(text: str) -> str:
    """The text with what no store or vendor can hold (NUL, controls, half an emoji) replaced by U+FFFD."""
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    return _BROKEN.sub(REPLACEMENT, text)


def reveal(text: str) -> str:
    """The text with hidden and direction-changing characters shown as `[U+202E]`, so that a reader sees them.

    Joiners and variation selectors that emoji and scripts need stay; a soft hyphen, which shows nothing, goes.
    """
    if not _MAY_HIDE.search(text):
        return text
    return _HIDDEN.sub(_marked, text.replace("\u00ad", ""))


def _marked(found: re.Match[str]) -> str:
    return found[0] if found["flag"] else f"[U+{ord(found[0]):04X}]"


def one_line(text: str) -> str:
    """The text on one line: every run of white space becomes one space, the ends are bare."""
    return _SPACE.sub(" ", text).strip()
