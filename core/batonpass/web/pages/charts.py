"""Charts as rectangles: templates write them as inline SVG, without a script and without a letter inside.

All of it lies within 100 units of width and `HEIGHT` of height, and is stretched to its place; what it says stands in
the text beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batonpass.insight import Figure, Part, Share, Unit
from batonpass.insight.automation import Category, Effort

WIDTH, HEIGHT = 100.0, 30.0
LEVELS = 8
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    x: float
    y: float = 0.0
    width: float
    height: float = HEIGHT
    kind: str = ""
    """Its class: the style sheet knows its colour."""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    boxes: tuple[Box, ...]
    label: str
    """What it shows, for who does not see it."""


def columns(values: Sequence[tuple[str, int]], *, label: str) -> Chart:
    """One bar for each, side by side."""
    most = max((n for _, n in values), default=0) or 1
    step = WIDTH / max(len(values), 1)
    boxes = (
        Box(
            x=_short(place * step + step * 0.1),
            y=_short(HEIGHT * (1 - n / most)),
            width=_short(step * 0.8),
            height=_short(HEIGHT * n / most),
            kind="bar",
            title=f"{name}: {n}",
        )
        for place, (name, n) in enumerate(values)
    )
    return Chart(boxes=tuple(boxes), label=label)


def stack(category: Category) -> Chart:
    """How much of its tickets an AI agent could do."""
    boxes, x = [], 0.0
    for effort in Effort:
        n = category.efforts[effort]
        width = WIDTH * n / max(category.tickets, 1)
        if n:
            boxes.append(
                Box(x=_short(x), width=_short(width), kind=effort.value, title=f"{effort.value}: {n}")
            )
        x += width
    told = ", ".join(f"{effort.value} {category.efforts[effort]}" for effort in Effort)
    return Chart(boxes=tuple(boxes), label=f"{category.name}: {told}")


def interval(found: Figure | Share) -> Chart | None:
    """A share within 0 to 1, with its interval; None for what is none."""
    if isinstance(found, Figure) and (found.unit is not Unit.SHARE or found.value is None):
        return None
    value, low, high = found.value or 0.0, found.low or 0.0, found.high or 0.0
    return Chart(
        boxes=(
            Box(x=0, width=_short(WIDTH * value), kind="bar"),
            Box(
                x=_short(WIDTH * low),
                y=9,
                width=_short(max(0.6, WIDTH * (high - low))),
                height=12,
                kind="error",
            ),
        ),
        label=f"{value:.1%}, {low:.1%} to {high:.1%}",
    )


def part(found: Part) -> Chart:
    return Chart(
        boxes=(Box(x=0, width=_short(WIDTH * min(1.0, found.share)), kind="bar"),), label=f"{found.share:.1%}"
    )


def week(hours: Sequence[Sequence[int]]) -> Chart:
    """Seven rows of 24 hours, the fuller the darker."""
    most = max((n for row in hours for n in row), default=0) or 1
    wide, high = WIDTH / 24, HEIGHT / 7
    boxes = (
        Box(
            x=_short(hour * wide),
            y=_short(day * high),
            width=_short(wide * 0.94),
            height=_short(high * 0.9),
            kind=f"level-{round(LEVELS * n / most)}",
            title=f"{_DAYS[day]} {hour:02}:00: {n}",
        )
        for day, row in enumerate(hours)
        for hour, n in enumerate(row)
    )
    return Chart(
        boxes=tuple(boxes), label="Tickets by weekday and hour; the same numbers stand in the JSON output"
    )


def _short(number: float) -> float:
    return round(number, 3)
