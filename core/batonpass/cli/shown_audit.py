"""How `batonpass audit` shows what the past says."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from batonpass.domain.text import reveal
from batonpass.insight import Audit, Breakdown
from batonpass.insight.automation import Category, Effort
from batonpass.insight.saying import error_words, interval_words, lasting_words, share_words, value_words

NARROW = 90
"""Columns below which what can be left out is left out."""
_PARTS = 6
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def shown_audit(audit: Audit, *, width: int) -> Iterator[RenderableType]:
    narrow = width < NARROW
    yield Text(
        f"{audit.tickets:,} tickets of {audit.connection} ({audit.helpdesk}), opened from {audit.since:%Y-%m-%d %H:%M}"
        f" to {audit.until:%Y-%m-%d %H:%M} UTC, as they stood then"
    )
    if audit.advice:
        yield _title("What stands out")
        for n, each in enumerate(audit.advice, 1):
            yield Text(f"{n}. {reveal(each.says)}\n   {reveal(each.because)}")
    yield _title("Figures")
    yield _figures(audit, narrow=narrow)
    yield _title(f"What could be automated, by {audit.by}")
    yield _categories(audit, narrow=narrow)
    yield from _rule(audit)
    for found in audit.breakdowns:
        if found.name not in {"agent", "tag"} or not narrow:
            yield _title(found.title)
            yield _breakdown(found)
    yield _title(f"Busiest hours ({audit.zone})")
    yield _hours(audit)
    if audit.asked.kinds:
        yield _title("What people asked again")
        yield _asked(audit)


def _title(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _table(*names: str, numbers: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in names:
        is_number = name in numbers
        table.add_column(name, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table


def _figures(audit: Audit, *, narrow: bool) -> Table:
    table = _table("", "value", "95 % range", "tickets", numbers=("value", "tickets"))
    for each in audit.figures:
        if each.value is None:
            table.add_row(each.title, "not known", Text(each.not_known or ""), "")
            continue
        cases = f"{each.cases:,}"
        if each.left_out and not narrow:
            cases += f" (not told: {each.left_out:,})"
        table.add_row(each.title, value_words(each), error_words(each), cases)
    return table


def _categories(audit: Audit, *, narrow: bool) -> Table:
    names = ("", "tickets", "fully", "partly", "not", "came back", "handed over", "solved in")
    shown = names[:5] if narrow else names
    table = _table(*shown, numbers=shown[1:])
    for each in (audit.automation.all, *audit.automation.categories):
        table.add_row(*_cells(each, audit, narrow=narrow)[: len(shown)])
    return table


def _cells(each: Category, audit: Audit, *, narrow: bool) -> list[RenderableType]:
    fully = share_words(each.fully)
    if each.fully is not None and not narrow:
        fully += f" ({interval_words(each.fully)})"
    median = each.median_resolution
    return [
        Text("all" if each is audit.automation.all else reveal(each.name)),
        f"{each.tickets:,}",
        fully,
        share_words(each.partly),
        share_words(each.never),
        share_words(each.back),
        share_words(each.handed),
        "not known" if median is None else lasting_words(median),
    ]


def _rule(audit: Audit) -> Iterator[Text]:
    rule = audit.automation.rule
    unjudged = audit.automation.all.efforts[Effort.UNJUDGED]
    yield Text(
        f"by {audit.by}, for {audit.by_because}; of the tickets that can be judged: "
        f"{unjudged:,} of {audit.tickets:,} cannot",
        style="dim",
    )
    for line in rule.says:
        yield Text(f"  {line}", style="dim")
    if rule.left_out:
        yield Text(
            f"  this helpdesk does not tell {', '.join(rule.left_out)}: the rule goes without", style="dim"
        )


def _breakdown(found: Breakdown) -> RenderableType:
    if found.not_known is not None:
        return Text(f"not known: {found.not_known}")
    table = _table("", "tickets", "share", numbers=("tickets", "share"))
    for each in found.parts[:_PARTS]:
        table.add_row(Text(reveal(each.name)), f"{each.tickets:,}", f"{each.share:.1%}")
    rest = found.others + sum(each.tickets for each in found.parts[_PARTS:])
    if rest:
        table.add_row("others", f"{rest:,}", "")
    if found.not_told:
        table.add_row("not told", f"{found.not_told:,}", "")
    return table


def _hours(audit: Audit) -> Table:
    table = _table("", "tickets", "share", numbers=("tickets", "share"))
    hours = [(n, day, hour) for day, row in enumerate(audit.rhythm.hours) for hour, n in enumerate(row) if n]
    hours.sort(key=lambda each: (-each[0], each[1], each[2]))
    for n, day, hour in hours[:5]:
        table.add_row(
            f"{_DAYS[day]} {hour:02}:00 to {(hour + 1) % 24:02}:00", f"{n:,}", f"{n / audit.tickets:.1%}"
        )
    return table


def _asked(audit: Audit) -> Table:
    table = _table("", "conversations", "share", "95 % range", numbers=("conversations", "share"))
    for kind, n, share in audit.asked.kinds:
        table.add_row(kind.replace("_", " "), f"{n}", share_words(share), interval_words(share))
    return table
