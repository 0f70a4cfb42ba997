"""Counts for Prometheus: fixed names, closed sets of labels, nothing about any customer.

The names are fixed: dashboards and alert rules are built on them. What is not in a label's closed set is counted as
`other`, so that nobody outside can make series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from batonpass import __version__
from batonpass.app.health import Health
from batonpass.app.metric_labels import FieldLabels, GrowingLabels, Labels
from batonpass.app.metric_views import Standing, StandingView, VendorView
from batonpass.domain.clock import Clock
from batonpass.domain.handoff import StepKind
from batonpass.domain.landing import Landing
from batonpass.sync import Ended
from batonpass.transport import Condition

MOST_AI_AGENTS = 16
MOST_CONNECTIONS = 8
MOST_STREAMS = 100
MOST_FIELDS = 64
CHANNELS = ("web_chat", "email", "chat", "messaging", "sms", "whatsapp", "social", "voice", "api")
_END_TO_END = (0.5, 1, 2, 3, 5, 10, 15, 30, 60, 120, 300, 900, 3600)
_STEP = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)
_LAG = (1, 5, 15, 60, 300, 900, 3600, 21600, 86400)


class RequestOutcome(StrEnum):
    """What was answered to an AI agent that asked for a handoff."""

    ACCEPTED = "accepted"
    REPLAYED = "replayed"
    """It was asked for before; the answer is the same."""
    INVALID = "invalid"
    CONFLICT = "conflict"
    """Another request with the same idempotency key."""
    UNAUTHORISED = "unauthorised"
    UNAVAILABLE = "unavailable"
    """It could not be kept: answered with 503."""


class WebhookVerdict(StrEnum):
    """What became of a vendor's delivery."""

    KEPT = "kept"
    SEEN = "seen"
    """All its events were there before."""
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    """It could not be kept: answered with 503."""


class Metrics:
    """What one process counts. Every method may be called from any thread, and none of them fails a handoff."""

    def __init__(
        self,
        *,
        ai_agents: Iterable[str],
        connections: Iterable[str],
        standing: Callable[[], Standing],
        conditions: Callable[[], Sequence[Condition]],
    ) -> None:
        """`standing` and `conditions` are asked at every reading, and must answer from memory."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types there
        self._registry = registry = CollectorRegistry()
        self._ai_agents = Labels(ai_agents, most=MOST_AI_AGENTS)
        self._channels = Labels(CHANNELS, most=len(CHANNELS))
        self._steps = Labels(StepKind, most=len(StepKind))
        self._connections = Labels(connections, most=MOST_CONNECTIONS)
        self._requests = Counter(
            "handoff_requests",
            "Handoffs that were asked for.",
            ("ai_agent", "channel", "outcome"),
            registry=registry,
        )
        self._end_to_end = Histogram(
            "handoff_end_to_end_seconds",
            "From the request to the ticket.",
            registry=registry,
            buckets=_END_TO_END,
        )
        self._step_seconds = Histogram(
            "handoff_step_seconds", "One attempt at a step.", ("step",), registry=registry, buckets=_STEP
        )
        self._webhooks = Counter(
            "webhook_received", "Deliveries by vendors.", ("connection", "verdict"), registry=registry
        )
        self._webhook_lag = Histogram(
            "webhook_lag_seconds",
            "From the event to its delivery.",
            ("connection",),
            registry=registry,
            buckets=_LAG,
        )
        self._reload_ok = Gauge(
            "config_last_reload_successful",
            "1: the mapping files as they are now are in force.",
            registry=registry,
        )
        self._reload_at = Gauge(
            "config_last_reload_success_timestamp_seconds",
            "When mapping files were last taken.",
            registry=registry,
        )
        self._synced_at = Gauge(
            "sync_last_success_timestamp_seconds",
            "When it was last read.",
            ("connection",),
            registry=registry,
        )
        self._field_names = FieldLabels(most=MOST_FIELDS)
        self._fields = Counter(
            "handoff_field_values",
            "Values for fields of tickets, by what became of them.",
            ("field", "fate"),
            registry=registry,
        )
        self._streams = GrowingLabels(most=MOST_STREAMS)
        self._endings = GrowingLabels(most=MOST_STREAMS)
        self._rounds = Counter(
            "sync_rounds", "Readings in bulk.", ("connection", "stream", "ended_as"), registry=registry
        )
        self._records = Counter(
            "sync_records", "Records read in bulk.", ("connection", "stream"), registry=registry
        )
        self._drift = Gauge(
            "mapping_drift_findings",
            "Lines of mappings that do not fit the account as it was last read.",
            ("connection",),
            registry=registry,
        )
        Gauge("handoff_build_info", "1.", ("version",), registry=registry).labels(__version__).set(1)
        registry.register(StandingView(standing))
        registry.register(VendorView(conditions, self._connections))

    def requested(self, ai_agent: str, channel: str | None, outcome: RequestOutcome) -> None:
        self._requests.labels(self._ai_agents(ai_agent), self._channels(channel), outcome.value).inc()

    def step_finished(self, kind: StepKind, seconds: float) -> None:
        """One attempt, whatever came of it."""
        self._step_seconds.labels(self._steps(kind)).observe(max(0.0, seconds))

    def ticketed(self, seconds: float) -> None:
        """A ticket stands, so many seconds after it was asked for."""
        self._end_to_end.observe(max(0.0, seconds))

    def landed(self, landings: Iterable[Landing]) -> None:
        """What has become of values for the fields of one ticket."""
        for each in landings:
            self._fields.labels(self._field_names(each.field), each.fate.value).inc()

    def drifted(self, connection: str, findings: int) -> None:
        """So many lines of its mapping do not fit the account any more."""
        self._drift.labels(self._connections(connection)).set(findings)

    def webhook_received(self, connection: str, verdict: WebhookVerdict, *, lag: float | None = None) -> None:
        """`lag`: seconds from its newest event; None where it has none."""
        name = self._connections(connection)
        self._webhooks.labels(name, verdict.value).inc()
        if lag is not None:
            self._webhook_lag.labels(name).observe(max(0.0, lag))

    def reloaded(self, at: datetime, *, successful: bool) -> None:
        """Mapping files were read because they had changed, or for the first time."""
        self._reload_ok.set(int(successful))
        if successful:
            self._reload_at.set(at.timestamp())

    def synced(self, connection: str, at: datetime) -> None:
        """What changed in the helpdesk has been read to the end."""
        self._synced_at.labels(self._connections(connection)).set(at.timestamp())

    def read_in_bulk(self, ended: Ended) -> None:
        """A round of a stream has ended."""
        labels = self._connections(ended.connection), self._streams(ended.stream)
        self._rounds.labels(*labels, self._endings(ended.ended_as)).inc()
        self._records.labels(*labels).inc(ended.counts["read"])

    def render(self) -> bytes:
        """In Prometheus' text format, 0.0.4."""
        return generate_latest(self._registry)


SHOWN_FOR = 1.0
"""Seconds for which one rendering is given to whoever asks: a storm of readers costs what one does."""


def metrics_app(metrics: Metrics, health: Health, clock: Clock) -> ASGIApp:
    """`GET /metrics` and `GET /livez`, for a port of its own: it asks for no key, and tells how much the business has to
    do."""
    rendered: tuple[float, bytes] | None = None

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal rendered
        if scope["type"] != "http":
            return
        if scope["path"] == "/livez":
            stuck = health.stuck_for()
            await PlainTextResponse("alive\n" if stuck is None else "stuck\n", 200 if stuck is None else 503)(
                scope, receive, send
            )
            return
        if scope["path"] != "/metrics" or scope["method"] not in {"GET", "HEAD"}:
            await PlainTextResponse("metrics are at /metrics, health at /livez\n", 404)(scope, receive, send)
            return
        now = clock.monotonic()
        if rendered is None or now - rendered[0] >= SHOWN_FOR:
            rendered = (now, metrics.render())
        await Response(rendered[1], media_type=CONTENT_TYPE_PLAIN_0_0_4)(scope, receive, send)

    return answer
