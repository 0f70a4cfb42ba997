"""What Prometheus reads: fixed names, bounded labels, nothing about customers."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from batonpass import __version__
from batonpass.app.health import Health
from batonpass.app.metric_views import Standing
from batonpass.app.metrics import Metrics, RequestOutcome, WebhookVerdict, metrics_app
from batonpass.domain.alert import AlertKind
from batonpass.domain.handoff import HandoffState, StepKind
from batonpass.domain.landing import Fate, Landing
from batonpass.testing.serving import served
from batonpass.transport import ClosedGate, Condition, OperationCount, Outcome
from fakes import NOON, FakeClock

NAMES = {
    "handoff_requests_total": {"ai_agent", "channel", "outcome"},
    "handoff_end_to_end_seconds": set(),
    "handoff_step_seconds": {"step"},
    "handoff_items": {"state"},
    "handoff_oldest_item_age_seconds": {"state"},
    "handoff_dead_items": set(),
    "handoff_alerts_open": {"kind"},
    "vendor_requests_total": {"connection", "operation", "class"},
    "vendor_request_duration_seconds": {"connection", "operation"},
    "vendor_rate_limit_remaining": {"connection"},
    "vendor_circuit_open": {"connection"},
    "webhook_received_total": {"connection", "verdict"},
    "webhook_lag_seconds": {"connection"},
    "config_last_reload_successful": set(),
    "config_last_reload_success_timestamp_seconds": set(),
    "sync_last_success_timestamp_seconds": {"connection"},
    "handoff_field_values_total": {"field", "fate"},
    "mapping_drift_findings": {"connection"},
    "store_free_bytes": set(),
    "handoff_build_info": {"version"},
}
STANDING = Standing(
    items={HandoffState.ENRICHED: 3, HandoffState.PARKED: 2},
    oldest={HandoffState.ENRICHED: 41.5},
    alerts={AlertKind.HANDOFFS_LATE: 1},
    store_free_bytes=10**9,
)


def condition(connection="desk", operation="tickets.create", **changes) -> Condition:
    outcomes = dict.fromkeys(Outcome, 0) | {Outcome.DONE: 5, Outcome.LIMITED: 1}
    values = {
        "connection": connection,
        "account": connection,
        "closed": (),
        "calls_left": 600,
        "calls_total": 700,
        "repeats_refused": 0,
        "operations": (OperationCount(operation=operation, outcomes=outcomes, seconds=1.5),),
    }
    return Condition(**(values | changes))


def made(*, standing=lambda: STANDING, conditions=lambda: [condition()], ai_agents=("bot",)) -> Metrics:
    return Metrics(ai_agents=ai_agents, connections=["desk", "crm"], standing=standing, conditions=conditions)


def touch_everything(metrics: Metrics) -> None:
    metrics.requested("bot", "web_chat", RequestOutcome.ACCEPTED)
    metrics.step_finished(StepKind.OPEN_TICKET, 0.3)
    metrics.ticketed(2.5)
    metrics.webhook_received("desk", WebhookVerdict.KEPT, lag=4.0)
    metrics.reloaded(NOON, successful=True)
    metrics.synced("desk", NOON)
    metrics.landed([Landing(field="Customer tier", fate=Fate.DROPPED)])
    metrics.drifted("desk", 2)


def read(metrics: Metrics) -> dict[str, dict[tuple, float]]:
    """Name of a sample → its labels → its value."""
    found: dict[str, dict[tuple, float]] = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def one(metrics: Metrics, name: str, **labels: str) -> float:
    return read(metrics)[name][tuple(sorted(labels.items()))]


def test_the_names_and_their_labels_are_these_and_no_others():
    metrics = made()
    touch_everything(metrics)

    found: dict[str, set[str]] = {}
    for name, series in read(metrics).items():
        plain = re.sub(r"_(bucket|count|sum)$", "", name)
        found.setdefault(plain, set()).update({key for labels in series for key, _ in labels} - {"le"})

    assert found == NAMES


def test_what_happens_is_counted():
    metrics = made()
    touch_everything(metrics)
    metrics.webhook_received("crm", WebhookVerdict.REJECTED)

    assert one(metrics, "handoff_requests_total", ai_agent="bot", channel="web_chat", outcome="accepted") == 1
    assert one(metrics, "handoff_step_seconds_count", step="open_ticket") == 1
    assert one(metrics, "handoff_end_to_end_seconds_bucket", le="3.0") == 1
    assert one(metrics, "handoff_end_to_end_seconds_bucket", le="2.0") == 0
    assert one(metrics, "webhook_received_total", connection="crm", verdict="rejected") == 1
    assert one(metrics, "webhook_lag_seconds_sum", connection="desk") == 4.0
    assert one(metrics, "sync_last_success_timestamp_seconds", connection="desk") == NOON.timestamp()
    assert one(metrics, "handoff_build_info", version=__version__) == 1
    assert one(metrics, "handoff_field_values_total", field="Customer tier", fate="dropped") == 1
    assert one(metrics, "mapping_drift_findings", connection="desk") == 2


def test_a_reload_that_fails_leaves_the_time_of_the_last_good_one():
    metrics = made()
    metrics.reloaded(NOON, successful=True)

    metrics.reloaded(NOON + timedelta(hours=1), successful=False)

    assert one(metrics, "config_last_reload_successful") == 0
    assert one(metrics, "config_last_reload_success_timestamp_seconds") == NOON.timestamp()


def test_states_and_alerts_stand_there_also_where_there_are_none():
    metrics = made()

    found = read(metrics)

    assert len(found["handoff_items"]) == len(HandoffState)
    assert len(found["handoff_alerts_open"]) == len(AlertKind)
    assert one(metrics, "handoff_items", state="enriched") == 3
    assert one(metrics, "handoff_items", state="resolved") == 0
    assert one(metrics, "handoff_oldest_item_age_seconds", state="enriched") == 41.5
    assert one(metrics, "handoff_dead_items") == 2
    assert one(metrics, "handoff_alerts_open", kind="handoffs_late") == 1


def test_vendors_calls_come_from_the_transports_counters():
    gates = (ClosedGate(name="desk tickets.create", why="breaker_open", seconds_left=12.0),)
    conditions = [
        condition(closed=gates),
        condition(calls_left=80),
        condition("crm", "contacts.search", calls_left=None),
    ]
    metrics = made(conditions=lambda: conditions)

    labels = {"connection": "desk", "operation": "tickets.create"}
    assert one(metrics, "vendor_requests_total", **labels, **{"class": "2xx"}) == 10
    assert one(metrics, "vendor_requests_total", **labels, **{"class": "429"}) == 2
    assert one(metrics, "vendor_request_duration_seconds_sum", **labels) == 3.0
    assert one(metrics, "vendor_request_duration_seconds_count", **labels) == 12
    assert read(metrics)["vendor_rate_limit_remaining"] == {(("connection", "desk"),): 80}
    assert one(metrics, "vendor_circuit_open", connection="desk") == 1
    assert one(metrics, "vendor_circuit_open", connection="crm") == 0


def test_a_rate_limit_is_no_open_circuit():
    gates = (ClosedGate(name="desk", why="rate_limited", seconds_left=12.0),)

    assert (
        one(made(conditions=lambda: [condition(closed=gates)]), "vendor_circuit_open", connection="desk") == 0
    )


def test_what_cannot_be_looked_up_takes_nothing_else_with_it():
    def unreadable():
        raise OSError("the disk has gone")

    metrics = made(standing=unreadable, conditions=unreadable)
    metrics.ticketed(1.0)

    assert one(metrics, "handoff_end_to_end_seconds_count") == 1
    assert "handoff_items" not in read(metrics)


def test_p24_whatever_is_tried_as_a_label_there_are_fewer_than_five_thousand_series():
    agents = [f"bot-{number}" for number in range(300)]
    connections = [f"desk-{number}" for number in range(300)]
    wild = [condition(name, f"operation.{number}") for number, name in enumerate(connections * 20)]
    metrics = Metrics(
        ai_agents=agents, connections=connections, standing=lambda: STANDING, conditions=lambda: wild
    )

    for number in range(100_000):
        outcome = list(RequestOutcome)[number % len(RequestOutcome)]
        metrics.requested(agents[number % 300], ("web_chat", "email", f"x{number}")[number % 3], outcome)
    for number in range(20_000):
        metrics.webhook_received(f"desk-{number}", list(WebhookVerdict)[number % 4], lag=1.0)
        metrics.synced(f"desk-{number}", NOON)
    for kind in StepKind:
        metrics.step_finished(kind, 1.0)

    for _ in range(2):
        assert sum(len(series) for series in read(metrics).values()) < 5000
    assert sum(read(metrics)["handoff_requests_total"].values()) == 100_000


CANARIES = (
    "ann@example.com",
    "cus_9aXk2",
    "https://desk.example.com/tickets/35436",
    "35436",
    "Ann Smith",
    "ho_01abc",
)


def test_i4_nothing_about_a_customer_can_become_a_label():
    wild = [condition(canary, canary) for canary in CANARIES]
    metrics = made(conditions=lambda: wild)
    touch_everything(metrics)

    for canary in CANARIES:
        metrics.requested(canary, canary, RequestOutcome.ACCEPTED)
        metrics.webhook_received(canary, WebhookVerdict.KEPT, lag=1.0)
        metrics.synced(canary, NOON)

    labels = json.dumps(
        [list(label) for series in read(metrics).values() for each in series for label in each]
    )
    from_customers = {
        "ann@",
        "https://",
        "Ann Smith",
    }  # the operation is a word of our own code: it may be any word
    assert not [canary for canary in from_customers if canary in labels]
    requests = read(metrics)["handoff_requests_total"]
    assert requests[("ai_agent", "other"), ("channel", "other"), ("outcome", "accepted")] == len(CANARIES)
    for name, series in read(metrics).items():
        if not name.startswith("vendor_request"):
            assert not any(value in CANARIES for each in series for _, value in each)


def test_counting_from_many_threads_loses_nothing():
    metrics = made()

    def count() -> None:
        for _ in range(500):
            metrics.requested("bot", "email", RequestOutcome.REPLAYED)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert one(metrics, "handoff_requests_total", ai_agent="bot", channel="email", outcome="replayed") == 4000


async def test_metrics_are_read_over_http_and_a_storm_of_readers_costs_one_look():
    looks = 0

    def standing() -> Standing:
        nonlocal looks
        looks += 1
        return STANDING

    clock = FakeClock()
    async with (
        served(metrics_app(made(standing=standing), Health(None), clock)) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        looks = 0
        for _ in range(20):
            answer = await client.get("/metrics")
        assert looks == 1
        clock.go_on(2)
        await client.get("/metrics")
        assert looks == 2
        head = await client.head("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "handoff_items" in answer.text
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/metrics"), ("GET", "/metrics/x")])
async def test_nothing_else_is_there(method, path):
    async with (
        served(metrics_app(made(), Health(None), FakeClock())) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        answer = await client.request(method, path)

    assert answer.status_code == 404
    assert "handoff_items" not in answer.text
