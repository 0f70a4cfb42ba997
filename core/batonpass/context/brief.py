"""The brief: 60 words for 15 seconds, always in the same order.

The ask, why it came, who, what was tried and must not be asked again, the next step, risks, the link. Nothing in it is invented: it quotes the record
or says what a table says of the record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from batonpass.context.asked_once import fit_phrases, not_to_ask
from batonpass.context.given import Given
from batonpass.context.known import (
    LAST_PAYMENT,
    OPEN_BALANCE,
    PLAN,
    TIER,
    Known,
    known_of,
    last_payment,
    open_balance,
    text_of,
)
from batonpass.context.reading import Reading, Sentence, needs_context
from batonpass.context.signals import next_step, risks
from batonpass.context.tried import Result, Tried
from batonpass.context.wording import age_text
from batonpass.context.words import count_words, cut_words, tame_words
from batonpass.domain.conversation import HandoffRequest, Identity, ReasonCode
from batonpass.domain.facts import Gathered
from batonpass.domain.text import one_line

WORDS = 60
_ASK_WORDS = 15
_MOST_TRIED = 3
_LEAST_QUOTED = 6
"""Words: less of a sentence than this says nothing."""
_LEAST_OF_AN_ATTEMPT = 5
_CLOSING = "\N{RIGHT DOUBLE QUOTATION MARK}"

REASONS = {
    ReasonCode.CUSTOMER_ASKED: "Asked for a person",
    ReasonCode.AI_UNSURE: "AI was unsure",
    ReasonCode.NO_PROGRESS: "No progress with the AI",
    ReasonCode.UPSET_CUSTOMER: "Customer is upset",
    ReasonCode.BILLING_DISPUTE: "Billing dispute",
    ReasonCode.SECURITY: "Security matter",
    ReasonCode.TECHNICAL_FAILURE: "Technical failure",
    ReasonCode.NOT_ALLOWED: "AI may not do this",
    ReasonCode.KEY_ACCOUNT: "Key account",
    ReasonCode.LEGAL_OR_SAFETY: "Legal or safety matter",
    ReasonCode.OTHER: "No reason given",
}
_UNLESS_NONE = {ReasonCode.OTHER: ""}
"""Where there are words to show, "no reason given" is not said."""
IDENTITIES = {Identity.VERIFIED: "identity verified", Identity.CLAIMED: "identity only claimed"}

_FILLER = re.compile(
    r"^[^\w\"#$(\u201c\u20ac\u00a3]+|^(?:(?:hi|hello|hey)(?: there)?|sure(?: thing)?|yes|yeah|yep|ok(?:ay)?|thanks|thank you|great|oh|ah|um|uh|well|so|and|but|also|actually|now|alright|perfect"
    r"|by the way|certainly|of course|got it|first(?:ly)?|next|just|look|please|in that case|however|hmm|wow|then|one last thing|instead|if that['\u2019]s the case|sorry|no worries|you know)\b[\s,!.:;-]*",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"^(?:the |your |all (?:of )?your |both of your |an? )?(?P<what>(?:[^.,:;]|[.,]\d){3,80}?) (?:has|have) (?:\w+ )?been (?:successfully )?(?P<verb>(?!delivered)\w+ed)\b",
    re.IGNORECASE,
)
_FIRST_CLAUSE = re.compile(
    r"^[^.?!]{10,120}?(?:, (?:and|but|so)|;) (?=(?:i|can|could|would)\b)", re.IGNORECASE
)
_PLEASE = re.compile(r",? please(?=[.?!]*$)", re.IGNORECASE)
_WISHING = re.compile(
    r"^(?:i(?:['\u2019]d| would)(?: (?:really|also|just|actually))* (?:like|love|prefer) to|i(?:['\u2019]ll)?(?: (?:also|just|really|actually|do))* (?:want(?:ed)?|need) to|i wanna"
    r"|i(?:['\u2019]m| am| was)(?: (?:also|just|really|actually))* (?:hoping|looking|trying|wanting) to|i was (?:\w+ )?wondering (?:if|how|whether) (?:i|you) (?:can|could)"
    r"|(?:can|could|would|will) you(?: (?:please|also|possibly|just))*(?: help me(?: to)?(?= (?:find|cancel|return|change|update|check|get)))?|is it possible to|i hope you can (?:help|assist)(?: me)?(?: with)?)\s+(?=\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    ask: str
    """At most 15 words."""
    why: str
    who: str
    tried: tuple[str, ...]
    next_step: str
    risks: tuple[str, ...]
    not_to_ask: tuple[str, ...] = ()
    """What the customer gave already."""
    url: str | None = None
    """Where the whole is."""

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """(label, text) in the order that never changes; a line without text is left out."""
        every = (
            ("Wants", self.ask),
            ("Why", self.why),
            ("Who", self.who),
            ("Tried", _tried_line(self.tried, self.not_to_ask)),
            ("Next", self.next_step),
            ("Risks", ", ".join(self.risks)),
        )
        return tuple((label, text) for label, text in every if text)

    @property
    def text(self) -> str:
        """At most 60 words, labels and the link counted."""
        link = (("Whole", self.url),) if self.url else ()
        return "\n".join(f"{label}: {text}" for label, text in (*self.lines, *link))


def make_brief(
    *,
    request: HandoffRequest,
    gathered: Gathered,
    asked_at: datetime,
    reading: Reading,
    tried: Sequence[Tried],
    repeat: str | None = None,
    conflicts: Sequence[str] = (),
    suspect: bool = False,
    given: Sequence[Given] = (),
    url: str | None = None,
) -> Brief:
    known = known_of(gathered)
    ask = cut_words(_plain_ask(reading.ask), _ASK_WORDS)
    dangers = risks(request, known, asked_at, repeat=repeat, conflicts=conflicts, suspect=suspect)
    step = next_step(request, gathered, known, reading, tried)
    reason, words = _why(request, reading)
    # The last three: what was tried last is what must not be tried again.
    attempts = [_attempt(item) for item in tried[-_MOST_TRIED:]] or ["nothing on record"]
    known_already = not_to_ask(given)
    url = url if url and len(url.split()) == 1 else None
    name, standing = _who(request, known, _copied(gathered), asked_at)
    room = _allot(
        ask=ask,
        risks=", ".join(dangers),
        next=step,
        who=f"{name} {standing}",
        why=f"{reason} {words}",
        tried=" ".join(attempts),
        ask_once=f"{_ASK_ONCE} {' '.join(known_already)}" if known_already else "",
        left=WORDS - (_WORDS_OF_A_LINK if url else 0),
    )
    return Brief(
        ask=ask,
        why=_fit_why(reason, words, room["why"]),
        who=_fit_who(name, standing, room["who"]),
        tried=_fit_tried(attempts, room["tried"]),
        not_to_ask=fit_phrases(known_already, room["ask_once"] - count_words(_ASK_ONCE)),
        url=url,
        next_step=cut_words(step, room["next"]),
        risks=_fit_risks(dangers, room["risks"]),
    )


_LEAST = {"ask": 15, "risks": 4, "next": 8, "who": 7, "ask_once": 7, "tried": 5, "why": 6}
"""Words that a line has in any case: with the six labels and the link, 60. What a line does not use goes to the
others: first to risks, next step and customer, then evenly to the last three."""


def _allot(*, left: int, **texts: str) -> dict[str, int]:
    needs = {line: count_words(texts[line]) for line in _LEAST}
    given = {line: min(needs[line], least) for line, least in _LEAST.items()}
    labels = sum(1 for line, need in needs.items() if need and line != "ask_once")
    left -= sum(given.values()) + labels
    for line in ("risks", "next", "who"):
        more = min(needs[line] - given[line], left)
        given[line] += more
        left -= more
    while left and (short := [line for line in ("why", "tried", "ask_once") if needs[line] > given[line]]):
        for line in short[:left]:
            given[line] += 1
            left -= 1
    return given


_ASK_ONCE = "Do not ask again:"
_WORDS_OF_A_LINK = 2


def _tried_line(tried: Sequence[str], not_to_ask: Sequence[str]) -> str:
    attempts = "; ".join(tried)
    if not not_to_ask:
        return attempts
    end = "" if not attempts or attempts[-1] in ".!?\u2026" else "."
    return f"{attempts}{end} {_ASK_ONCE} {', '.join(not_to_ask)}".strip()


def _attempt(item: Tried) -> str:
    text = _verb_first(_plain(item.text.rstrip(".:!")))
    # A refusal and an error say themselves how it ended; what the AI agent held for done does not.
    ended_otherwise = item.result is Result.FAILED and item.result_turn not in {None, item.turn}
    return f"Failed: {text[:1].lower()}{text[1:]}" if ended_otherwise else text


def _plain(text: str) -> str:
    """One line without hidden tricks of length."""
    return tame_words(one_line(text[:2000]))


def _plain_ask(ask: Sentence | None) -> str:
    if ask is None:
        return "No customer message."
    text = _plain(ask.text)
    stripped = _FILLER.sub("", text)
    while stripped != text and count_words(stripped) >= 3:
        text, stripped = stripped, _FILLER.sub("", stripped)
    if count_words(text) > _ASK_WORDS + 3:
        clause = _FIRST_CLAUSE.sub("", text, count=1)
        text = clause if _WISHING.match(clause) and not needs_context(clause) else text
    text = _PLEASE.sub("", _WISHING.sub("", text, count=1))
    return text[:1].upper() + text[1:]


def _why(request: HandoffRequest, reading: Reading) -> tuple[str, str]:
    """(the reason in plain words, what the AI agent or the customer said about it)."""
    code = request.reason.code
    if request.reason.text and request.reason.text.strip():
        return _UNLESS_NONE.get(code, REASONS[code]), _plain(request.reason.text)
    if code is ReasonCode.OTHER and reading.person_wanted:
        code = ReasonCode.CUSTOMER_ASKED
    own = _own_sentence(reading)
    if not own:
        return REASONS[code], ""
    quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{_plain(own)}{_CLOSING}"
    return _UNLESS_NONE.get(code, REASONS[code]), quoted


def _fit_why(reason: str, words: str, room: int) -> str:
    left = room - count_words(reason)
    if reason and (not words or left < min(_LEAST_QUOTED, count_words(words))):
        return cut_words(reason, room)
    cut = cut_words(words, left)
    closing = _CLOSING if words.endswith(_CLOSING) and not cut.endswith(_CLOSING) else ""
    return f"{reason}: {cut}{closing}" if reason else f"{cut}{closing}"


def _own_sentence(reading: Reading) -> str | None:
    """The customer's own sentence that adds most to the ask."""
    ask = reading.ask
    if ask is None:
        return None
    said = (
        reading.complaint.text if reading.complaint and reading.complaint.turn >= ask.turn else None,
        ask.before if needs_context(ask.text) else None,
        reading.asks[-1].text if reading.asks else None,
        reading.person_wanted.text if reading.person_wanted else None,
    )
    return next((text for text in said if text and text != ask.text), None)


def _verb_first(text: str) -> str:
    """ "The lamp in your order has been successfully changed to …" → "Changed: lamp in your order to …": what was
    done survives the cut."""
    return _PASSIVE.sub(_turned, text, count=1).removesuffix(" to")


def _turned(found: re.Match[str]) -> str:
    return f"{found['verb'].capitalize()}: {found['what']}"


def _who(
    request: HandoffRequest, known: Known, copied: Mapping[str, datetime], asked_at: datetime
) -> tuple[str, str]:
    """(what can be cut, what cannot): the name and account, and how sure the identity is. What comes from a copy stands
    after its age, so that no cut parts them."""
    customer = request.customer
    plan, tier = text_of(known, PLAN), text_of(known, TIER)
    due, paid = open_balance(known), last_payment(known)
    told: list[tuple[str, tuple[str, ...]]] = []
    if plan:
        told.append((plan if "plan" in plan.casefold() else f"{plan} plan", PLAN))
    if tier and tier.casefold() != (plan or "").casefold():
        told.append((tier if "tier" in tier.casefold() else f"{tier} tier", TIER))
    if due:
        told.append((f"{due} open", OPEN_BALANCE))
    elif paid:
        told.append((f"last payment {paid}", LAST_PAYMENT))
    since = [_since(known, copied, names) for _, names in told]
    old = [at for at in since if at is not None]
    parts = [cut_words(_plain(customer.name or customer.email or ""), 4) or "Name unknown"]
    parts += [text for (text, _), at in zip(told, since, strict=True) if at is None]
    if old:
        aged = [text for (text, _), at in zip(told, since, strict=True) if at is not None]
        parts.append(f"{age_text(min(old), asked_at)}: {', '.join(aged)}")
    return _plain(", ".join(parts)), IDENTITIES[customer.identity]


def _since(known: Known, copied: Mapping[str, datetime], names: tuple[str, ...]) -> datetime | None:
    return copied.get(next((name for name in names if name in known), ""))


def _copied(gathered: Gathered) -> Mapping[str, datetime]:
    """The last part of the name of each known fact that a copy told → as of when."""
    told: dict[str, datetime | None] = {}
    for report in gathered.reports:
        for fact in report.facts:
            told.setdefault(fact.name.rpartition(".")[2].casefold(), fact.as_of if report.is_copied else None)
    return {name: at for name, at in told.items() if at is not None}


def _fit_who(name: str, standing: str, room: int) -> str:
    left = room - count_words(standing)
    return f"{cut_words(name, left)}, {standing}" if left > 0 else standing


def _fit_tried(attempts: list[str], room: int) -> tuple[str, ...]:
    """Room shared out fairly; short items leave theirs to the long ones."""
    fitted = []
    attempts = attempts[-max(1, room // _LEAST_OF_AN_ATTEMPT) :]
    shortest_first = sorted(enumerate(attempts), key=lambda numbered: count_words(numbered[1]))
    for left, (place, item) in zip(range(len(attempts), 0, -1), shortest_first, strict=True):
        short = cut_words(item, room // left)
        room -= count_words(short)
        fitted.append((place, short))
    return tuple(short for _, short in sorted(fitted) if short)


def _fit_risks(dangers: tuple[str, ...], room: int) -> tuple[str, ...]:
    fitted: list[str] = []
    for danger in dangers:
        room -= count_words(danger)
        if room < 0:
            break
        fitted.append(danger)
    return tuple(fitted)
