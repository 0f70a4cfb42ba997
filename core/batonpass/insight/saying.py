"""Figures in words: the same on the page and in the terminal."""

from __future__ import annotations

from batonpass.insight.figures import Figure, Share, Unit

_UNITS = (("days", 86_400), ("h", 3_600), ("min", 60))


def value_words(figure: Figure) -> str:
    return "not known" if figure.value is None else _said(figure.value, figure.unit)


def error_words(figure: Figure) -> str:
    """How far it may be off; nothing where it is not known."""
    if figure.value is None:
        return ""
    if figure.is_exact:
        return "counted"
    low, high = figure.low, figure.high
    if low is None or high is None:
        return "" if low is None else f"{_said(low, figure.unit)} or more"
    if figure.unit is Unit.SECONDS:
        unit, size = _unit(figure.value)
        return f"{low / size:.3g} to {high / size:.3g} {unit}"
    return f"{_said(low, figure.unit)} to {_said(high, figure.unit)}"


def share_words(share: Share | None) -> str:
    return "not known" if share is None else f"{share.value:.0%}"


def interval_words(share: Share | None) -> str:
    return "" if share is None else f"{share.low:.0%} to {share.high:.0%}"


def percent(value: float, low: float, high: float) -> str:
    return f"{value:.0%} ({low:.0%} to {high:.0%})"


def lasting_words(seconds: float) -> str:
    """In the largest unit of which there are two: "95 min", "31 h", "4.2 days"."""
    unit, size = _unit(seconds)
    return (
        f"{seconds / size:.0f} {unit}"
        if seconds >= 10 * size or size == 1
        else f"{seconds / size:.1f} {unit}"
    )


def _unit(seconds: float) -> tuple[str, int]:
    return next((each for each in _UNITS if seconds >= 2 * each[1]), ("s", 1))


def _said(value: float, unit: Unit) -> str:
    if unit is Unit.COUNT:
        return f"{value:,.0f}"
    if unit is Unit.PER_DAY:
        return f"{value:,.1f}"
    if unit is Unit.SECONDS:
        return lasting_words(value)
    return f"{value:.1%}" if unit is Unit.SHARE else f"{100 * value:+.0f} points"
