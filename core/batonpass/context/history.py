"""What the customer asked before, over all systems: one list, and whether this is about the same matter again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from batonpass.context.reading import Reading
from batonpass.domain.conversation import HandoffRequest, ReasonCode, Role
from batonpass.domain.facts import Fact, Gathered
from batonpass.domain.history import ContactKind, PastContact

REPEAT_WITHIN = timedelta(days=14)
RECENT_TICKETS = "support.recent_tickets"
"""The fact that tells the newest tickets as lines, for fields of tickets; the note has them as contacts."""
MOST_SHOWN = 20
"""Contacts in the package, the newest; the handoff's page and the systems themselves have the rest."""
_READ_OF_A_TURN = 600
_LAST_ASKS = 3

_TELLING = frozenset(
    {
        ReasonCode.BILLING_DISPUTE,
        ReasonCode.SECURITY,
        ReasonCode.TECHNICAL_FAILURE,
        ReasonCode.LEGAL_OR_SAFETY,
    }
)
"""Reasons that name a matter; the others say how the conversation went."""

_WORD = re.compile(r"\w+")
_REFERENCE = re.compile(r"(?=\w*[0-9]\w*[0-9]\w*[0-9]\w*[0-9])\w{4,40}")
"""An order number, an invoice: four digits and more."""
_SPACELESS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_ENDINGS = ("ing", "ed", "es", "s")
_LEAST_STEM = 4
_LEAST_SHARED = 2
_LEAST_SHARE = 0.5
_STOP_WORDS = frozenset(
    """
    a about after again all am an and any are as at be been but by can could did do does for from get got had has have
    he hello help hi how i if in into is it its just like me my need new no not now of off on one or our out please
    she so some still that the their them then there they this to up us want was we were what when where which who why
    will with would you your thank thanks issue problem question request support ticket customer regarding
    der die das ein eine einen und oder ist sind war ich wir sie es mein meine nicht mit von zu zum zur im in auf
    für bei bitte danke hallo wie was wo wann warum habe hat haben kann können noch immer problem frage anfrage
    el la los las un una y o es son mi no con de del por para que en se al hola gracias ayuda problema pregunta
    le les des du et ou est sont mon ma mes pas avec pour dans sur je nous vous bonjour merci aide problème
    """.split()  # noqa: SIM905 - a list would be 150 lines
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """This handoff is about what the customer has asked before, not long ago."""

    number: int
    """This is the so-manieth contact about it."""
    since: datetime
    """When the first of them began."""
    days: int
    """From then to now."""
    last: PastContact
    """The newest of them before this one."""

    @property
    def text(self) -> str:
        """ "3rd contact in 9 days about the same matter"."""
        within = "today" if self.days == 0 else f"in {self.days} day{'' if self.days == 1 else 's'}"
        return f"{_ordinal(self.number)} contact {within} about the same matter"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    contacts: tuple[PastContact, ...] = ()
    """Newest first, each once."""
    left_out: int = 0
    """How many more were told."""
    repeat: Repeat | None = None


NO_HISTORY = History()


def history_of(gathered: Gathered, request: HandoffRequest, reading: Reading, asked_at: datetime) -> History:
    """Deterministic: the same sources say the same."""
    contacts = merged(gathered)
    if not contacts:
        return NO_HISTORY
    return History(
        contacts=contacts[:MOST_SHOWN],
        left_out=max(0, len(contacts) - MOST_SHOWN),
        repeat=repeat_of(contacts, request, reading, asked_at),
    )


def merged(gathered: Gathered) -> tuple[PastContact, ...]:
    """All contacts newest first, those that two systems know once: as the ticket, with the reason that only our own
    handoff knows."""
    kept: dict[tuple[str, ...], PastContact] = {}
    told = [contact for report in gathered.reports for contact in report.contacts]
    for contact in (*told, *gathered.handoffs):
        names = _names(contact)
        known = next((kept[name] for name in names if name in kept), None)
        one = contact if known is None else _both(known, contact)
        for name in {*names, *(() if known is None else _names(known)), *_names(one)}:
            kept[name] = one
    distinct = {id(each): each for each in kept.values()}
    return tuple(sorted(distinct.values(), key=lambda each: (each.at, each.source, each.id), reverse=True))


def with_titles(gathered: Gathered, masked: Callable[[str], str]) -> Gathered:
    """What was gathered, the title of every contact and earlier ticket `masked`: customers write those."""

    def of(contacts: tuple[PastContact, ...]) -> tuple[PastContact, ...]:
        return tuple(replace(each, title=masked(each.title)) for each in contacts)

    def fact(told: Fact) -> Fact:
        if told.name != RECENT_TICKETS or not isinstance(told.value, tuple):
            return told
        return replace(told, value=tuple(map(masked, told.value)))

    return replace(
        gathered,
        reports=tuple(
            replace(each, contacts=of(each.contacts), facts=tuple(map(fact, each.facts)))
            for each in gathered.reports
        ),
        handoffs=of(gathered.handoffs),
    )


def _names(contact: PastContact) -> list[tuple[str, ...]]:
    """All by which the same contact may be told again."""
    source = "" if contact.kind is ContactKind.HANDOFF else contact.source
    names: list[tuple[str, ...]] = [(source, contact.id)]
    if contact.ticket_id:
        names.append((contact.source, contact.ticket_id))
    if contact.url:
        names.append(("url", contact.url.rstrip("/")))
    return names


def _both(first: PastContact, second: PastContact) -> PastContact:
    """The one that is nearer to agents' work, completed by the other."""
    rank = {ContactKind.TICKET: 0, ContactKind.CONVERSATION: 1, ContactKind.HANDOFF: 2}
    near, far = sorted((first, second), key=lambda each: rank[each.kind])
    return replace(
        near,
        title=near.title or far.title,
        url=near.url or far.url,
        channel=near.channel or far.channel,
        reason=near.reason or far.reason,
        ticket_id=near.ticket_id or far.ticket_id,
    )


# The same matter ----------------------------------------------------------------------------------------------------


def repeat_of(
    contacts: Sequence[PastContact], request: HandoffRequest, reading: Reading, asked_at: datetime
) -> Repeat | None:
    """The contacts of the last fourteen days that are about the same: the same telling reason, a number in common, or
    most of the words that carry their title."""
    lately = [each for each in contacts if timedelta(0) <= asked_at - each.at <= REPEAT_WITHIN]
    if not lately:
        return None
    topic = _topic(_now(request, reading))
    same = [each for each in lately if _same_matter(each, request.reason.code, topic)]
    if not same:
        return None
    first = min(each.at for each in same)
    return Repeat(number=len(same) + 1, since=first, days=(asked_at.date() - first.date()).days, last=same[0])


def _now(request: HandoffRequest, reading: Reading) -> Iterable[str]:
    yield request.reason.text or ""
    if reading.ask is not None:
        yield reading.ask.text
    yield from (each.text for each in reading.asks[-_LAST_ASKS:])
    customer = [turn for turn in request.conversation.turns if turn.role is Role.CUSTOMER]
    yield from (turn.text[:_READ_OF_A_TURN] for turn in customer[:1])
    yield from (turn.intent.replace("_", " ") for turn in customer if turn.intent)


def _same_matter(contact: PastContact, reason: ReasonCode, topic: frozenset[str]) -> bool:
    if reason in _TELLING and contact.reason == reason.value:
        return True
    title = _topic((contact.title,))
    shared = title & topic
    if any(_REFERENCE.fullmatch(word) for word in shared):
        return True
    return len(shared) >= _LEAST_SHARED and len(shared) >= len(title) * _LEAST_SHARE


def _topic(texts: Iterable[str]) -> frozenset[str]:
    """The words that say what it is about, without their endings; of scripts that write no spaces, pairs of letters."""
    words: set[str] = set()
    for text in texts:
        for word in _WORD.findall(text.casefold()):
            if _SPACELESS.search(word):
                words.update(word[at : at + 2] for at in range(len(word) - 1))
            elif word not in _STOP_WORDS and (len(word) > 2 or word.isdecimal()):
                words.add(_stem(word))
    return frozenset(words)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            return word.removesuffix(ending)
    return word


# As text ------------------------------------------------------------------------------------------------------------


def contact_text(contact: PastContact, titles: Mapping[str, str], *, today: date | None) -> str:
    """ "2026-11-18: Lamp not delivered (solved), Zendesk #123": without its link."""
    on = "today" if contact.at.date() == today else contact.at.date().isoformat()
    where = titles.get(contact.source, contact.source)
    shown_as = contact.shown_as if contact.kind is not ContactKind.HANDOFF else "handoff"
    channel = f", {contact.channel}" if contact.channel else ""
    return f"{on}: {contact.title or 'without a title'} ({contact.outcome}), {where} {shown_as}{channel}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
