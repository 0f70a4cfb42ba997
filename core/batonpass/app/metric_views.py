"""What is not counted as it happens but looked up when Prometheus asks."""

from __future__ import annotations

from collections import Counter as Sums
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from batonpass.app.metric_labels import GrowingLabels, Labels
from batonpass.domain.alert import AlertKind
from batonpass.domain.handoff import HandoffState
from batonpass.transport import Condition

log = structlog.get_logger()
T = TypeVar("T")

MOST_OPERATIONS = 48
_BROKEN = frozenset({"breaker_open", "credentials_refused", "unavailable"})
"""Why a gate is closed that stands for a fault; a rate limit is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand, as the journal was last read."""

    items: Mapping[HandoffState, int] = field(default_factory=dict)
    oldest: Mapping[HandoffState, float] = field(default_factory=dict)
    """Seconds since the oldest handoff of a state came into it."""
    alerts: Mapping[AlertKind, int] = field(default_factory=dict)
    """How many are open."""
    store_free_bytes: int | None = None
    """None where it is another machine's."""


class StandingView(Collector):
    """Handoffs by state, open alerts, space. States without handoffs are 0, so that a rule need not guess."""

    def __init__(self, standing: Callable[[], Standing]) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        now = _asked(self._standing)
        if now is None:
            return
        items = GaugeMetricFamily("handoff_items", "Handoffs by state.", labels=("state",))
        oldest = GaugeMetricFamily(
            "handoff_oldest_item_age_seconds",
            "How long the oldest one has been in its state.",
            labels=("state",),
        )
        for state in HandoffState:
            items.add_metric((state.value,), now.items.get(state, 0))
            oldest.add_metric((state.value,), now.oldest.get(state, 0.0))
        yield items
        yield oldest
        yield GaugeMetricFamily(
            "handoff_dead_items", "Parked: a person must look.", value=now.items.get(HandoffState.PARKED, 0)
        )
        alerts = GaugeMetricFamily("handoff_alerts_open", "Alerts that are open.", labels=("kind",))
        for kind in AlertKind:
            alerts.add_metric((kind.value,), now.alerts.get(kind, 0))
        yield alerts
        if now.store_free_bytes is not None:
            yield GaugeMetricFamily(
                "store_free_bytes", "Space left where the journal is.", value=now.store_free_bytes
            )


class VendorView(Collector):
    """Calls to vendors, from the counters of the connections' transports."""

    def __init__(self, conditions: Callable[[], Sequence[Condition]], connections: Labels) -> None:
        self._conditions = conditions
        self._connections = connections
        self._operations = GrowingLabels(most=MOST_OPERATIONS)

    def collect(self) -> Iterator[Metric]:
        conditions = _asked(self._conditions)
        if conditions is None:
            return
        yield from self._calls(conditions)
        yield from self._gates(conditions)

    def _calls(self, conditions: Sequence[Condition]) -> Iterator[Metric]:
        calls: Sums[tuple[str, str, str]] = Sums()
        took: dict[tuple[str, str], list[float]] = {}
        for condition in conditions:
            connection = self._connections(condition.connection)
            for operation in condition.operations:
                name = self._operations(operation.operation)
                summed = took.setdefault((connection, name), [0, 0.0])
                summed[0] += operation.calls
                summed[1] += operation.seconds
                for outcome, count in operation.outcomes.items():
                    calls[connection, name, outcome.value] += count
        requests = CounterMetricFamily(
            "vendor_requests", "Calls to vendors.", labels=("connection", "operation", "class")
        )
        for labels, count in sorted(calls.items()):
            if count:
                requests.add_metric(labels, count)
        yield requests
        durations = SummaryMetricFamily(
            "vendor_request_duration_seconds", "Time that calls to vendors took.",
            labels=("connection", "operation"),
        )  # fmt: skip
        for pair, (number, total) in sorted(took.items()):
            durations.add_metric(pair, count_value=int(number), sum_value=total)
        yield durations

    def _gates(self, conditions: Sequence[Condition]) -> Iterator[Metric]:
        left: dict[str, int] = {}
        broken: dict[str, int] = {}
        for condition in conditions:
            connection = self._connections(condition.connection)
            if condition.calls_left is not None:
                left[connection] = min(left.get(connection, condition.calls_left), condition.calls_left)
            faulty = any(gate.why in _BROKEN for gate in condition.closed)
            broken[connection] = max(broken.get(connection, 0), int(faulty))
        remaining = GaugeMetricFamily(
            "vendor_rate_limit_remaining", "Calls left in the vendor's window.", labels=("connection",)
        )
        for name, count in sorted(left.items()):
            remaining.add_metric((name,), count)
        yield remaining
        opened = GaugeMetricFamily(
            "vendor_circuit_open", "1: some calls are held back until they may help.", labels=("connection",)
        )
        for name, count in sorted(broken.items()):
            opened.add_metric((name,), count)
        yield opened


def _asked(ask: Callable[[], T]) -> T | None:
    """What cannot be looked up is left out: the rest is all the more wanted then."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - see above
        log.warning("metrics_incomplete", error=type(error).__name__)
        return None
