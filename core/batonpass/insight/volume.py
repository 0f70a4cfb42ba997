"""How many tickets, when, and of what kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from batonpass.insight.columns import Columns
from batonpass.insight.figures import Breakdown, Figure, Part, Unit, breakdown, count, named
from batonpass.insight.topics import NAMES

_NOT_TOLD = "the helpdesk does not tell it of any of these tickets"
_BY = (
    ("channel", "channel", "Channel", "Where the ticket came from, as the helpdesk says."),
    ("status", "status", "Status", "How the ticket stands now."),
    ("priority", "priority", "Priority", "The priority that the ticket has now."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When tickets were opened, in the window's time zone."""

    days: tuple[tuple[date, int], ...]
    """Every day of the window, also those without any; the first and the last one may be parts of days."""
    weeks: tuple[tuple[date, int], ...]
    """By the Monday that they begin with; the first and the last one may be parts of weeks."""
    hours: tuple[tuple[int, ...], ...]
    """Seven rows from Monday on, of 24 hours each."""


def rhythm_of(columns: Columns) -> Rhythm:
    zone = columns.window.zone
    days = Counter[date]()
    hours = [[0] * 24 for _ in range(7)]
    for each in columns.created:
        at = datetime.fromtimestamp(each / 1000, zone)
        days[at.date()] += 1
        hours[at.weekday()][at.hour] += 1
    first, last = columns.window.since.astimezone(zone).date(), columns.window.until.astimezone(zone).date()
    all_days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    weeks = Counter[date]()
    for day in all_days:
        weeks[day - timedelta(days=day.weekday())] += days[day]
    return Rhythm(
        days=tuple((day, days[day]) for day in all_days),
        weeks=tuple(sorted(weeks.items())),
        hours=tuple(tuple(row) for row in hours),
    )


def counted(columns: Columns) -> tuple[Figure, ...]:
    n, days = len(columns), columns.window.days
    waiting = n - sum(columns.done)
    per_day = n / days if days else 0.0
    return (
        count("tickets", "Tickets", "Tickets that were opened within the window.", n, n),
        count("per_day", "Tickets per day", "The tickets over the days of the window.", per_day, n, unit=Unit.PER_DAY),
        count("unsolved", "Not solved", "Of these tickets, those that were not solved when the copy was read.", waiting, n),
    )  # fmt: skip


def breakdowns(
    columns: Columns, people: Mapping[str, str], groups: Mapping[str, str]
) -> tuple[Breakdown, ...]:
    """`people` and `groups`: ids → names."""
    n = len(columns)
    made = [_by(columns, name, column, title, says) for name, column, title, says in _BY]
    made.append(
        _by(
            columns,
            "group",
            "group_id",
            "Group",
            "The group that the ticket is assigned to now.",
            shown=groups,
        )
    )
    made.append(
        _by(
            columns,
            "agent",
            "agent_id",
            "Agent",
            "The person that the ticket is assigned to now.",
            shown=people,
        )
    )
    made.append(_by(columns, "category", "category", "Category", "What the helpdesk sorts the ticket by."))
    made.append(_topics(columns))
    tags = breakdown(
        "tag", "Tag", "Each tag, with the share of the tickets that bear one; a ticket may bear several.",
        columns.tags, not_told=n - columns.tagged, missing="no ticket bears a tag",
    )  # fmt: skip
    if columns.tagged:
        parts = [Part(name=p.name, tickets=p.tickets, share=p.tickets / columns.tagged) for p in tags.parts]
        tags = Breakdown(
            name=tags.name, title=tags.title, says=tags.says, parts=tuple(parts), not_told=tags.not_told
        )
    return (*made, tags)


def _by(
    columns: Columns, name: str, column: str, title: str, says: str, *, shown: Mapping[str, str] | None = None
) -> Breakdown:
    codes = Counter(getattr(columns, name))
    return breakdown(
        name, title, says, named(codes, columns.words[column].names, shown), not_told=codes[-1], missing=_NOT_TOLD
    )  # fmt: skip


def _topics(columns: Columns) -> Breakdown:
    counts = Counter(columns.topic)
    return breakdown(
        "topic",
        "Topic",
        "What the category, a tag or a word of the subject names, by the table of words below; other: nothing does.",
        {NAMES[each]: n for each, n in counts.items()},
        not_told=0,
        missing=_NOT_TOLD,
    )
