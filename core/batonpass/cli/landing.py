"""`batonpass landing`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from batonpass.app.landing import FieldReport, landing_report
from batonpass.cli.options import DEFAULT_CONFIG, AsJson, ConfigPath, store_of
from batonpass.cli.terminal import print_json, stderr, stdout
from batonpass.cli.times import moment
from batonpass.domain.clock import SystemClock
from batonpass.domain.landing import Fate

Since = Annotated[
    str, typer.Option("--since", help="So long ago (12h, 30d), or a day (2026-11-21); whole days, UTC.")
]


def landing(config: ConfigPath = DEFAULT_CONFIG, since: Since = "30d", as_json: AsJson = False) -> None:
    """Show, field by field, how many values reached their place.

    sent: accepted by the helpdesk; landed, altered, dropped: what reading the ticket back has shown; refused: the
    helpdesk took the ticket only without it; unfit: the mapping could not bring it into the field. What did not land
    stands in the ticket's note. Counts only, each ticket once. A server may be running. Exit codes: 0 done, 2 wrong
    usage, or a store that cannot be read.
    """
    now = SystemClock().now()
    found = landing_report(store_of(config), since=moment(since, now, "--since") or now)
    if as_json:
        print_json("batonpass.landing/1", fields=[_json(each) for each in found])
    elif found:
        stdout().print(_table(found))
    else:
        stderr().print("nothing is counted since then", soft_wrap=True)
    if any(each.rate is not None and each.rate < 1 for each in found):
        stderr().print("next: batonpass check --live (says which line does not fit the account)")


def _table(found: Sequence[FieldReport]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("connection")
    table.add_column("field", overflow="fold")
    for fate in Fate:
        table.add_column(fate.value, justify="right")
    table.add_column("rate", justify="right")
    for each in found:
        counts = [str(each.counts[fate]) for fate in Fate]
        rate = "not read" if each.rate is None else f"{each.rate:.1%}"
        table.add_row(each.connection, Text(each.field), *counts, rate)
    return table


def _json(each: FieldReport) -> dict[str, object]:
    return {
        "connection": each.connection,
        "field": each.field,
        **{fate.value: each.counts[fate] for fate in Fate},
        "rate": None if each.rate is None else round(each.rate, 4),
        "days": [
            {"day": day.day.isoformat(), **{fate.value: day.counts[fate] for fate in Fate}}
            for day in each.days
        ],
    }
