"""What a source says at last, beside what its copy has told before: only what differs is worth a note."""

from __future__ import annotations

from dataclasses import dataclass, replace

from batonpass.context.history import RECENT_TICKETS
from batonpass.domain.facts import Fact, Gathered, SourceReport, Standing
from batonpass.domain.history import PastContact

_KNOWS_NOBODY = frozenset({Standing.NOT_FOUND, Standing.AMBIGUOUS, Standing.NO_KEY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    report: SourceReport
    """The source's answer, without what was shown already."""
    gone: tuple[Fact, ...] = ()
    """What was shown and holds no more."""


def later_than(shown: Gathered, answer: SourceReport) -> Later:
    """What `answer` adds to what has been `shown`. Contacts alone are news only beside a copy."""
    copied = next((each for each in shown.reports if each.source == answer.source and each.is_copied), None)
    if copied is None:
        told = answer if answer.facts else replace(answer, contacts=())
        return Later(report=told)
    if answer.standing in _KNOWS_NOBODY:
        return Later(report=answer, gone=_compared(copied))
    if answer.standing is not Standing.FOUND:
        return Later(report=replace(answer, facts=(), contacts=()))
    before, now = _compared(copied), _compared(answer)
    known = {fact.name: fact.value for fact in before}
    still = {fact.name for fact in now}
    seen = {_told(each) for each in copied.contacts}
    return Later(
        report=replace(
            answer,
            facts=tuple(fact for fact in now if fact.name not in known or known[fact.name] != fact.value),
            contacts=tuple(each for each in answer.contacts if _told(each) not in seen),
        ),
        gone=tuple(fact for fact in before if fact.name not in still),
    )


def _compared(report: SourceReport) -> tuple[Fact, ...]:
    """The newest tickets are compared as contacts, where they are told as such."""
    return tuple(fact for fact in report.facts if fact.name != RECENT_TICKETS or not report.contacts)


def _told(contact: PastContact) -> tuple[str, str, str]:
    return contact.kind, contact.id, contact.outcome
