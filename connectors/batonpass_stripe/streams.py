"""What Stripe gives in bulk: which streams there are, and how a round of each is planned and read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import structlog

from batonpass.domain.clock import Clock
from batonpass.domain.errors import RefusedError
from batonpass.domain.facts import FactRule
from batonpass.domain.synced import RecordKind
from batonpass.ports import Deletions, Page, Round, Slice, Stream
from batonpass_stripe.client import Place, StripeClient
from batonpass_stripe.kinds import Customers, Disputes, Invoices, Kind, Subscriptions
from batonpass_stripe.listing import Part, listed
from batonpass_stripe.record import ProductNames
from batonpass_stripe.rights import permission
from batonpass_stripe.synced_records import Documents
from batonpass_stripe.told_changes import Changes, Since

log = structlog.get_logger()

LAG = timedelta(minutes=5)
"""What is created or happens may be missing from Stripe's lists for a while, seconds as a rule; others who read it have
settled on so much: https://github.com/singer-io/tap-stripe/pull/45"""
EVENTS_REACH = timedelta(days=29)
"""Stripe keeps events for 30 days: https://docs.stripe.com/api/events"""
CLOCKS_DIFFER = timedelta(days=1)
"""At most, Stripe's from ours."""
MOST_SLICES = 4
"""Stripe takes 25 calls a second at one endpoint (https://docs.stripe.com/rate-limits): more would only wait."""

_BY_EVENTS = (
    "What has changed comes from Stripe's events, which the key must be allowed to read (Events: read); without that, and "
    "after more than 29 days without a round, everything is read again."
)
_QUARTER, _WEEK = timedelta(minutes=15), timedelta(days=7)

STREAMS = (
    Stream(
        name="customers",
        kinds=(RecordKind.CUSTOMER,),
        every=_QUARTER,
        incremental=True,
        deletions=Deletions.TOLD,
        lag=LAG,
        says=_BY_EVENTS,
    ),
    Stream(
        name="subscriptions",
        kinds=(RecordKind.SUBSCRIPTION,),
        every=_QUARTER,
        incremental=True,
        deletions=Deletions.NEVER,
        reads_all_every=_WEEK,
        lag=LAG,
        says=f"{_BY_EVENTS} Nobody can delete a subscription: it ends. A product that gets another name is noticed once "
        "a week.",
    ),
    Stream(
        name="invoices",
        kinds=(RecordKind.INVOICE,),
        every=_QUARTER,
        incremental=True,
        deletions=Deletions.TOLD,
        lag=LAG,
        says=f"{_BY_EVENTS} Only drafts can be deleted.",
    ),
    Stream(
        name="disputes",
        kinds=(RecordKind.DISPUTE,),
        every=timedelta(hours=1),
        incremental=True,
        deletions=Deletions.NEVER,
        lag=LAG,
        says=f"{_BY_EVENTS} Nobody can delete a dispute. Whose it is, is known where the key may read charges.",
    ),
)

# https://docs.stripe.com/api/events/types
_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "customers": ("customer.created", "customer.updated", "customer.deleted"),
        "subscriptions": (
            "customer.subscription.created",
            "customer.subscription.updated",
            "customer.subscription.deleted",
            "customer.subscription.paused",
            "customer.subscription.resumed",
            "customer.subscription.pending_update_applied",
            "customer.subscription.pending_update_expired",
        ),
        "invoices": (
            "invoice.created",
            "invoice.updated",
            "invoice.deleted",
            "invoice.finalized",
            "invoice.finalization_failed",
            "invoice.marked_uncollectible",
            "invoice.overdue",
            "invoice.overpaid",
            "invoice.paid",
            "invoice.payment_action_required",
            "invoice.payment_failed",
            "invoice.payment_succeeded",
            "invoice.sent",
            "invoice.voided",
        ),
        "disputes": (
            "charge.dispute.created",
            "charge.dispute.updated",
            "charge.dispute.closed",
            "charge.dispute.funds_reinstated",
            "charge.dispute.funds_withdrawn",
        ),
    }
)
_DELETIONS = frozenset({"customer.deleted", "invoice.deleted"})
"""`customer.subscription.deleted` says that it has ended: it is there still."""


@dataclass(frozen=True, slots=True)
class _Read:
    kind: Kind[Any]
    changes: Changes[Any]


class StripeStreams:
    """`Streams` over one account."""

    def __init__(self, client: StripeClient, clock: Clock, *, name: str) -> None:
        self._name = name
        self._warned: set[str] = set()
        kinds: dict[str, Kind[Any]] = {
            "customers": Customers(client),
            "subscriptions": Subscriptions(client, ProductNames(client, clock)),
            "invoices": Invoices(client),
            "disputes": Disputes(client),
        }
        self._reads = {
            stream: _Read(kind, Changes(client, kind, types=_TYPES[stream], deletions=_DELETIONS))
            for stream, kind in kinds.items()
        }

    def streams(self) -> tuple[Stream, ...]:
        return STREAMS

    async def begin_round(
        self, stream: str, position: str | None, *, since: datetime | None, now: datetime, most_slices: int
    ) -> Round:
        """As `Streams` promises, by one call or two. A position is the second, by Stripe's clock, from which on events
        may be new; with anything else in its place everything is read."""
        told, newest = await self._newest(stream)
        settled = settled_at(now, newest)
        follows = str(settled) if told else None
        start = None if since is None else int(since.timestamp())
        if position is not None and position.isdecimal():
            start = int(position)
        if told and start is not None and start >= (now - EVENTS_REACH).timestamp():
            return Round(slices=(Since(since=start).to_slice(),), position=follows, complete=False)
        parts = await self._parts(stream, min(most_slices, MOST_SLICES))
        slices = (
            Part(as_of=settled, now=int(now.timestamp()), nth=nth, of=parts).to_slice()
            for nth in range(parts)
        )
        return Round(slices=tuple(slices), position=follows, complete=True)

    def pages(
        self, stream: str, part: Slice, cursor: str | None, *, rules: Sequence[FactRule]
    ) -> AsyncIterator[Page]:
        reads, documents = self._reads[stream], Documents.of(rules)
        told = json.loads(part.start)
        if "events" in told:
            return reads.changes.pages(Since(**told["events"]), cursor, documents=documents)
        return listed(reads.kind, Part(**told["list"]), cursor, documents=documents)

    async def _newest(self, stream: str) -> tuple[bool, int | None]:
        """Whether the key may read events, and when the newest one of this stream happened."""
        try:
            return True, await self._reads[stream].changes.newest()
        except RefusedError as error:
            if error.code != "forbidden":
                raise
            if stream not in self._warned:
                self._warned.add(stream)
                log.warning(
                    "the API key may not read events; each round reads everything",
                    connection=self._name,
                    stream=stream,
                    permission=permission(error, "events"),
                )
            return False, None

    async def _parts(self, stream: str, most: int) -> int:
        """One where a single page has it all."""
        if most < 2:
            return 1
        first = await self._reads[stream].kind.page(Place())
        return most if first.has_more else 1


def settled_at(now: datetime, newest: int | None) -> int:
    """The second before which Stripe's lists and events are sure to show everything: some minutes ago, or right after
    the newest event, where nothing has happened since. Nothing new is missed where our clock is wrong: the time of
    that event is Stripe's, and of a quiet day the whole is read again, for it costs nothing.
    """
    settled = int((now - LAG).timestamp())
    if newest is not None and newest >= settled:
        return settled
    return max(0 if newest is None else newest + 1, int((now - CLOCKS_DIFFER).timestamp()))
