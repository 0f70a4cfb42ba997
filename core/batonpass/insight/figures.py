"""Figures: a value, what it means, of how many cases, and how far it may be off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from batonpass.insight.estimates import Quantile, wilson

MOST_PARTS = 20


class Unit(StrEnum):
    COUNT = "count"
    PER_DAY = "per_day"
    SHARE = "share"
    """0 to 1."""
    POINTS = "points"
    """The difference of two shares, -1 to 1."""
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    title: str
    says: str
    """Its definition, one sentence."""
    unit: Unit
    value: float | None = None
    is_exact: bool = False
    """It is a count: nothing about it is estimated."""
    low: float | None = None
    high: float | None = None
    """The 95 % interval of what is estimated; an end that the data do not reach is None."""
    cases: int = 0
    left_out: int = 0
    """Tickets of which the helpdesk does not tell what the definition needs."""
    not_known: str | None = None
    """Why there is no value."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of `cases`, how many; with the 95 % interval of the rate behind it."""

    value: float
    low: float
    high: float
    cases: int

    @classmethod
    def of(cls, hits: int, cases: int) -> Share | None:
        """None where there is no case."""
        if not cases:
            return None
        low, high = wilson(hits, cases)
        return cls(value=hits / cases, low=low, high=high, cases=cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    name: str
    tickets: int
    share: float
    """Of the tickets of which this is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """The tickets by one of their properties; counted."""

    name: str
    title: str
    says: str
    parts: tuple[Part, ...] = ()
    """The most frequent first."""
    others: int = 0
    """How many tickets belong to parts that are not listed."""
    not_told: int = 0
    """How many tickets have none."""
    not_known: str | None = None


def share(
    name: str,
    title: str,
    says: str,
    hits: int,
    cases: int,
    *,
    missing: str,
    left_out: int = 0,
    notes: tuple[str, ...] = (),
) -> Figure:
    """`missing`: why it is not known where there is no case."""
    found = Share.of(hits, cases)
    if found is None:
        return Figure(
            name=name, title=title, says=says, unit=Unit.SHARE, left_out=left_out, not_known=missing, notes=notes
        )  # fmt: skip
    return Figure(
        name=name,
        title=title,
        says=says,
        unit=Unit.SHARE,
        value=found.value,
        low=found.low,
        high=found.high,
        cases=cases,
        left_out=left_out,
        notes=notes,
    )


def count(name: str, title: str, says: str, value: float, cases: int, *, unit: Unit = Unit.COUNT) -> Figure:
    return Figure(name=name, title=title, says=says, unit=unit, value=value, is_exact=True, cases=cases)


def length(
    name: str,
    title: str,
    says: str,
    found: Quantile | None,
    cases: int,
    *,
    missing: str,
    left_out: int = 0,
    notes: tuple[str, ...] = (),
) -> Figure:
    """A length of time, in seconds."""
    return Figure(
        name=name,
        title=title,
        says=says,
        unit=Unit.SECONDS,
        value=None if found is None else found.value,
        low=None if found is None else found.low,
        high=None if found is None else found.high,
        cases=cases,
        left_out=left_out,
        not_known=missing if found is None else None,
        notes=notes,
    )


def breakdown(
    name: str, title: str, says: str, counts: Mapping[str, int], *, not_told: int, missing: str
) -> Breakdown:
    known = sum(counts.values())
    if not known:
        return Breakdown(name=name, title=title, says=says, not_told=not_told, not_known=missing)
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return Breakdown(
        name=name,
        title=title,
        says=says,
        parts=tuple(Part(name=part, tickets=n, share=n / known) for part, n in ordered[:MOST_PARTS]),
        others=sum(n for _, n in ordered[MOST_PARTS:]),
        not_told=not_told,
    )


def named(codes: Counter[int], names: list[str], shown: Mapping[str, str] | None = None) -> dict[str, int]:
    """Codes → what they stand for; those below 0 stand for nothing. Two of one shown name are told apart by id."""
    found: dict[str, int] = {}
    for code, n in codes.items():
        if code < 0:
            continue
        id_ = names[code]
        text = id_ if shown is None else shown.get(id_, id_)
        key = f"{text} ({id_})" if text in found else text
        found[key] = n
    return found
