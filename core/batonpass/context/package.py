"""The context package: everything that travels with the handoff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from batonpass.context.asked_once import rows_of
from batonpass.context.brief import Brief, make_brief
from batonpass.context.citing import Cited
from batonpass.context.given import Given, GivenKind, lines_of, what_was_given
from batonpass.context.history import NO_HISTORY, History, contact_text, history_of
from batonpass.context.known import Conflict, conflicts
from batonpass.context.reading import read
from batonpass.context.redaction import NOTHING_MASKED, Masked
from batonpass.context.summary import Summary, make_summary
from batonpass.context.suspicion import NOT_SUSPECT, Suspicion, suspicion_about
from batonpass.context.transcript import transcript_text
from batonpass.context.tried import Tried, tried_line, what_was_tried
from batonpass.context.words import ELLIPSIS
from batonpass.domain.conversation import Conversation, HandoffRequest
from batonpass.domain.facts import FactValue, Gathered
from batonpass.domain.ids import HandoffId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPackage:
    handoff_id: HandoffId
    asked_at: datetime
    agent_name: str
    """The AI agent that handed over, by its name in the configuration."""
    request: HandoffRequest
    gathered: Gathered
    mended: bool
    """Whether the request held text that cannot be stored, which was replaced."""
    brief: Brief
    summary: Summary
    tried: tuple[Tried, ...]
    url: str | None
    """Where the handoff's steps can be seen."""
    older: int = 0
    """How many turns from before those of the request the helpdesk did not give."""
    history: History = NO_HISTORY
    """What the customer asked before."""
    conflicts: tuple[Conflict, ...] = ()
    """What two sources tell differently."""
    given: tuple[Given, ...] = ()
    """What the customer said already and must not be asked again."""
    masked: Masked = NOTHING_MASKED
    """What of the request was masked."""
    suspicion: Suspicion = NOT_SUSPECT
    """Where something speaks to a machine instead of a person."""

    def values(self) -> Mapping[str, FactValue]:
        """Every path of `PACKAGE_PATHS` that has a value, then every fact by its name.

        Where two sources tell the same fact the first one stands, and `facts.conflicts` says so; no fact replaces a
        path of the package.
        """
        found = {
            path: value for path, value in self._own_values().items() if value is not None and value != ""
        }
        for fact in self.gathered.facts:
            found.setdefault(fact.name, fact.value)
        return _Values(found, self.request.conversation)

    def _own_values(self) -> dict[str, FactValue | None]:
        request, conversation = self.request, self.request.conversation
        customer, technical = request.customer, request.technical
        return {
            **self._given_values(),
            "tried.lines": tuple(tried_line(item) for item in self.tried) or None,
            "handoff.id": self.handoff_id,
            "handoff.url": self.url,
            "handoff.reason": request.reason.code.value,
            "handoff.reason_text": request.reason.text,
            "handoff.confidence": None if request.confidence is None else round(request.confidence * 100),
            "handoff.ai_agent": self.agent_name,
            "conversation.id": conversation.id,
            "conversation.channel": conversation.channel,
            "conversation.language": conversation.language,
            "conversation.turns": len(conversation.turns),
            _TRANSCRIPT: ELLIPSIS,
            "customer.name": customer.name,
            "customer.email": customer.email,
            "customer.phone": customer.phone,
            "customer.identity": customer.identity.value,
            "issue.title": self.brief.ask,
            "issue.summary": self.summary.text,
            "brief.text": self.brief.text,
            "technical.error": next(iter(technical.errors), None),
            "technical.browser": technical.browser,
            "technical.os": technical.os,
            "technical.attempted_action": technical.attempted_action,
            "history.contacts": tuple(
                contact_text(each, {}, today=self.asked_at.date()) for each in self.history.contacts
            )
            or None,
            "history.repeat": self.history.repeat.text if self.history.repeat else None,
            "facts.conflicts": tuple(each.text({}) for each in self.conflicts) or None,
            "facts.missing": tuple(report.source for report in self.gathered.missing) or None,
        }

    def _given_values(self) -> dict[str, FactValue | None]:
        """The newest value where a path has one, else all of them, newest first."""
        found: dict[str, FactValue | None] = {
            f"given.{kind.value}": next(iter(lines_of(self.given, kind)), None) for kind in _ONE_VALUE
        }
        for path, kind in _MANY_VALUES.items():
            found[path] = lines_of(self.given, kind) or None
        found["given.lines"] = tuple(f"{label}: {value}" for label, value in rows_of(self.given)) or None
        return found


_TRANSCRIPT = "conversation.transcript"


class _Values(Mapping[str, FactValue]):
    """The values of a package; the transcript is written when it is asked for, for few mappings ask."""

    __slots__ = ("_conversation", "_known", "_transcript")

    def __init__(self, known: Mapping[str, FactValue], conversation: Conversation) -> None:
        """`known` has the transcript's path in its place."""
        self._known, self._conversation = known, conversation
        self._transcript: str | None = None

    def __getitem__(self, path: str) -> FactValue:
        if path != _TRANSCRIPT:
            return self._known[path]
        if self._transcript is None:
            self._transcript = transcript_text(self._conversation)
        return self._transcript

    def __contains__(self, path: object) -> bool:
        return path in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


_ONE_VALUE = (
    GivenKind.ORDER_NUMBER,
    GivenKind.REFERENCE,
    GivenKind.ERROR,
    GivenKind.DEVICE,
    GivenKind.PAYMENT,
    GivenKind.ADDRESS,
    GivenKind.CONTACT,
    GivenKind.EMAIL,
    GivenKind.PHONE,
    GivenKind.NAME,
    GivenKind.POSTCODE,
)
_MANY_VALUES = {
    "given.order_numbers": GivenKind.ORDER_NUMBER,
    "given.products": GivenKind.PRODUCT,
    "given.dates": GivenKind.DATE,
    "given.amounts": GivenKind.AMOUNT,
    "given.choices": GivenKind.CHOICE,
    "given.confirmed": GivenKind.CONFIRMED,
}


def build_package(
    *,
    handoff_id: HandoffId,
    asked_at: datetime,
    agent_name: str,
    request: HandoffRequest,
    gathered: Gathered,
    mended: bool = False,
    url: str | None = None,
    older: int = 0,
    written: Sequence[Cited] = (),
    masked: Masked = NOTHING_MASKED,
) -> ContextPackage:
    """The package of one handoff. The same input gives the same package.

    `written` are the sentences of a language model; those that their turns do not support are left out.
    """
    reading = read(request.conversation)
    given = what_was_given(request.conversation)
    tried = what_was_tried(request, reading)
    history = history_of(gathered, request, reading, asked_at)
    differing = conflicts(gathered, request.customer)
    suspicion = suspicion_about(request)
    return ContextPackage(
        handoff_id=handoff_id,
        asked_at=asked_at,
        agent_name=agent_name,
        request=request,
        gathered=gathered,
        mended=mended,
        brief=make_brief(
            request=request,
            gathered=gathered,
            asked_at=asked_at,
            reading=reading,
            tried=tried,
            repeat=history.repeat.text if history.repeat else None,
            conflicts=[each.about for each in differing],
            suspect=bool(suspicion),
            given=given,
            url=url,
        ),
        summary=make_summary(request, reading, written),
        given=given,
        tried=tried,
        url=url,
        older=older,
        history=history,
        conflicts=differing,
        masked=masked,
        suspicion=suspicion,
    )
