"""What vendors will close, as far as it concerns this configuration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from batonpass.app.config import Config
from batonpass.app.doctor.verdicts import Examined, ok, warning
from batonpass.ports import EndDate

SOON_DAYS = 180


def ending_soon(config: Config, today: date) -> Iterator[Examined]:
    """One row for each date, the nearest first; a warning where something that is in use ends soon."""
    for on, title, end in sorted(_dates(config, today), key=lambda each: each[:2]):
        days = (on - today).days
        left = f"in {days} days" if days > 0 else f"{-days} days ago" if days < 0 else "today"
        told = f"{title}, {on} ({left}): {end.what}"
        in_use = end.setting is not None
        yield warning("end date", told, end.fix) if in_use and days <= SOON_DAYS else ok("end date", told)


def _dates(config: Config, today: date) -> Iterator[tuple[date, str, EndDate]]:
    """Those of settings that are used, and of each connector the general ones that are still to come."""
    for each in config.connections:
        for end in each.manifest.end_dates:
            used = end.setting is not None and getattr(each.settings, end.setting) is not None
            if used or (end.setting is None and end.on >= today):
                yield end.on, each.manifest.title, end
