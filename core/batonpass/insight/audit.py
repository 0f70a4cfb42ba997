"""The audit of the past: all that a copy of a helpdesk's tickets says, put together."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from batonpass.insight.advice import NOTHING, Advice, advice_of
from batonpass.insight.asked import AskedAgain, AskedLooks, asked_again
from batonpass.insight.automation import Automation, automation_of
from batonpass.insight.columns import UNKNOWN, Columns
from batonpass.insight.figures import Breakdown, Figure
from batonpass.insight.lasting import lasting
from batonpass.insight.outcomes import outcomes
from batonpass.insight.passing import passing
from batonpass.insight.repeats import repeats_in
from batonpass.insight.topics import NAMES, OTHER, SAY_LITTLE, TOPICS
from batonpass.insight.volume import Rhythm, breakdowns, counted, rhythm_of

_FILLED = 0.5


class By(StrEnum):
    """What tickets are sorted by."""

    AUTO = "auto"
    """The category where it is filled and says what a ticket is about; else the topic."""
    CATEGORY = "category"
    TOPIC = "topic"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    connection: str
    helpdesk: str
    """Its name for people."""
    since: datetime
    until: datetime
    """When the copy was read: what happened later is not in it."""
    zone: str
    days: float
    tickets: int
    by: By
    by_because: str
    advice: tuple[Advice, ...]
    figures: tuple[Figure, ...]
    rhythm: Rhythm
    breakdowns: tuple[Breakdown, ...]
    automation: Automation
    asked: AskedAgain
    warnings: tuple[str, ...] = ()
    """What somebody must know before they believe any of it."""
    topics: Mapping[str, str] = field(default_factory=lambda: dict(TOPICS))

    def figure(self, name: str) -> Figure:
        return next(each for each in self.figures if each.name == name)


def audit_of(
    columns: Columns,
    *,
    connection: str,
    helpdesk: str,
    people: Mapping[str, str] = MappingProxyType({}),
    groups: Mapping[str, str] = MappingProxyType({}),
    by: By = By.AUTO,
    looks: Sequence[AskedLooks] = (),
    warnings: Sequence[str] = (),
) -> Audit:
    chosen, because = _chosen(columns, by)
    kinds, names = _kinds(columns, chosen, groups)
    repeats = repeats_in(columns, kinds)
    rest = OTHER if chosen is By.TOPIC else NOTHING
    automation = automation_of(columns, repeats, kinds, names, rest=rest)
    asked = asked_again(looks)
    figures = (
        *counted(columns),
        *passing(columns),
        *lasting(columns),
        *outcomes(columns, repeats),
        asked.rate,
    )
    window = columns.window
    rhythm = rhythm_of(columns)
    return Audit(
        connection=connection,
        helpdesk=helpdesk,
        since=window.since,
        until=window.until,
        zone=window.zone.key,
        days=round(window.days, 2),
        tickets=len(columns),
        by=chosen,
        by_because=because,
        advice=advice_of({each.name: each for each in figures}, automation, asked, rhythm),
        figures=figures,
        rhythm=rhythm,
        breakdowns=breakdowns(columns, people, groups),
        automation=automation,
        asked=asked,
        warnings=(*warnings, *_gaps(columns)),
    )


def _chosen(columns: Columns, by: By) -> tuple[By, str]:
    if by is not By.AUTO:
        return by, "as asked for"
    filled = columns.told["category"] / len(columns) if len(columns) else 0.0
    if filled < _FILLED:
        return By.TOPIC, f"the helpdesk's category is filled for {filled:.0%} of the tickets only"
    words = {each.casefold() for each in columns.words["category"].names}
    if words <= SAY_LITTLE:
        return By.TOPIC, "the helpdesk's category says what kind of work a ticket is, not what it is about"
    return By.CATEGORY, f"the helpdesk's category is filled for {filled:.0%} of the tickets"


def _kinds(columns: Columns, by: By, groups: Mapping[str, str]) -> tuple[array[int], list[str]]:
    """(what each ticket is about, the names): what is below 0 is like no other."""
    if by is By.CATEGORY:
        return columns.category, columns.words["category"].names
    if by is By.GROUP:
        return columns.group, [groups.get(each, each) for each in columns.words["group_id"].names]
    other = NAMES.index(OTHER)
    return array("i", (UNKNOWN if each == other else each for each in columns.topic)), list(NAMES)


def _gaps(columns: Columns) -> list[str]:
    found = []
    if columns.undated:
        found.append(
            f"{columns.undated} tickets are left out: the helpdesk does not tell when they were opened"
        )
    senders = Counter(each for each in columns.customer if each >= 0)
    if senders and len(columns) >= 200:
        most = senders.most_common(1)[0][1]
        if most > len(columns) / 20:
            found.append(
                f"one customer opened {most} of the tickets ({most / len(columns):.0%}): a machine? It counts in all figures"
            )
    return found
