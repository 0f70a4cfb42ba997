"""Whose turn it is in each state, until when, and what follows when that time is over: pure.

| state | whose turn | until | then |
|--|--|--|--|
| requested, enriched | batonpass | two minutes after it was asked for | the customer is told, an alert |
| | | 72 hours after it was asked for | an alert; again once a day |
| ticketed, with an AI agent to tell | batonpass | 15 minutes | an alert; then as announced |
| announced; ticketed, with nobody to tell | the support team | a day | one look at the ticket, then an alert, again once a day |
| accepted | the agent | 30 days | one look at the ticket, then an alert, again once a day |
| parked | the operator | at once | an alert; again once a day |
| resolved, returned, abandoned | nobody | | |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from batonpass.domain.alert import AlertKind, NewAlert
from batonpass.domain.handoff import HandoffState, NewStep, StepKind
from batonpass.domain.overdue import Overdue, Verdict

LOOK_TAKES = timedelta(minutes=2)
"""From the look at a ticket to the alert, unless the look has found that a person has it."""
DAY = timedelta(days=1)
SELDOM_ENOUGH = timedelta(minutes=10)
_ROUNDING = timedelta(seconds=1)
"""The journal keeps milliseconds."""

_Ordered = TypeVar("_Ordered", datetime, timedelta)

TELL_DELAY = NewStep(kind=StepKind.TELL_DELAY)


class Owner(StrEnum):
    BATONPASS = "batonpass"
    SUPPORT_TEAM = "support_team"
    AGENT = "agent"
    OPERATOR = "operator"


OWNERS: Mapping[HandoffState, Owner] = MappingProxyType(
    {
        HandoffState.REQUESTED: Owner.BATONPASS,
        HandoffState.ENRICHED: Owner.BATONPASS,
        HandoffState.TICKETED: Owner.BATONPASS,
        HandoffState.ANNOUNCED: Owner.SUPPORT_TEAM,
        HandoffState.ACCEPTED: Owner.AGENT,
        HandoffState.PARKED: Owner.OPERATOR,
    }
)
"""Whose turn it is. A state that is not here is over: it has no owner and no deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """`[deadlines]` of the configuration, in seconds."""

    ticket_within: float = 120.0
    announce_within: float = 900.0
    accept_within: float = 86_400.0
    resolve_within: float = 2_592_000.0
    give_up_after: float = 259_200.0
    announced_to: frozenset[str] = frozenset()
    """The AI agents that are told of their tickets."""


_WITHIN: Mapping[HandoffState, Callable[[Deadlines], float]] = MappingProxyType(
    {
        HandoffState.REQUESTED: lambda settings: settings.ticket_within,
        HandoffState.ENRICHED: lambda settings: settings.ticket_within,
        HandoffState.TICKETED: lambda settings: settings.announce_within,
        HandoffState.ANNOUNCED: lambda settings: settings.accept_within,
        HandoffState.ACCEPTED: lambda settings: settings.resolve_within,
        HandoffState.PARKED: lambda _: 0.0,
    }
)
_SINCE_ASKED = frozenset({HandoffState.REQUESTED, HandoffState.ENRICHED})
"""For these the customer's waiting counts, not the time in the state."""


def first_deadline(
    state: HandoffState, at: datetime, created_at: datetime, settings: Deadlines
) -> datetime | None:
    """The deadline of a handoff that comes into this state `at`; None: it is over."""
    within = _WITHIN.get(state)
    if within is None:
        return None
    since = min(created_at, at) if state in _SINCE_ASKED else at
    return since + timedelta(seconds=within(settings))


def latest_deadline(
    state: HandoffState, now: datetime, settings: Deadlines, *, warned: bool
) -> datetime | None:
    """How late a deadline can be: a later one was set before the clock went back, and `on_overdue` brings it forward.
    None: the state has no deadline."""
    if not warned:
        return first_deadline(state, now, now, settings)
    longest = max(settings.give_up_after, settings.accept_within, DAY.total_seconds())
    return None if state not in OWNERS else now + timedelta(seconds=longest)


def on_overdue(overdue: Overdue, now: datetime, *, settings: Deadlines) -> Verdict:
    """What follows at a deadline. The next one, where there is one, is always later than `now`."""
    latest = latest_deadline(overdue.state, now, settings, warned=overdue.warned)
    if latest is None:
        return Verdict()
    deadline_at = min(overdue.deadline_at, latest)
    if deadline_at > now:
        return Verdict(deadline_at=deadline_at)
    return _ON_OVERDUE[overdue.state](overdue, now, settings)


def _without_ticket(overdue: Overdue, now: datetime, settings: Deadlines) -> Verdict:
    asked_at = min(overdue.created_at, now)
    steps = () if overdue.warned or overdue.has_ticket else (TELL_DELAY,)
    give_up_at = asked_at + timedelta(seconds=settings.give_up_after)
    if give_up_at > now:
        return Verdict(steps=steps, deadline_at=give_up_at, alert=_late(overdue, settings))
    detail = (
        f"handoffs have no ticket {_said(settings.give_up_after)} after they were asked for; "
        "somebody should answer their customers. Next: batonpass doctor"
    )
    alert = NewAlert(kind=AlertKind.HANDOFF_PARKED, about="no_ticket_in_time", detail=detail)
    return Verdict(steps=steps, deadline_at=now + DAY, alert=alert)


def _late(overdue: Overdue, settings: Deadlines) -> NewAlert:
    detail = (
        f"customers have waited for their ticket for more than {_said(settings.ticket_within)}; "
        "the work goes on by itself. Next: batonpass doctor"
    )
    return NewAlert(kind=AlertKind.HANDOFFS_LATE, about=overdue.helpdesk, detail=detail)


def _ticketed(overdue: Overdue, now: datetime, settings: Deadlines) -> Verdict:
    """At first the AI agent's knowing it is what is waited for; after that, as where there is none to tell, the team."""
    due = overdue.updated_at + timedelta(seconds=settings.accept_within)
    if overdue.warned:
        return _not_accepted(overdue, now, settings, looked=overdue.deadline_at > due + _ROUNDING)
    return Verdict(
        look=due <= now,
        deadline_at=_between(due, now + LOOK_TAKES, now + timedelta(seconds=settings.accept_within)),
        alert=_unheard(overdue, settings) if overdue.ai_agent in settings.announced_to else None,
    )


def _unheard(overdue: Overdue, settings: Deadlines) -> NewAlert:
    detail = (
        f"tickets stand, but for more than {_said(settings.announce_within)} the AI agent has not taken the news; "
        "it is sent again by itself. Next: see that its callback_url answers"
    )
    return NewAlert(kind=AlertKind.AI_AGENT_NOT_TOLD, about=overdue.ai_agent, detail=detail)


def _announced(overdue: Overdue, now: datetime, settings: Deadlines) -> Verdict:
    return _not_accepted(overdue, now, settings, looked=overdue.warned)


def _not_accepted(overdue: Overdue, now: datetime, settings: Deadlines, *, looked: bool) -> Verdict:
    detail = (
        f"no agent has taken these tickets within {_said(settings.accept_within)}. "
        "Next: look at the queue in the helpdesk; batonpass trace ID tells of one handoff"
    )
    alert = NewAlert(kind=AlertKind.NOT_ACCEPTED, about=overdue.helpdesk, detail=detail)
    return _looked_at_first(overdue, now, within=settings.accept_within, looked=looked, alert=alert)


def _accepted(overdue: Overdue, now: datetime, settings: Deadlines) -> Verdict:
    detail = (
        f"agents took these tickets more than {_said(settings.resolve_within)} ago, and they are not solved. "
        "Next: look for the oldest open tickets in the helpdesk"
    )
    alert = NewAlert(kind=AlertKind.NOT_RESOLVED, about=overdue.helpdesk, detail=detail)
    return _looked_at_first(overdue, now, within=settings.resolve_within, looked=overdue.warned, alert=alert)


def _looked_at_first(
    overdue: Overdue, now: datetime, *, within: float, looked: bool, alert: NewAlert
) -> Verdict:
    """A webhook may have been lost: read the ticket, and say something only where that changes nothing."""
    if not looked:
        # After a clock has gone back we may be early here; `_ticketed` knows a second deadline by its being later.
        due = min(overdue.updated_at, now) + timedelta(seconds=within)
        early = overdue.state is HandoffState.TICKETED and due > now
        return Verdict(look=True, deadline_at=due + LOOK_TAKES if early else now + LOOK_TAKES)
    # Said again, so that an alert that is confirmed no more can be taken for over.
    again = _between(timedelta(seconds=within), SELDOM_ENOUGH, DAY)
    return Verdict(alert=alert, deadline_at=now + again)


def _parked(overdue: Overdue, now: datetime, _: Deadlines) -> Verdict:
    detail = "handoffs go no further by themselves. Next: batonpass trace ID tells why, and what to do"
    alert = NewAlert(kind=AlertKind.HANDOFF_PARKED, about=overdue.helpdesk, detail=detail)
    return Verdict(alert=alert, deadline_at=now + DAY)


_ON_OVERDUE: Mapping[HandoffState, Callable[[Overdue, datetime, Deadlines], Verdict]] = MappingProxyType(
    {
        HandoffState.REQUESTED: _without_ticket,
        HandoffState.ENRICHED: _without_ticket,
        HandoffState.TICKETED: _ticketed,
        HandoffState.ANNOUNCED: _announced,
        HandoffState.ACCEPTED: _accepted,
        HandoffState.PARKED: _parked,
    }
)


def _between(value: _Ordered, least: _Ordered, most: _Ordered) -> _Ordered:
    return max(least, min(value, most))


def _said(seconds: float) -> str:
    """A length of time as people say it: in the largest unit of which there are two."""
    for name, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} seconds"
