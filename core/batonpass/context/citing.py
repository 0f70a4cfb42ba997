"""Whether a sentence is supported by the turns that it cites.

Numbers, quoted words and names must stand in the cited turns; most of its other words must; it may not deny what they
say, nor report as done what was only asked for. The check is strict: what it lets through can be found by a reader
who opens the turns. It is the same for our own sentences and for those of a language model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import regex

from batonpass.context.words import sentences, without_marks
from batonpass.domain.conversation import Role, Turn

_LEAST_SHARED = 0.6
"""Of the content words of a sentence, that stand in the cited turns."""
_READ_OF_A_TURN = 8000
_READ_IN_ALL = 200_000
_READ_OF_A_SENTENCE = 1000
_STEM = 5

_NUMBER = re.compile(r"\d(?:[\d.,:/-]*\d)?")
_CODE = re.compile(r"\b(?=[A-Za-z]*\d)[A-Za-z]+\d[\w-]*\b")
_QUOTED = re.compile(r"[\"\u201c\u201e\u00ab]([^\"\u201c\u201d\u00ab\u00bb]{2,400})[\"\u201d\u00bb\u201c]")
_NAME = regex.compile(r"(?<=[\p{L}\p{N},;:)] )\p{Lu}[\p{L}\p{M}'\u2019-]+")
_FIRST_NAME = regex.compile(r"^\W*(\p{Lu}[\p{L}\p{M}]{2,})")
_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[\p{L}\p{M}]{3,}")
_GAPS = re.compile(r"\W+")
_CITES = re.compile(r"\[turns? [\d, \u2013-]+\]\.?")

_ROLES = "ai agent assistant bot customer client user person human kunde cliente"
_ROLE_WORDS = frozenset(_ROLES.split())
# Words with which anybody reports; they need not stand in the turns.
_REPORTS = (
    "the and for with that this from was were are has had have been they them their his her she him its who which when what then than there about into after before also but not did does will would could can said says say told tells tell asked asks ask"
    " wants want wanted wishes wish wished needs need needed reported reports report stated states mentioned mentions explained explains wrote writes replied replies answered answers confirmed confirms confirm requested requests request provided provides gave gives given because however while still already"
    " only just now once more later earlier again first last next began begin ended ends end conversation turn turns issue matter regarding concerning due via per being out over instead any all some other another one two both each"
    " der die das und ein eine ist war hat nicht mit auf von den dem des sich f\u00fcr el la los las una que con por para del les des une est dans pour avec pas"
)
_REPORTING = frozenset(_REPORTS.split())
_NOT = re.compile(
    r"\b(?:not|no|never|none|nothing|without|cannot|unable|refus\w+|declin\w+|denied|fail\w*|unavailable|\w+n['\u2019]t|nicht|kein\w*|nie|nunca|ning[u\u00fa]n\w*|pas|jamais|aucun\w*|non|n\u00e3o|niet|geen|nie)\b"
)
_DONE = re.compile(
    r"\b(?:(?:has|have|had) (?:now |already |since )?been\b|(?:was|were|got) (?:\w+ly )?(?:\w+ed|sent|paid|made|reset)\b|(?:agent|assistant|bot|ai|it|we|they|system) (?:has |have )?(?:successfully )?(?:cancell?ed|refunded|processed|changed|updated|sent|issued|exchanged|returned|completed|reset|approved|credited|resolved|fixed|granted))\b"
)
_WISHED = re.compile(
    r"\b(?:ask\w*|want\w*|wish\w*|request\w*|would like|need\w*|hop(?:es|ed|ing)|tri(?:es|ed)|whether|if|to (?:be|have|get)|prefer\w*|demand\w*|insist\w*|threat\w*|report\w*|sa(?:id|ys)|claims?|complain\w*|stat(?:es|ed)|mention\w*)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """One sentence of a summary with the turns that say so, from 1."""

    text: str
    turns: tuple[int, ...]

    @property
    def shown(self) -> str:
        which = ", ".join(map(str, self.turns))
        return f"{self.text.rstrip('. ')} [turn{'s' if len(self.turns) > 1 else ''} {which}]."


class Spoken:
    """Text that sentences are looked up in; made once for many."""

    def __init__(self, texts: Sequence[str]) -> None:
        plain = "\n".join(without_marks(text[:_READ_OF_A_TURN]) for text in texts)[:_READ_IN_ALL]
        self._lower = plain.casefold()
        self._words = f" {_GAPS.sub(' ', self._lower)} "
        self._numbers: frozenset[str] | None = None

    def quotes(self, said: str) -> bool:
        """Whether these words stand in it, but for punctuation and white space."""
        words = _GAPS.sub(" ", said.casefold()).strip()
        return bool(words) and words in self._words

    def has_number(self, number: str) -> bool:
        if self._numbers is None:
            self._numbers = frozenset(map(_bare_number, _NUMBER.findall(self._lower)))
        return _bare_number(number) in self._numbers

    def has_word(self, word: str) -> bool:
        """Whether a word begins as this one does."""
        stem = word if len(word) <= _STEM else word[: max(_STEM, len(word) - 3)]
        if len(word) == 1:  # a character of a script without spaces
            return word in self._lower
        return f" {stem}" in self._words


def supported(sentence: str, turns: Sequence[Turn]) -> bool:
    """Whether the turns say so."""
    if not turns or not sentence.strip():
        return False
    claim = _CITES.sub("", sentence[:_READ_OF_A_SENTENCE])
    if not found_in(claim, Spoken([turn.text for turn in turns])):
        return False
    quoted = _QUOTED.search(claim)
    return quoted is not None or _says_the_same(claim, turns)


def found_in(sentence: str, spoken: Spoken) -> bool:
    """Whether its numbers, quotes, names and most of its words stand there; not whether they stand together."""
    claim = sentence[:_READ_OF_A_SENTENCE]
    quotes = [said.rstrip("\u2026. ") for said in _QUOTED.findall(claim)]
    if not all(spoken.quotes(said) for said in quotes):
        return False
    rest = _QUOTED.sub(" ", claim)
    if not all(spoken.has_number(number) for number in _NUMBER.findall(rest)):
        return False
    if not all(spoken.quotes(code) for code in _CODE.findall(rest)):
        return False
    # The first word of a sentence has a large letter in any case: it may be a name.
    names = (name.casefold() for name in (*_NAME.findall(rest), *_FIRST_NAME.findall(rest)))
    if not all(spoken.has_word(name) for name in names if name not in _ROLE_WORDS | _REPORTING):
        return False
    words = content_words(rest)
    if not words:
        return bool(quotes)
    return sum(map(spoken.has_word, words)) >= _LEAST_SHARED * len(words)


def content_words(text: str) -> list[str]:
    """The words that carry what is said, in lower case, each once."""
    words = dict.fromkeys(_WORD.findall(text.casefold()))
    return [word for word in words if word not in _REPORTING and word not in _ROLE_WORDS]


def shares_content(one: str, other: str) -> bool:
    """Whether most of the words of `one` stand in `other`."""
    words = content_words(one)
    if len(words) < 2:
        return False
    spoken = Spoken([other])
    return sum(map(spoken.has_word, words)) >= _LEAST_SHARED * len(words)


def _says_the_same(claim: str, turns: Sequence[Turn]) -> bool:
    """Whether the sentence of the turns that is most like the claim neither denies it nor only asks for it."""
    words, lower = content_words(claim), claim.lower()
    reports_deed = _DONE.search(lower) is not None and not _WISHED.search(lower)
    denies = _NOT.search(lower) is not None
    alike = sorted(_alike(words, turns), key=lambda each: -each[0])
    if not alike:
        return True
    if reports_deed:
        # What was done is told by who did it, and not in a question.
        alike = [each for each in alike if each[1] is not Role.CUSTOMER and not each[2].endswith("?")]
        if not alike:
            return False
    best = alike[0][0]
    return any((_NOT.search(said) is not None) == denies for shared, _, said in alike if shared == best)


def _alike(words: Sequence[str], turns: Sequence[Turn]) -> list[tuple[int, Role, str]]:
    """(words in common, who says it, the sentence in lower case) of each sentence that has words in common."""
    found = []
    for turn in turns:
        for said in sentences(turn.text):
            spoken = Spoken([said])
            shared = sum(map(spoken.has_word, words))
            if shared:
                found.append((shared, turn.role, said.lower()))
    return found


def _bare_number(text: str) -> str:
    return text.replace(",", "").rstrip(".").removesuffix(".00")
