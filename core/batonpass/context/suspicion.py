"""Finds text that speaks to a machine instead of a person: "ignore previous instructions", role marks, hidden orders.

The helpdesk's own AI reads what we write there. Nothing is taken out: the text is the customer's. It is shown as a
quotation, hidden characters are visible, and where it looks like an instruction the agent is told.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batonpass.context.cues import Vocabulary
from batonpass.context.machine_talk import STEMS, speaks_to_machine
from batonpass.domain.conversation import HandoffRequest, Role

_READ = 20_000
"""Characters of one text that are read, from its beginning and its end half each."""
_MOST_TURNS = 40

_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u04bb\u0501\u03bf\u03b1\u0131", "aeopcyxijhdoai"
)
_FEW_LETTERS, _SHORTEST_GAPPED = 5, 15
_WIDE = re.compile(r"(?<!\w)(?:\w[ .*_-]){7,}\w(?!\w)")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/]{24,4000}={0,2}(?![A-Za-z0-9+/])")

_WORDS_OF_STEMS: dict[str, list[str]] = {}
"""The longest word of each, which is what a glance at all words together can find → those that it may be part of."""
for _stem in dict.fromkeys(STEMS):
    _WORDS_OF_STEMS.setdefault(max(_stem.split(), key=len), []).append(_stem)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Where text stands that looks like an instruction for a machine."""

    turns: tuple[int, ...] = ()
    """Numbers from 1."""
    elsewhere: bool = False
    """In the summary, an error message, a page's address or title, or the customer's name."""

    def __bool__(self) -> bool:
        return bool(self.turns or self.elsewhere)


NOT_SUSPECT = Suspicion()


def suspicion_about(request: HandoffRequest) -> Suspicion:
    """What of the request looks written for a machine. The AI agent's own turns are not looked at."""
    turns = request.conversation.turns
    said = [(number, turn.text) for number, turn in enumerate(turns, 1) if turn.role is Role.CUSTOMER]
    if len(said) > 2 * _MOST_TURNS:
        said = [*said[:_MOST_TURNS], *said[-_MOST_TURNS:]]
    technical = request.technical
    others = [
        request.summary, request.customer.name, request.reason.text, technical.attempted_action,
        *technical.errors[:20], *(text for page in request.pages[:40] for text in (page.title, page.url)),
    ]  # fmt: skip
    heard = [(number, _Heard.of(text)) for number, text in said]
    beside = [_Heard.of(text) for text in others if text]
    glance = _glanced([*(each.lowered for _, each in heard), *(each.lowered for each in beside)])
    return Suspicion(
        turns=tuple([number for number, each in heard if each.is_suspect(glance)]),
        elsewhere=any(each.is_suspect(glance) for each in beside),
    )


def is_suspect(text: str) -> bool:
    """Whether the text looks like an instruction for a machine."""
    return _Heard.of(text).is_suspect(_CLOSELY)


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look at all words of a conversation leaves to be looked at closely: mostly nothing."""

    stems: tuple[str, ...] = STEMS
    """Those that a text may hold as it is."""
    gaps: bool = True
    """Whether words may be written with gaps between their letters."""
    blobs: bool = True
    """Whether there may be base64."""


_CLOSELY = Glance()


def _glanced(lowered: Sequence[str]) -> Glance:
    said = Vocabulary(lowered)
    long = [word for word in said.words if len(word) >= _SHORTEST_GAPPED]
    words = said.present(_WORDS_OF_STEMS)
    return Glance(
        stems=tuple([stem for word in words for stem in _WORDS_OF_STEMS[word]]),
        gaps=len([word for word in said.words if len(word) == 1]) > _FEW_LETTERS
        or any(map(_WIDE.search, long)),
        blobs=any(map(_BASE64.search, long)),
    )


@dataclass(frozen=True, slots=True)
class _Heard:
    """A text as it is meant: without hidden characters, and all its letters of one width."""

    plain: str
    lowered: str
    has_tags: bool
    """Whether letters that nobody can see stand in it."""

    @classmethod
    def of(cls, text: str) -> _Heard:
        read = text if len(text) <= _READ else f"{text[: _READ // 2]}\n{text[-_READ // 2 :]}"
        if read.isascii():
            return cls(read, read.lower(), has_tags=False)
        plain = unicodedata.normalize("NFKC", _HIDDEN.sub("", read))
        return cls(plain, plain.lower(), _TAGS.search(read) is not None)

    def is_suspect(self, glance: Glance) -> bool:
        return (
            self.has_tags
            or speaks_to_machine(self.lowered, glance.stems)
            or any(map(speaks_to_machine, self._other_forms(glance)))
        )

    def _other_forms(self, glance: Glance) -> Iterator[str]:
        """With look-alike letters replaced, without gaps between letters; and what it holds in base64."""
        lowered = self.lowered
        if not lowered.isascii() and (folded := lowered.translate(_LOOK_ALIKES)) != lowered:
            yield folded
        if (glance.gaps or not lowered.isascii()) and _WIDE.search(lowered):
            yield _closed_up(lowered)
        if glance.blobs:
            yield from _decoded(self.plain)


def _closed_up(text: str) -> str:
    """ "i g n o r e  p r e v i o u s" → "ignore previous"."""
    return _WIDE.sub(
        lambda found: re.sub(r"[ .*_-]", "", found[0]), re.sub(r"(\w)[ .*_-](?=\w\b)", r"\1", text)
    )


def _decoded(text: str) -> Iterator[str]:
    for found in _BASE64.finditer(text):
        blob = found[0].rstrip("=")
        try:
            decoded = base64.b64decode(blob + "=" * (-len(blob) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        if decoded.isprintable():
            yield decoded.lower()


def where(suspicion: Suspicion, shown: int = 5) -> str:
    """ "turns 3 and 7, and outside the conversation"."""
    return _joined(
        [*_numbers(suspicion.turns, shown), *(["outside the conversation"] if suspicion.elsewhere else [])]
    )


def _numbers(turns: Sequence[int], shown: int) -> list[str]:
    if not turns:
        return []
    named = ", ".join(map(str, turns[:shown])) + (
        f" and {len(turns) - shown} more" if len(turns) > shown else ""
    )
    return [f"turn{'' if len(turns) == 1 else 's'} {named}"]


def _joined(parts: list[str]) -> str:
    return " and ".join(parts)
