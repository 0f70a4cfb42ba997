"""Reads a conversation once: what the customer asked for and when, and what the AI agent says it did.

Plain rules over sentences, no model: the same conversation always reads the same. The cues are English; a
conversation in another language has no cues, and then the customer's first substantive sentence is the ask.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from batonpass.context.words import count_words, sentences
from batonpass.domain.conversation import Conversation, Role, Turn

_HEAD, _TAIL = 40, 80
"""Turns that are read from each end; what a person must know stands there, and 100,000 turns stay cheap."""

_ENOUGH = 4
"""The score from which a sentence states a request."""
_CLEARLY_MORE = 3
"""By how much a later sentence must say more than the first one to replace it."""

_WISH = re.compile(
    r"\bi(?:['\u2019]d| would)(?: really| also| just)? (?:like|love|prefer)\b|\bi(?:['\u2019]m| am)? ?(?:also |just |really |actually )?"
    r"(?:wan(?:t(?:ed)?|na)|need|wish|looking|hoping|trying|have to)\b|\bi was (?:\w+ )?(?:hoping|looking|trying|wondering)\b|\bi(?:['\u2019]m| am) (?:\w+ )?wondering\b|\bi hope (?:you can|to)\b|\bi no longer need\b"
    r"|\b(?:can|could|would|will) (?:you|i|we)\b|\bmay i\b|\bhow (?:do|can|would|much|many|long)\b|\bis (?:it|there)\b"
    r"|\bwhy (?:is|was|did|do|does|have|has|am)\b|\bwhere(?:['\u2019]s| is| are)\b|\bwhen (?:will|do|can)\b|^please\b|\bi demand\b",
    re.IGNORECASE,
)
_DEED = re.compile(
    r"\b(?:cancel\w*|refund\w*|return\w*|exchang\w*|modif\w*|chang\w*|updat\w*|undo|upgrad\w*|downgrad\w*|reset\w*|replac\w*"
    r"|ship\w*|deliver\w*|track\w*|delet\w*|clos(?:e|ing)|unsubscrib\w*|charg(?:e|es|ed|ing)|bill(?:ed|ing)?|invoice\w*|pay\w*"
    r"|paid|split|switch|log ?in|sign in|password|access|remov\w*|add|track|balance|price|options|activat\w*|export\w*|import\w*"
    r"|connect\w*|install\w*|configur\w*|correct\w*|renew\w*|transfer money)\b",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"\b(?:not work\w*|(?:does|do|is|did|has|have|was|wo|ca)n['\u2019]?t (?:work|load|open|arriv\w*|receiv\w*|fit|log|sign|access|connect|get)"
    r"|broken|damaged|fail(?:s|ed|ing)?|errors?|crash\w*|missing|wrong|never (?:arrived|received|came)|twice|double|duplicate"
    r"|unauthori[sz]ed|hacked|stolen|stuck|locked out|lost|by mistake|mistakenly|too (?:small|large|big|expensive))\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"\b(?:some help|an? (?:\w+ )?(?:order|delivery|account) issue|(?:having|have) (?:a bit of )?an? (?:issue|problem|question)"
    r"|a couple of|a few changes|some changes|help with (?:that|this|it)|help me with (?:that|this|it)|another question|assist (?:me )?with (?:that|this|it)"
    r"|another way|other way|(?:help me )?(?:find|look|figure) (?:it|that|them) (?:up|out)|without it|still help|help me out|try again"
    r"|sort (?:that|this|it) out|help you with|use that|do that|arrange that|accommodate that|possible\?$)",
    re.IGNORECASE,
)
_ENDS_IN_PRONOUN = re.compile(
    r"(?:\S+\s+){0,8}(?:it|that|this|them)(?: (?:for me|too|please|as well))?(?:,? please)?[.?!]*",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|them|that one|this one|that order)\b", re.IGNORECASE)
_SPECIFIC = re.compile(r"#?\b[A-Z]{0,4}-?\d{4,}\b")
_REVERSAL = re.compile(
    r"\b(?:on second thought|changed my mind|in that case|if that['\u2019]s the case|never ?mind)\b",
    re.IGNORECASE,
)
_IDENTIFYING = re.compile(
    r"\S@\S|\b(?:my (?:full |first |last )?(?:name|e-?mail|zip|account number|phone)\b.{0,12}\b(?:is|was)\b"
    r"|my (?:name|zip)['\u2019]s|zip ?code|order (?:with )?(?:id|number)|share|verify)|^it['\u2019]s (?:order )?#?\w*\d",
    re.IGNORECASE,
)
_ASSENT = re.compile(
    r"(?:yes|yeah|yep|sure|ok(?:ay)?|alright|fine|great|perfect|correct|absolutely|please (?:go ahead|proceed)|go ahead|let['\u2019]?s|that (?:sounds|looks)"
    r"|sounds|looks|that['\u2019]s (?:correct|right|all|it|great|perfect)|i confirm|everything looks)\b",
    re.IGNORECASE,
)
_GO_ON = re.compile(
    r"\b(?:proceed|go ahead|confirm|let['\u2019]s|do it|that works|sounds|(?:that['\u2019]s|is) (?:correct|right))\b",
    re.IGNORECASE,
)
_PROCEED = re.compile(r"\b(?:proceed|go (?:with|ahead))\b", re.IGNORECASE)
_COURTESY = re.compile(
    r"(?:(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|dear|thanks|thank you|cheers|bye|goodbye|great|perfect|sorry"
    r"|please|no problem|you['\u2019]re welcome|i (?:really )?appreciate|have a|take care|i hope you|that['\u2019]?s all|that['\u2019]?ll be all|i['\u2019]m sorry|i apologi[sz]e)\b)",
    re.IGNORECASE,
)
_PERSON_WANTED = re.compile(
    r"\b(?:human|real person|live (?:agent|person|chat)|(?:an?|your|the) (?:agent|supervisor|manager|representative|person)|representative"
    r"|supervisor|someone (?:else|who|real)|(?:speak|talk|connect|transfer) (?:me )?(?:to|with)|transfer me)\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"\b(?:the|is|are|my|you|and|to|it|for|this|that|have|not|was|yes|no)\b", re.IGNORECASE)

_DONE = re.compile(
    r"\b(?:(?:has|have) (?:now )?been\b|successfully\b|(?:is|are) now (?:complete|cancel|updated|changed)"
    r"|any (?:more|other|further) (?:questions|help|assistance)|anything else|further assistance|more assistance|feel free to (?:ask|let))",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(
    r"\b(?:unfortunately|unable|can ?not|can['\u2019]t|could(?: not|n['\u2019]t)|sorry|apologi[sz]e|does not (?:support|allow)|not (?:possible|able)"
    r"|please (?:confirm|provide|let me know)|would you like|do you want|transferr\w+)\b",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"\b(?:authenticat\w*|verif(?:y|ied|ying) your|your identity|located your account)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    turn: int
    """The turn's number, from 1, as people count."""
    text: str
    score: int = 0
    """How clearly it states a request."""
    before: str | None = None
    """The substantive sentence before it in its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the rules found. Turn numbers are from 1."""

    asks: tuple[Sentence, ...]
    """The clearest request of each customer turn that states one, oldest first."""
    topics: tuple[Sentence, ...]
    """One ask for each matter: a new matter begins where the AI agent had settled the one before."""
    person_wanted: Sentence | None
    """The last time that the customer asked for a person."""
    first_words: Sentence | None
    """The first substantive sentence of the customer."""
    last_words: Sentence | None
    """The last one."""
    ai_said: tuple[Sentence, ...]
    """Sentences of the AI agent, oldest first; a refusal or a deed among them is found by `summary`."""
    complaint: Sentence | None
    """The last sentence in which the customer says that something is wrong."""
    settled: bool
    """Whether the AI agent held the last matter for done."""

    @property
    def ask(self) -> Sentence | None:
        """What the customer wants now."""
        if self.topics:
            return self.topics[-1]
        spoken = self.first_words
        english = spoken is None or _ENGLISH.search(spoken.text)
        return self.last_words if english else spoken


def read(conversation: Conversation) -> Reading:
    """The reading of the conversation's first 40 and last 80 turns."""
    asks: list[Sentence] = []
    topics: list[Sentence] = []
    spoken: list[Sentence] = []
    ai_said: list[Sentence] = []
    wanted: Sentence | None = None
    complaint: Sentence | None = None
    settled = True
    for number, turn in numbered(conversation.turns, head=_HEAD, tail=_TAIL):
        said = sentences(turn.text)
        if turn.role is not Role.CUSTOMER:
            ai_said += [Sentence(turn=number, text=text) for text in said]
            settled = settled or _settles(said)
            continue
        wanted = next(
            (Sentence(turn=number, text=text) for text in said if _PERSON_WANTED.search(text)), wanted
        )
        spoken += [Sentence(turn=number, text=text) for text in said if _substantive(text)]
        complaint = next(
            (Sentence(turn=number, text=text) for text in said if _TROUBLE.search(text)), complaint
        )
        ask = _clearest(number, said)
        if ask is None:
            continue
        asks.append(ask)
        if settled or not topics:
            topics.append(ask)
        elif any(map(_REVERSAL.search, said)) or ask.score >= topics[-1].score + _CLEARLY_MORE:
            topics[-1] = ask
        settled = False
    return Reading(
        asks=tuple(asks),
        topics=tuple(topics),
        person_wanted=wanted,
        first_words=spoken[0] if spoken else None,
        last_words=spoken[-1] if spoken else None,
        ai_said=tuple(ai_said),
        complaint=complaint,
        settled=settled and bool(topics),
    )


def numbered(turns: Sequence[Turn], *, head: int, tail: int) -> list[tuple[int, Turn]]:
    """The first `head` and the last `tail` turns with their numbers, each turn once."""
    if len(turns) <= head + tail:
        return list(enumerate(turns, 1))
    first_of_tail = len(turns) - tail
    return [*enumerate(turns[:head], 1), *enumerate(turns[first_of_tail:], first_of_tail + 1)]


def _clearest(number: int, said: list[str]) -> Sentence | None:
    best: Sentence | None = None
    before: str | None = None
    for text in said:
        score = _score(text)
        if score >= _ENOUGH and (best is None or score > best.score):
            best = Sentence(turn=number, text=text, score=score, before=before)
        before = text if _substantive(text) else before
    return best


def _score(text: str) -> int:
    wish = _WISH.search(text)
    trouble = _TROUBLE.search(text)
    if not (wish or trouble) or _PERSON_WANTED.search(text) or (_ASSENT.match(text) and _GO_ON.search(text)):
        return 0
    score = 3 * bool(wish) + 2 * bool(_DEED.search(text)) + 2 * bool(trouble)
    score += (count_words(text) >= 6) + bool(_SPECIFIC.search(text))
    weak = (
        _VAGUE.search(text),
        _IDENTIFYING.search(text),
        _ENDS_IN_PRONOUN.fullmatch(text),
        _PROCEED.search(text),
    )
    return score - 3 * sum(map(bool, weak))


def _substantive(text: str) -> bool:
    """Whether the sentence says something: no greeting, no bare yes, no bare address or number."""
    if _COURTESY.match(text) or (_ASSENT.match(text) and count_words(text) <= 6):
        return False
    letters = sum(character.isalpha() for character in text[:200])
    return (
        letters >= 3
        and not _IDENTIFYING.search(text)
        and not (count_words(text) == 1 and any(map(str.isdigit, text)))
    )


def _settles(said: list[str]) -> bool:
    """Whether the AI agent holds the matter for done: it says so, and neither refuses nor asks back."""
    done = any(_DONE.search(text) for text in said if not _LOGIN.search(text))
    return done and not any(_NOT_DONE.search(text) for text in said if not text.startswith("If "))


def is_login_talk(text: str) -> bool:
    """Whether the sentence is about who the customer is, not about their matter."""
    return bool(_LOGIN.search(text))


def needs_context(text: str) -> bool:
    """Whether the sentence speaks of something that it does not name ("exchange it for another one")."""
    return bool(_PRONOUN.search(text))
