"""Where an e-mail address stands in kept text, however it was written there: pure.

Also in capitals, in URLs (`anna%40example.com`), as JSON may escape it (`anna\\u0040example.com`) and HTML
(`anna&#64;example.com`).
"""

from __future__ import annotations

import re
from typing import TypeVar

from batonpass.store.people import addresses

MASK = "[erased]"
_NAMED = {
    "@": "commat",
    ".": "period",
    "+": "plus",
    "_": "lowbar",
    "-": "(?:hyphen|dash)",
    "'": "apos",
    "&": "amp",
}
# Not the end of a longer address: unless an escape is before it, whose letters are no part of the address.
_BEFORE = r"(?:(?<![a-z0-9._+-])|(?<=\\[nrtbf])|(?<=%[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
# Not the beginning of a longer one: example.com in example.com.au, but not in "example.com.Thank you".
_AFTER = r"(?![a-z0-9-])(?!\.(?-i:[a-z]{2,3})(?![A-Za-z0-9]))"
_MAY_ESCAPE_LETTERS = ("&#", "\\u00", "%6", "%7")

Text = TypeVar("Text", str, bytes)


class Mentions:
    """One address, looked for, however its domain is written."""

    def __init__(self, email: str) -> None:
        known = addresses(email)
        written = "|".join("".join(map(_written, each)) for each in known)
        flags = re.IGNORECASE | re.ASCII if all(map(str.isascii, known)) else re.IGNORECASE
        self._pattern = re.compile(f"{_BEFORE}(?:{written}){_AFTER}", flags)
        plain = re.findall(r"[a-z0-9]+", known[0].partition("@")[0])
        self._part = max(plain, key=len, default="")
        """Stands in most texts that mention it, and can be looked for fast."""

    def are_in(self, kept: str | bytes | None) -> bool:
        if not kept:
            return False
        text = kept if isinstance(kept, str) else _text(kept)
        if self._part not in text.lower() and not any(each in text for each in _MAY_ESCAPE_LETTERS):
            return False
        return self._pattern.search(text) is not None

    def masked(self, kept: Text) -> Text:
        """The text with a mask in the address's place; all else as it was."""
        if isinstance(kept, str):
            return self._pattern.sub(MASK, kept)
        return self._pattern.sub(MASK, _text(kept)).encode("utf-8", "surrogateescape")


def _text(kept: bytes) -> str:
    return kept.decode("utf-8", "surrogateescape")


def _written(letter: str) -> str:
    """Every way to write this letter."""
    point = ord(letter)
    percent = "".join(f"%(?:25)*{byte:02x}" for byte in letter.encode())
    ways = [re.escape(letter), percent, f"&(?:amp;)*#0*{point};", f"&(?:amp;)*#x0*{point:x};"]
    units = letter.encode("utf-16-be")
    ways.append("".join(rf"\\+u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)))
    if letter in _NAMED:
        ways.append(f"&(?:amp;)*{_NAMED[letter]};")
    return f"(?:{'|'.join(ways)})"
