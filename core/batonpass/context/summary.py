"""What happened so far: the AI agent's own summary, or one made from the turns; and what was tried."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batonpass.context.reading import Reading, Sentence, is_login_talk
from batonpass.context.words import cut_words
from batonpass.domain.conversation import HandoffRequest, Role
from batonpass.domain.text import one_line

_MOST_TRIED = 5
_MOST_LATER_ASKS = 3
_QUOTED_WORDS = 25

_ACT = re.compile(
    r"\b(?:i(?:['\u2019]ve| have)? (?:also |now )?(?:successfully )?(?:found|checked|located|looked up|confirmed|updated|changed|cancell?ed|processed"
    r"|initiated|sent|reset|refunded|created|requested|opened|reviewed|verified|tried|applied|escalated|exchanged|modified|returned|retrieved|see)"
    r"|(?:has|have) (?:now )?(?:\w+ )?been (?:successfully )?\w+(?:ed|t|un|nt)|(?:was|were) (?:successfully )?(?:processed|cancell?ed|paid|updated|changed|sent)"
    r"|(?:can ?not|can['\u2019]t|could(?: not|n['\u2019]t)|unable to|not (?:possible|available|able)|does not|must be)"
    r"|your [\w ]{3,40} (?:is|was) (?:\$|\u20ac|\u00a3|\d))",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\b(?:can ?not|can['\u2019]t|could(?: not|n['\u2019]t)|unable|not (?:possible|able)|does not allow|must be)\b",
    re.IGNORECASE,
)
_NO_ACT = re.compile(
    r"(?:if you|once|please|would you|do you|could you|can you|to proceed|after|you will|you['\u2019]ll|this will|let me|before|i can help"
    r"|here(?:['\u2019]s| is| are))\b",
    re.IGNORECASE,
)
_ABOUT_THE_TALK = re.compile(
    r"\b(?:if you|feel free|please (?:confirm|provide|note)|user id)\b", re.IGNORECASE
)
_LEAD_IN = re.compile(
    r"^(?:(?:great|sure|certainly|thank you|thanks|no (?:problem|worries)|good news|okay|alright|however|unfortunately)\b[^,.!:]{0,20}[,.!:]\s*"
    r"|(?:it (?:seems|appears|looks like) (?:that )?)|i(?:['\u2019]m)? (?=unable|can ?not|can['\u2019]t|could)|i['\u2019]m sorry,? but |i apologi[sz]e,? but |i(?:['\u2019]ve| have)? (?:also |now )?(?:successfully )?(?=\w+ed\b|found|sent|reset))+",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(r"__|^[-*#\d.\s]+(?=\w)|`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    text: str
    by_ai: bool
    """Whether these are the AI agent's own words; otherwise each sentence cites its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One thing that was tried before a person was asked."""

    text: str
    turn: int | None = None
    """The turn that says so; None where the AI agent listed it itself."""

    @property
    def is_refusal(self) -> bool:
        """Whether the AI agent says that it could not or may not."""
        return bool(_REFUSAL.search(self.text))


def make_summary(request: HandoffRequest, reading: Reading) -> Summary:
    """The AI agent's summary where it gave one, otherwise ours: first ask, later asks, what the AI agent did last,
    how it ended."""
    if request.summary and request.summary.strip():
        return Summary(text=request.summary.strip(), by_ai=True)
    parts = [*_asks(reading), *_last_act(reading), *_ending(request)]
    return Summary(text=" ".join(parts) or "The customer wrote nothing.", by_ai=False)


def what_was_tried(request: HandoffRequest, reading: Reading) -> tuple[Tried, ...]:
    """The attempts as handed over; without any, at most five sentences in which the AI agent says what it did."""
    if request.attempts:
        return tuple(
            Tried(text=one_line(attempt.action) + (f": {one_line(attempt.result)}" if attempt.result else ""))
            for attempt in request.attempts
        )
    acts: dict[str, Tried] = {}
    for said in reading.ai_said:
        if _is_act(said.text):
            text = _bare(said.text)
            beginning = " ".join(text.casefold().split()[:5])
            acts.pop(beginning, None)  # what is said again counts where it was said last
            acts[beginning] = Tried(text=text, turn=said.turn)
    return tuple(acts.values())[-_MOST_TRIED:]


def _is_act(text: str) -> bool:
    if text.endswith("?") or _NO_ACT.match(text) or not _ACT.search(text):
        return False
    return not _ABOUT_THE_TALK.search(text) and not is_login_talk(text)


def _bare(text: str) -> str:
    """The sentence without what leads into it ("I'm sorry, but …"), its first letter large."""
    bare = _LEAD_IN.sub("", _MARKDOWN.sub("", text)).strip()
    return cut_words(bare[:1].upper() + bare[1:], _QUOTED_WORDS)


def _asks(reading: Reading) -> list[str]:
    topics = reading.topics or tuple(filter(None, [reading.ask]))
    if not topics:
        return []
    first, *later = topics
    parts = [f"The customer began with: {_quote(first)}"]
    parts += [f"Then: {_quote(topic)}" for topic in later[-_MOST_LATER_ASKS:]]
    if reading.person_wanted and reading.person_wanted.turn not in {topic.turn for topic in topics}:
        parts.append(f"Asked for a person: {_quote(reading.person_wanted)}")
    return parts


def _last_act(reading: Reading) -> list[str]:
    act = next((said for said in reversed(reading.ai_said) if _is_act(said.text)), None)
    return [f"The AI agent last reported: {_quote(act)}"] if act else []


def _ending(request: HandoffRequest) -> list[str]:
    turns = request.conversation.turns
    who = {Role.CUSTOMER: "the customer", Role.AI: "the AI agent", Role.AGENT: "an agent"}[turns[-1].role]
    return [f"The last of {len(turns):,} turns is from {who}."]


def _quote(said: Sentence) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{cut_words(_MARKDOWN.sub('', said.text), _QUOTED_WORDS)}\N{RIGHT DOUBLE QUOTATION MARK} [turn {said.turn}]."
