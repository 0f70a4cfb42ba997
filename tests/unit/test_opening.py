"""Where the time of a store begins when it is opened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batonpass.app.opening import _no_earlier
from fakes import NOON


@pytest.mark.parametrize(
    ("newest", "begins"),
    [(None, 0), (-5, 0), (3600, 3600), (86_400, 86_400), (90_000, 0)],
    ids=["a new store", "an older stamp", "set back an hour", "set back a day", "was wrong by more"],
)
def test_p11_time_goes_on_from_where_the_store_has_come_to(newest: int | None, begins: int) -> None:
    stamp = None if newest is None else NOON + timedelta(seconds=newest)

    assert _no_earlier(NOON, stamp) == NOON + timedelta(seconds=begins)
