"""Text as it may be shown, what it costs in a note, and cutting it with notice.

The cost of a text is an upper bound of its length in the note's HTML. It is additive, so that a budget can be
spent piece by piece; the plain text form of a piece is never longer than its HTML.
"""

from __future__ import annotations

from collections.abc import Callable

import regex

from batonpass.context.words import ELLIPSIS
from batonpass.domain.text import mend, reveal

_MOST_MARKS = 8
_PILE = regex.compile(rf"(\p{{M}}{{{_MOST_MARKS}}})\p{{M}}+")
_GRAPHEME = regex.compile(r"\X")
_WINDOW = 256
"""Characters looked at to find a grapheme border; `\\X` over megabytes would be slow."""
_CHUNK = 512
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def shown(text: str) -> str:
    """The text as a reader may see it: broken characters replaced, hidden ones revealed, piles of marks capped."""
    if text.isascii():
        return text if text.replace("\n", "").isprintable() else mend(text)
    capped: str = _PILE.sub(r"\1", reveal(mend(text)))
    return capped


def cost(text: str) -> int:
    """At most so many characters of HTML for a text that is `shown` (see `document` for the escapes)."""
    extra = 4 * text.count("&") + 3 * (text.count("<") + text.count(">") + text.count("\n"))
    return len(text) + extra + 5 * text.count("\N{NO-BREAK SPACE}") + 18 * text.count("{")


def clip_end(text: str, room: int) -> str:
    """The shown text if it costs at most `room`, otherwise its beginning and "…"; empty where nothing fits."""
    if len(text) <= room:
        whole = shown(text)
        if cost(whole) <= room:
            return whole
    head = text[: _fitting_head(text, room - 1)]
    return f"{shown(head).rstrip()}{ELLIPSIS}" if head else ""


def clip_middle(text: str, room: int) -> str:
    """The shown text if it costs at most `room`, otherwise its beginning and end around
    "… 12,345 characters omitted …"; the count is of the text as it came."""
    if len(text) <= room:
        whole = shown(text)
        if cost(whole) <= room:
            return whole
    left = room - len(_omission(len(text))) - 8
    if left < 40:
        return clip_end(text, room)
    head = _fitting_head(text, left * 2 // 3)
    tail = _fitting_tail(text, left - left * 2 // 3)
    if head >= tail:  # what little it shows lets it fit after all: a pile of marks that is capped
        whole = shown(text)
        return whole if cost(whole) <= room else clip_end(text, room)
    return f"{shown(text[:head])}\n{_omission(tail - head)}\n{shown(text[tail:])}"


def _omission(characters: int) -> str:
    return f"{ELLIPSIS} {characters:,} characters omitted {ELLIPSIS}"


def _fitting_head(text: str, room: int) -> int:
    """How many characters of the beginning cost at most `room`, ending on a grapheme border."""
    end = 0
    while end < len(text):
        price = cost(shown(text[end : end + _CHUNK]))
        if price > room:
            break
        room -= price
        end += _CHUNK
    else:
        return len(text)
    end += _most(min(_CHUNK, len(text) - end), lambda size: cost(shown(text[end : end + size])) <= room)
    return _border_before(text, end)


def _fitting_tail(text: str, room: int) -> int:
    """Where the longest end begins that costs at most `room`, on a grapheme border."""
    start = len(text)
    while start > 0:
        price = cost(shown(text[max(0, start - _CHUNK) : start]))
        if price > room:
            break
        room -= price
        start = max(0, start - _CHUNK)
    else:
        return 0
    start -= _most(min(_CHUNK, start), lambda size: cost(shown(text[start - size : start])) <= room)
    return _border_after(text, start)


def _most(top: int, fits: Callable[[int], bool]) -> int:
    low = 0
    while low < top:
        middle = (low + top + 1) // 2
        low, top = (middle, top) if fits(middle) else (low, middle - 1)
    return low


def _border_before(text: str, at: int) -> int:
    """The last grapheme border at or before `at`."""
    if at >= len(text) or text[max(0, at - 1) : at + 1].isascii():
        return at
    return max((border for border in _borders_around(text, at) if border <= at), default=at)


def _border_after(text: str, at: int) -> int:
    """The first grapheme border at or after `at`."""
    if at <= 0 or text[at - 1 : at + 1].isascii():
        return at
    return min((border for border in _borders_around(text, at) if border >= at), default=at)


def _borders_around(text: str, at: int) -> list[int]:
    start = max(0, at - _WINDOW)
    # A flag is a pair of letters: in a long run of flags the window must begin on an even one.
    start -= (start - len(text[:start].rstrip(_FLAG_LETTERS))) % 2
    ends = [start + found.end() for found in _GRAPHEME.finditer(text[start : at + _WINDOW])]
    return [0, *ends] if start == 0 else ends
