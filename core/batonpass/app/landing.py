"""How many of the values that mappings write do land, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from batonpass.domain.landing import Fate
from batonpass.store import StoreAddress, landings
from batonpass.store.instants import to_ms
from batonpass.store.landings import FieldLandings
from batonpass.store.migrating import migrated
from batonpass.store.reading import look


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldReport:
    """A field over all of the asked days."""

    connection: str
    field: str
    counts: dict[Fate, int]
    days: tuple[FieldLandings, ...]
    """Oldest first."""

    @property
    def rate(self) -> float | None:
        """The share that landed, of all that was read back or never got so far; None where nothing was."""
        landed = self.counts[Fate.LANDED]
        judged = landed + sum(
            self.counts[fate] for fate in (Fate.ALTERED, Fate.DROPPED, Fate.REFUSED, Fate.UNFIT)
        )
        return landed / judged if judged else None


def landing_report(store: StoreAddress, *, since: datetime) -> list[FieldReport]:
    """The worst first. Only reads; a server may be running. Raises `StoreError`."""
    if "0004_mappings" in migrated(store).pending:
        return []
    return reports(look(store, partial(landings.since, at=to_ms(since))))


def reports(days: Iterable[FieldLandings]) -> list[FieldReport]:
    found: dict[tuple[str, str], list[FieldLandings]] = {}
    for each in days:
        found.setdefault((each.connection, each.field), []).append(each)
    made = [
        FieldReport(connection=connection, field=field, counts=_summed(of), days=tuple(of))
        for (connection, field), of in found.items()
    ]
    return sorted(made, key=_worst_first)


def _summed(days: Iterable[FieldLandings]) -> dict[Fate, int]:
    counts = Counter[Fate]()
    for each in days:
        counts.update(each.counts)
    return {fate: counts[fate] for fate in Fate}


def _worst_first(report: FieldReport) -> tuple[float, str, str]:
    return (2.0 if report.rate is None else report.rate), report.connection, report.field
