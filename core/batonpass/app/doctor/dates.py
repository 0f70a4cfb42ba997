"""What vendors will close, as far as it concerns this configuration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from batonpass.app.config import Config
from batonpass.app.doctor.verdicts import Examined, ok, warning

SOON_DAYS = 180


def ending_soon(config: Config, today: date) -> Iterator[Examined]:
    """One row for each date, the nearest first; a warning where it is near or over."""
    dates = {
        (end.on, each.manifest.title): end
        for each in config.connections
        for end in each.manifest.end_dates
        if end.setting is None or getattr(each.settings, end.setting) is not None
    }
    for (on, title), end in sorted(dates.items()):
        days = (on - today).days
        left = f"in {days} days" if days > 0 else f"{-days} days ago" if days < 0 else "today"
        told = f"{title}, {on} ({left}): {end.what}"
        yield warning("end date", told, end.fix) if days <= SOON_DAYS else ok("end date", told)
