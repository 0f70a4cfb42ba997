"""Rounds of a Stripe connection's streams, as whoever keeps the records reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from stripe_rig import SetClock

from batonpass.domain.facts import FactRule
from batonpass.domain.synced import Record
from batonpass_stripe.adapter import StripeBilling
from batonpass_stripe.emulator import StripeEmulator

HOUR = 3600.0
NO_RULES: Sequence[FactRule] = ()


async def read(
    billing: StripeBilling,
    stream: str,
    position: str | None = None,
    *,
    now: datetime,
    since: datetime | None = None,
    most_slices: int = 1,
    asked: Sequence[FactRule] = NO_RULES,
) -> tuple[list[Record], str | None]:
    """The records of a round in the order in which they come, and where the next one begins."""
    planned = await billing.begin_round(stream, position, since=since, now=now, most_slices=most_slices)
    found = []
    for part in planned.slices:
        async for page in billing.pages(stream, part, None, rules=asked):
            found += page.records
    return found, planned.position


def kept(records: Sequence[Record]) -> dict[str, Record]:
    """As the store keeps them: of two readings the later one counts, of two of one moment the last."""
    known: dict[str, Record] = {}
    for each in records:
        before = known.get(each.id)
        if before is None or before.changed_at <= each.changed_at:
            known[each.id] = each
    return known


def only(records: Sequence[Record]) -> Record:
    (record,) = records
    return record


async def after_a_first_round(
    stripe: StripeEmulator, clock: SetClock, billing: StripeBilling, stream: str
) -> str:
    """An hour from now nothing is new."""
    clock.pass_seconds(HOUR)
    _, position = await read(billing, stream, now=clock.now())
    clock.pass_seconds(HOUR)
    stripe.calls.clear()
    assert position is not None
    return position
