"""What the tests of the audit share: a history whose truth is known, and its audit."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from batonpass.insight import Audit, Columns, Window, audit_of
from batonpass.testing.past_desk import PastDesk


def columns_of(desk: PastDesk, zone: str = "UTC") -> Columns:
    columns = Columns(window=Window(since=desk.since, until=desk.until, zone=ZoneInfo(zone)))
    for id_, told in desk.all_columns():
        columns.add(told, read_at=0, rating=desk.ratings.get(id_))
    return columns


def audited(desk: PastDesk, *, zone: str = "UTC", **more: Any) -> Audit:
    return audit_of(columns_of(desk, zone), connection="support", helpdesk="Helpdesk", **more)
