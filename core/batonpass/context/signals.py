"""The next step and the risks: tables from what is known to what an agent reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from batonpass.context.cues import Cues
from batonpass.context.known import (
    OWNER,
    Known,
    has_open_dispute,
    is_key_account,
    near_renewal,
    open_balance,
    text_of,
)
from batonpass.context.reading import Reading, numbered
from batonpass.context.tried import Tried
from batonpass.domain.conversation import HandoffRequest, Identity, ReasonCode, Role
from batonpass.domain.facts import Gathered

_READ_OF_A_TURN = 2000
_VERY_NEGATIVE = -0.6

_NEXT = {
    ReasonCode.CUSTOMER_ASKED: "Answer in person where the AI stopped.",
    ReasonCode.AI_UNSURE: "Check the AI's last answer, then answer the ask.",
    ReasonCode.NO_PROGRESS: "Skip what was tried; take another way.",
    ReasonCode.UPSET_CUSTOMER: "Apologise once, then solve the ask.",
    ReasonCode.BILLING_DISPUTE: "Check the charges in billing; correct or explain them.",
    ReasonCode.SECURITY: "Secure the account: end sessions, reset credentials.",
    ReasonCode.TECHNICAL_FAILURE: "Reproduce it; give a workaround or pass it on.",
    ReasonCode.NOT_ALLOWED: "Decide the request; the AI was not allowed to.",
    ReasonCode.KEY_ACCOUNT: "Answer first; inform the account owner.",
    ReasonCode.LEGAL_OR_SAFETY: "Promise nothing; involve the legal or safety lead.",
    ReasonCode.OTHER: "Read the last turns, then answer the ask.",
}
_OPEN_REASONS = frozenset({ReasonCode.CUSTOMER_ASKED, ReasonCode.OTHER})
"""They say nothing of the matter itself: how the conversation stands says more."""
_PROVE_FIRST = frozenset({ReasonCode.BILLING_DISPUTE, ReasonCode.SECURITY, ReasonCode.NOT_ALLOWED})

# In lower case, and so is the text: ignoring case costs `re` twice the time.
_TWICE = re.compile(r"\b(?:twice|double|duplicate|two (?:charges|payments)|charged again)\b")
_SUES = re.compile(r"sue\b(?<!\wsue)")
"""Its first letters are found at once, and no issue is taken for it."""
_WORDS_OF_RISK: Mapping[str, Sequence[Cues | re.Pattern[str]]] = {
    "chargeback threat": (
        Cues(
            r"\b(?:charge ?backs?|dispute (?:the|this|it|my|with)|(?:call|contact|tell|ask)\w* my bank)\b",
            "chargeback|charge back|dispute |my bank",
        ),
    ),
    "security": (
        Cues(
            r"\b(?:hacked|phish\w*|fraud\w*|unauthori[sz]ed|compromised|stolen|data (?:breach|leak)"
            r"|someone else (?:has |is |was )?(?:logged|accessed|using|in my))\b",
            "hacked|phish|fraud|unauthori|compromised|stolen|data breach|data leak|someone else",
        ),
    ),
    "legal": (
        Cues(
            r"\b(?:lawyers?|attorney|solicitor|suing|lawsuit|legal action|small claims|court|gdpr|ombudsman|regulator|trading standards)\b",
            "lawyer|attorney|solicitor|suing|lawsuit|legal action|small claims|court|gdpr|ombudsman|regulator|trading standards",
        ),
        _SUES,
    ),
    "safety": (
        Cues(
            r"\b(?:suicid\w*|kill myself|hurt myself|self-harm|injur(?:y|ed|ies)|caught fire|burn(?:ed|t) (?:me|my)|electric shock)\b",
            "suicid|kill myself|hurt myself|self-harm|injur|caught fire|burned m|burnt m|electric shock",
        ),
    ),
}


def next_step(
    request: HandoffRequest, gathered: Gathered, known: Known, reading: Reading, tried: Sequence[Tried]
) -> str:
    """What to do first, by the reason and what is known."""
    reason = request.reason.code
    step = _NEXT[reason]
    if reason is ReasonCode.BILLING_DISPUTE:
        step = _billing_step(gathered, known, reading.ask.text if reading.ask else "")
    if reason in _OPEN_REASONS and reading.settled:
        step = "Nothing looks open; ask what is missing."
    elif reason in _OPEN_REASONS and tried and tried[-1].is_refusal:
        step = "The AI declined; decide whether to make an exception."
    owner = text_of(known, OWNER)
    if reason is ReasonCode.KEY_ACCOUNT and owner:
        step = f"Answer first; inform the account owner, {owner}."
    if reason is ReasonCode.TECHNICAL_FAILURE and request.technical.errors:
        step = "Reproduce it with the error below; give a workaround."
    if reason in _PROVE_FIRST and request.customer.identity is Identity.CLAIMED:
        return f"Verify the identity first. {step}"
    return step


def _billing_step(gathered: Gathered, known: Known, ask: str) -> str:
    if has_open_dispute(known):
        return "Do not refund: a dispute is open. Answer that."
    if _TWICE.search(ask.lower()):
        return "Compare both charges in billing; refund the second if duplicate."
    if gathered.missing and open_balance(known) is None:
        return "Look the charges up by hand; correct or explain them."
    return _NEXT[ReasonCode.BILLING_DISPUTE]


def risks(
    request: HandoffRequest,
    known: Known,
    asked_at: datetime,
    *,
    repeat: str | None = None,
    conflicts: Sequence[str] = (),
    suspect: bool = False,
) -> tuple[str, ...]:
    """What could make this handoff costly, gravest first. `repeat`: that the customer has asked this before;
    `conflicts`: what the sources tell differently; `suspect`: that something in it speaks to a machine."""
    found = ["open dispute"] if has_open_dispute(known) else []
    found += _spoken_risks(request)
    found += ["suspect instructions"] if suspect else []
    found += [repeat] if repeat else []
    found += [f"sources disagree: {', '.join(conflicts).lower()}"] if conflicts else []
    renewal = near_renewal(known, asked_at)
    if is_key_account(known) or request.reason.code is ReasonCode.KEY_ACCOUNT:
        found.append("key account")
    if renewal:
        found.append(f"renews {renewal.isoformat()}")
    language = request.conversation.language
    if language and language.partition("-")[0].casefold() not in {"en", "eng"}:
        found.append(f"customer writes in {language}")
    return tuple(found)


def _spoken_risks(request: HandoffRequest) -> list[str]:
    turns = [
        turn
        for _, turn in numbered(request.conversation.turns, head=40, tail=80)
        if turn.role is Role.CUSTOMER
    ]
    spoken = "\n".join(turn.text[:_READ_OF_A_TURN] for turn in turns).lower()
    found = [risk for risk, signs in _WORDS_OF_RISK.items() if any(sign.search(spoken) for sign in signs)]
    if any(turn.sentiment is not None and turn.sentiment <= _VERY_NEGATIVE for turn in turns[-5:]):
        found.append("very upset")
    return found
