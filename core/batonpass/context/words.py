"""Words and sentences of a conversation: counting, cutting, splitting.

A word is what stands between white space. Scripts that write no spaces are counted fairly: every Chinese or
Japanese character is a word, and so is every group of up to four Thai, Lao, Khmer or Burmese letters. That is
stricter than a reader of those languages would be, so a brief in them is never too long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from batonpass.domain.text import mend

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

_READ_OF_A_TURN = 4000
_READ_OF_A_SENTENCE = 600
_LONGEST_WORD = 48

_IDEOGRAPHS = r"\p{Han}\p{Hiragana}\p{Katakana}"
_SPACELESS = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_PIECE = regex.compile(
    rf"[{_IDEOGRAPHS}]\p{{M}}*|(?:[{_SPACELESS}]\p{{M}}*){{1,4}}|(?:(?![{_IDEOGRAPHS}{_SPACELESS}])\S)+"
)
_HAS_WORD = regex.compile(r"\w")
_LONG_WORD = regex.compile(rf"(?:(?![{_IDEOGRAPHS}{_SPACELESS}])\S){{{_LONGEST_WORD + 1},}}")

# "###STOP###", "###TRANSFER###": marks for machines that some AI agents leave in their text.
_CONTROL_MARK = re.compile(r"#{2,}[A-Z][A-Z_ -]*#{2,}")
_BEGINS_A_LIST = frozenset("-*#.0123456789")
_LIST_MARK = re.compile(r"^[-*#\d.\s]+(?=\w)")
# The stop comes first, so that `re` looks at those places only: a look-behind costs it four times the time.
_STOP = re.compile(
    r"[.!?\u2026\u061f\u0964\u3002\uff01\uff1f\n](?:(?<=[\u3002\uff01\uff1f\n])|(?:(?<=[.!?\u2026])[\"'\u201d\u2019)\]])?\s+)"
)


def count_words(text: str) -> int:
    """How many words a reader meets (see the module's text)."""
    if text.isascii():
        return len(text.split())
    return sum(weight for _, weight in _pieces(text))


def cut_words(text: str, most: int) -> str:
    """The text if it has at most `most` words, otherwise its first words and "…"."""
    if count_words(text) <= most:
        return text
    if text.isascii():
        rest = text.split(None, most)[-1]
        return _cut(text[: len(text) - len(rest)]) if most > 0 else ""
    end = used = 0
    for piece_end, weight in _pieces(text):
        used += weight
        if used > most:
            break
        end = piece_end
    cut = _cut(text[:end])
    while count_words(cut) > most:  # a bracket that clung to what was cut off stands alone now
        *before, _ = cut.split()
        cut = _cut(" ".join(before))
    return cut


def _cut(kept: str) -> str:
    bare = kept.rstrip().rstrip(",;:.-")
    return bare.rstrip() + ELLIPSIS if bare else ""


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where each piece ends and how many words it is: 1, or 0 for punctuation that clings to a word."""
    for found in _PIECE.finditer(text):
        start, end = found.span()
        alone = (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end].isspace())
        yield end, 1 if alone or _HAS_WORD.search(found[0]) else 0


def sentences(text: str) -> list[str]:
    """The sentences of a message, each on one line, without control marks. Reads its first
    4,000 characters and of each sentence the first 600."""
    clean = without_marks(text[:_READ_OF_A_TURN])
    is_plain = clean.replace("\n", "").isprintable()
    if not is_plain:
        clean = mend(clean)
    ends = [stop.end() for stop in _STOP.finditer(clean)]
    parts = (clean[start:end] for start, end in zip([0, *ends], [*ends, len(clean)], strict=True))
    if is_plain and "  " not in clean:  # no white space but single spaces, and newlines, which end sentences
        found = [part[:_READ_OF_A_SENTENCE].strip() for part in parts]
    else:
        found = [" ".join(part[:_READ_OF_A_SENTENCE].split()) for part in parts]
    return [part for part in found if part]


def without_marks(text: str) -> str:
    """The text without bold marks and marks for machines."""
    bare = text.replace("**", "") if "**" in text else text
    return _CONTROL_MARK.sub(" ", bare) if "##" in bare else bare


def without_markdown(sentence: str) -> str:
    """The sentence without list marks before it and marks of emphasis and code in it."""
    bare = sentence.replace("__", "").replace("`", "")
    return _LIST_MARK.sub("", bare) if bare[:1] in _BEGINS_A_LIST else bare


def tame_words(text: str) -> str:
    """The text with no word longer than 48 characters: an address or a pasted key must not fill the brief."""
    if len(text) <= _LONGEST_WORD:
        return text
    tamed: str = _LONG_WORD.sub(lambda found: _first_graphemes(found[0]) + ELLIPSIS, text)
    return tamed


def _first_graphemes(word: str) -> str:
    end = 0
    for found in regex.finditer(r"\X", word[: 2 * _LONGEST_WORD]):
        if found.end() >= _LONGEST_WORD:
            break
        end = found.end()
    return word[:end]
