"""Reads a conversation once: what the customer asked for and when, and what the AI agent says it did.

Plain rules over sentences, no model: the same conversation always reads the same. The cues are English; a
conversation in another language has no cues, and then the customer's first substantive sentence is the ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from batonpass.context.ai_turn import AiTurn
from batonpass.context.cues import Cues
from batonpass.context.words import count_words, sentences
from batonpass.domain.conversation import Conversation, Role, Turn

_READ_OF_A_TURN = 4000
_HEAD, _TAIL = 24, 48
"""Turns that are read from each end; what a person must know stands there, and 100,000 turns stay cheap."""

_TELLING_WORDS = 6
_ENOUGH = 4
"""The score from which a sentence states a request."""
_CLEARLY_MORE = 3
"""By how much a later sentence must say more than the first one to replace it."""

# The one pattern that the library `regex` runs three times faster than `re`.
_WISH = regex.compile(
    r"\bi(?:['\u2019]d| would)(?: really| also| just)? (?:like|love|prefer)\b|\bi(?:['\u2019]m| am)? ?(?:also |just |really |actually )?"
    r"(?:wan(?:t(?:ed)?|na)|need|wish|looking|hoping|trying|have to)\b|\bi was (?:\w+ )?(?:hoping|looking|trying|wondering)\b|\bi(?:['\u2019]m| am) (?:\w+ )?wondering\b|\bi hope (?:you can|to)\b|\bi no longer need\b|\bi['\u2019]ll (?:\w+ )?need\b"
    r"|\b(?:can|could|would|will) (?:you|i|we)\b|\bmay i\b|\bhow (?:do|can|would|much|many|long)\b|\bis (?:it|there)\b"
    r"|\bwhy (?:is|was|did|do|does|have|has|am)\b|\bwhere(?:['\u2019]s| is| are)\b|\bwhen (?:will|do|can)\b|^please\b|\bi demand\b"
)
_DEED = re.compile(
    r"\b(?:cancel\w*|refund\w*|return\w*|exchang\w*|modif\w*|chang\w*|updat\w*|undo|upgrad\w*|downgrad\w*|reset\w*|replac\w*"
    r"|ship\w*|deliver\w*|track\w*|delet\w*|clos(?:e|ing)|unsubscrib\w*|charg(?:e|es|ed|ing)|bill(?:ed|ing)?|invoice\w*|pay\w*"
    r"|paid|money back|package|parcel|split|switch|log ?in|sign in|password|access|remov\w*|add|track|balance|price|options|activat\w*|export\w*|import\w*"
    r"|connect\w*|install\w*|configur\w*|correct\w*|renew\w*|transfer money)\b"
)
_TROUBLE = Cues(
    r"\b(?:not work\w*|(?:does|do|is|did|has|have|was|wo|ca)n['\u2019]?t (?:work|load|open|arriv\w*|receiv\w*|fit|log|sign|access|connect|get)"
    r"|broken|damaged|fail(?:s|ed|ing)?|errors?|crash\w*|missing|wrong|never (?:arrived|received|came)|twice|double|duplicate"
    r"|unauthori[sz]ed|hacked|stolen|stuck|locked out|lost|by mistake|mistakenly|not (?:right|correct|what i)|too (?:small|large|big|expensive))\b",
    "not work|n't|nt |broken|damaged|fail|error|crash|missing|wrong|never|twice|double|duplicate|unauthori|hacked|stolen|stuck|locked|lost|mistake|not |too |n\u2019t",
)
_VAGUE = Cues(
    r"\b(?:some help|an? (?:\w+ )?(?:order|delivery|account) issue|(?:having|have) (?:a bit of )?an? (?:issue|problem|question)"
    r"|a couple of|a few changes|some changes|help with (?:that|this|it)|help me with (?:that|this|it)|another question|assist (?:me )?with (?:that|this|it)"
    r"|\bsomething\b|\ban item\b|another way|other way|(?:help me )?(?:find|look|figure) (?:it|that|them) (?:up|out)|without it|still help|help me out|try again"
    r"|sort (?:that|this|it) out|help you with|use that|do that|arrange that|accommodate that|possible\?$)",
    "help|issue|problem|question|couple|a few|some|way|without it|try again|sort |use that|do that|arrange|accommodate|possible|item|assist|figure|find |look ",
)
_ENDS_IN_PRONOUN = re.compile(
    r"\b(?:it|that|this|them)(?: (?:for me|too|please|as well))?(?:,? please)?[.?!]*$"
)
_PRONOUN = re.compile(r"\b(?:it|them|that one|this one|that order)\b")
_SPECIFIC = Cues(r"#?\b[a-z]{0,4}-?[0-9]{4,}\b", "0|1|2|3|4|5|6|7|8|9")
_REVERSAL = Cues(
    r"\b(?:on second thought|changed my mind|in that case|money back|if that['\u2019]s the case|never ?mind)\b",
    "thought|mind|in that case|money back|the case",
)
_IDENTIFYING = Cues(
    r"\S@\S|\b(?:my (?:full |first |last )?(?:name|e-?mail|zip|account number|phone)\b.{0,12}\b(?:is|was)\b"
    r"|my (?:name|zip)['\u2019]s|zip ?code|order (?:with )?(?:id|number)|share|verify)|^it['\u2019]s (?:order )?#?\w*\d",
    "@|name|zip|order id|order number|order with|share|verify|it's|it\u2019s|my ",
)
_ASSENT = re.compile(
    r"(?:yes|yeah|yep|sure|ok(?:ay)?|alright|fine|great|perfect|correct|absolutely|please (?:go ahead|proceed)|go ahead|let['\u2019]?s|that (?:sounds|looks)"
    r"|sounds|looks|that['\u2019]s (?:correct|right|all|it|great|perfect)|i confirm|everything looks)\b"
)
_GO_ON = Cues(
    r"\b(?:proceed|go ahead|confirm|let['\u2019]s|do it|that works|sounds|(?:that['\u2019]s|is) (?:correct|right))\b",
    "proceed|go ahead|confirm|let's|let\u2019s|do it|works|sounds|correct|right",
)
_ANOTHER_MATTER = Cues(
    r"\b(?:also|instead|another|one (?:last|more) thing|next|rather)\b",
    "also|instead|another|one |next|rather",
)
# Of the matter in hand, not another matter.
_DETAIL = re.compile(r"\b(?:payment|refund\w*|price|total|paypal|card|confirm)\b")
_PROCEED = re.compile(r"\b(?:proceed|go (?:with|ahead))\b")
_COURTESY = re.compile(
    r"(?:(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|dear|thanks|thank you|cheers|bye|goodbye|great|perfect|sorry"
    r"|please|no problem|you['\u2019]re welcome|i (?:really )?appreciate|have a|take care|i (?:see|understand)\b|i hope you|that['\u2019]?s all|that['\u2019]?ll be all|i['\u2019]m sorry|i apologi[sz]e)\b)"
)
_PERSON_WANTED = Cues(
    r"\b(?:human|real person|live (?:agent|person|chat)|(?:an?|your|the) (?:agent|supervisor|manager|representative|person)|representative"
    r"|supervisor|someone (?:else|who|real)|(?:speak|talk|connect|transfer) (?:me )?(?:to|with)|transfer me)\b",
    "human|person|live |agent|supervisor|manager|representative|someone|speak|talk|connect|transfer",
)
_ENGLISH = re.compile(r"\b(?:the|is|are|my|you|and|to|it|for|this|that|have|not|was|yes)\b")

_DONE = Cues(
    r"\b(?:(?:has|have) (?:now )?been\b|successfully\b|(?:is|are) now (?:complete|cancel|updated|changed)"
    r"|any (?:more|other|further) (?:questions|help|assistance)|anything else|further assistance|more assistance|feel free to (?:ask|let))",
    "been|successfully|now |any |anything else|assistance|feel free",
)
_NOT_DONE = Cues(
    r"\b(?:unfortunately|unable|can ?not|can['\u2019]t|could(?: not|n['\u2019]t)|sorry|apologi[sz]e|does not (?:support|allow)|not (?:possible|able)"
    r"|please (?:confirm|provide|let me know)|would you like|do you want|transferr\w+)\b",
    "unfortunately|unable|not|n't|n\u2019t|sorry|apologi|please|would you|do you want|transferr",
)
_LOGIN = Cues(
    r"\b(?:authenticat\w*|verif(?:y|ied|ying) your|your identity|located your account)",
    "authenticat|verif|your identity|located your",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    turn: int
    """The turn's number, from 1, as people count."""
    text: str
    score: int = 0
    """How clearly it states a request."""
    before: str | None = None
    """The sentence before it in its turn, where that is substantive."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence, and in lower case: cues are written so, because ignoring case costs `re` twice the time."""

    text: str
    lower: str


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
    """The customer's first sentence of six words or more; without one, the longest."""
    last_words: Sentence | None
    """The customer's last substantive sentence."""
    is_english: bool
    """Whether the customer's words look English, the language of the cues."""
    ai_turns: tuple[AiTurn, ...]
    """What the AI agent wrote, oldest first; `tried` finds acts and refusals in it."""
    customer_said: tuple[Sentence, ...]
    """Sentences of the customer, oldest first."""
    complaint: Sentence | None
    """The last sentence in which the customer says that something is wrong."""
    settled: bool
    """Whether the AI agent held the last matter for done."""

    def ai_said(self) -> Iterator[Sentence]:
        """The AI agent's sentences, the last turn first and in a turn the first sentence first."""
        for turn in reversed(self.ai_turns):
            yield from (Sentence(turn=turn.number, text=each) for each in turn.sentences)

    @property
    def ask(self) -> Sentence | None:
        """What the customer wants now."""
        if self.topics:
            return self.topics[-1]
        return self.last_words if self.is_english else self.first_words


def read(conversation: Conversation) -> Reading:
    """The reading of the conversation's first 24 and last 48 turns."""
    asks: list[Sentence] = []
    topics: list[Sentence] = []
    spoken: list[Sentence] = []
    ai_turns: list[AiTurn] = []
    wanted: Sentence | None = None
    complaint: Sentence | None = None
    settled = True
    for number, turn in numbered(conversation.turns, head=_HEAD, tail=_TAIL):
        if turn.role is not Role.CUSTOMER:
            ai_turns.append(AiTurn(number, turn.text))
            settled = settled or _settles(ai_turns[-1])
            continue
        texts = sentences(turn.text)
        said = [_Said(text, text.lower()) for text in texts]
        heard = _Heard.of(said)
        person = heard.person and next(
            (each.text for each in said if _PERSON_WANTED.search(each.lower)), None
        )
        wrong = heard.trouble and next((each.text for each in said if _is_complaint(each)), None)
        wanted = Sentence(turn=number, text=person) if person else wanted
        complaint = Sentence(turn=number, text=wrong) if wrong else complaint
        settled = settled and not (topics and (person or wrong))
        spoken += [Sentence(turn=number, text=text) for text in texts]
        ask = _clearest(number, said, heard)
        if ask is None:
            continue
        asks.append(ask)
        if settled or not topics:
            topics.append(ask)
        elif _replaces(ask, topics[-1], said):
            topics[-1] = ask
        settled = False
    return Reading(
        asks=tuple(asks),
        topics=tuple(topics),
        person_wanted=wanted,
        first_words=_first_telling(spoken),
        last_words=next((each for each in reversed(spoken) if _substantive(each.text)), None),
        is_english=any(_ENGLISH.search(each.text.lower()) for each in spoken),
        ai_turns=tuple(ai_turns),
        customer_said=tuple(spoken),
        complaint=complaint,
        settled=settled and bool(topics),
    )


@dataclass(frozen=True, slots=True)
class _Heard:
    """Which cues a turn has at all: most turns have none, and then its sentences need not be looked at."""

    person: bool
    trouble: bool

    @classmethod
    def of(cls, said: Sequence[_Said]) -> _Heard:
        lower = "\n".join([each.lower for each in said])
        return cls(
            person=_PERSON_WANTED.search(lower) is not None,
            trouble=_TROUBLE.search(lower) is not None,
        )


def numbered(turns: Sequence[Turn], *, head: int, tail: int) -> list[tuple[int, Turn]]:
    """The first `head` and the last `tail` turns with their numbers, each turn once."""
    if len(turns) <= head + tail:
        return list(enumerate(turns, 1))
    first_of_tail = len(turns) - tail
    return [*enumerate(turns[:head], 1), *enumerate(turns[first_of_tail:], first_of_tail + 1)]


def _clearest(number: int, said: Sequence[_Said], heard: _Heard) -> Sentence | None:
    best: Sentence | None = None
    before: str | None = None
    for each in said:
        score = _score(each, heard)
        if score >= _ENOUGH and (best is None or score > best.score):
            best = Sentence(
                turn=number, text=each.text, score=score, before=before and _if_substantive(before)
            )
        before = each.text
    return best


def _score(said: _Said, heard: _Heard) -> int:
    lower = said.lower
    wish = _WISH.search(lower) is not None
    trouble = heard.trouble and _TROUBLE.search(lower) is not None
    if not (wish or trouble):
        return 0
    if (heard.person and _PERSON_WANTED.search(lower)) or (_ASSENT.match(lower) and _GO_ON.search(lower)):
        return 0
    words = count_words(said.text)
    score = 3 * wish + 2 * (_DEED.search(lower) is not None) + 2 * trouble
    score += (words >= 6) + (_SPECIFIC.search(lower) is not None)
    weak = (
        _VAGUE.search(lower) is not None,
        _IDENTIFYING.search(lower) is not None,
        _PROCEED.search(lower) is not None,
        words <= 9 and _ENDS_IN_PRONOUN.search(lower) is not None,
    )
    return score - 4 * sum(weak)


def _replaces(ask: Sentence, topic: Sentence, said: Sequence[_Said]) -> bool:
    """Whether the later request is what the customer wants now, though nothing was settled in between."""
    if any(_REVERSAL.search(each.lower) for each in said) or ask.score >= topic.score + _CLEARLY_MORE:
        return True
    lower = ask.text.lower()
    another = _ANOTHER_MATTER.search(lower) and not _DETAIL.search(lower) and not needs_context(ask.text)
    return bool(another) and ask.score >= topic.score


def _is_complaint(said: _Said) -> bool:
    return _TROUBLE.search(said.lower) is not None and count_words(said.text) >= 4


def _substantive(text: str) -> bool:
    """Whether the sentence says something: no greeting, no bare yes, no bare address or number."""
    lower = text.lower()
    if _COURTESY.match(lower) or (_ASSENT.match(lower) and count_words(text) <= 6):
        return False
    if sum(map(str.isalpha, text[:80])) < 3 or _IDENTIFYING.search(lower):
        return False
    return count_words(text) > 1 or not any(map(str.isdigit, text))


def _if_substantive(text: str) -> str | None:
    return text if _substantive(text) else None


def _first_telling(spoken: list[Sentence]) -> Sentence | None:
    """The first substantive one of six words or more (greetings of all languages are short), else the longest."""
    first = next(
        (each for each in spoken if count_words(each.text) >= _TELLING_WORDS and _substantive(each.text)),
        None,
    )
    if first is not None:
        return first
    telling = (each for each in spoken if _substantive(each.text))
    return max(telling, key=lambda each: count_words(each.text), default=None)


def _settles(turn: AiTurn) -> bool:
    """Whether the AI agent holds the matter for done: it says so, and neither refuses nor asks back."""
    whole = turn.text[:_READ_OF_A_TURN].lower()
    if not _DONE.search(whole):
        return False
    if _LOGIN.search(whole) and not any(_DONE.search(low) and not _LOGIN.search(low) for low in turn.lowered):
        return False
    if not _NOT_DONE.search(whole):
        return True
    said = zip(turn.sentences, turn.lowered, strict=True)
    return not any(_NOT_DONE.search(low) for each, low in said if not each.startswith("If "))


def is_login_talk(text: str) -> bool:
    """Whether the sentence is about who the customer is, not about their matter."""
    return _LOGIN.search(text.lower()) is not None


def needs_context(text: str) -> bool:
    """Whether the sentence speaks of something that it does not name ("exchange it for another one")."""
    return _PRONOUN.search(text.lower()) is not None
