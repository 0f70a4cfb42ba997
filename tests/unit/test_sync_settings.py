"""`[sync]` of config.toml: what is read in bulk, how often, and what a typo is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from batonpass.app.syncing.rounds import Order, chosen
from batonpass.app.syncing.settings import SyncConfig, SyncedStream, read_sync, synced_streams
from batonpass.diagnostics import Finding, TomlFile
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.synced import RecordKind
from batonpass.ports import Deletions, Stream


def stream(name: str) -> Stream:
    return Stream(
        name=name,
        kinds=(RecordKind.CUSTOMER,),
        every=timedelta(minutes=30),
        incremental=True,
        deletions=Deletions.NEVER,
        reads_all_every=timedelta(days=7),
    )


KNOWN = {"crm": (stream("contacts"), stream("deals")), "billing": (stream("customers"),), "chat": ()}


def read(text: str) -> tuple[SyncConfig | None, list[Finding]]:
    return read_sync(TomlFile.of(text.encode(), shown_as="config.toml"), KNOWN)


def synced(text: str) -> dict[str, SyncedStream]:
    config, findings = read(text)
    assert (config is not None, findings) == (True, [])
    assert config is not None
    return {each.name: each for each in synced_streams(config, KNOWN)}


def test_a_connection_with_a_table_is_synced_with_all_its_streams() -> None:
    found = synced("[sync.crm]\n")

    assert list(found) == ["crm/contacts", "crm/deals"]
    assert found["crm/deals"].every == timedelta(minutes=30)


def test_where_nobody_can_tell_the_streams_nothing_is_held_against_them() -> None:
    config, findings = read_sync(
        TomlFile.of(b"[sync.crm]\n[sync.crm.contacts]\n", shown_as="config.toml"), {"crm": None}
    )

    assert (config is not None, findings) == (True, [])


def test_without_a_table_nothing_is_synced() -> None:
    assert synced("[server]\nport = 1\n") == {}


def test_a_stream_says_how_often_or_when_or_not_at_all() -> None:
    found = synced(
        '[sync.crm.contacts]\nevery = "15m"\nread_all_every = "2d"\n[sync.crm.deals]\noff = true\n'
        '[sync.billing.customers]\ncron = "15 3 * * *"\n'
    )

    assert list(found) == ["crm/contacts", "billing/customers"]
    assert found["crm/contacts"].when == "every 15 min"
    assert found["crm/contacts"].reads_all_every == timedelta(days=2)
    assert found["billing/customers"].when == "by cron 15 3 * * *"
    assert found["billing/customers"].reads_all_every == timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[sync.cmr]\n", 1, "there is no connection named 'cmr'"),
        ("[sync.crm]\n[sync.crm.contact]\nevery = 900\n", 2, "'crm' has no stream named 'contact'"),
        ("[sync.chat]\n", 1, "has nothing that can be synced"),
        ('[sync.crm.contacts]\nevery = "quarter"\n', 2, 'a length of time is "15m"'),
        ('[sync.crm.contacts]\nevery = "10s"\n', 2, "60"),
        ('[sync.crm.contacts]\ncron = "daily"\n', 2, "five fields"),
        ('[sync.crm.contacts]\nevery = "15m"\ncron = "15 3 * * *"\n', 1, "exclude each other"),
        ("[sync]\nslice = 3\n", 2, "slice"),
        ("[sync]\nslices = 0\n[sync.crm]\n", 2, "1"),
    ],
    ids=["connection", "stream", "unable", "length", "too_often", "cron", "both", "setting", "limit"],
)
def test_a_typo_is_told_with_its_line(text: str, line: int, says: str) -> None:
    _, findings = read(text)

    (finding,) = findings
    assert (finding.line, says in finding.message + (finding.hint or "")) == (line, True), finding


def test_an_unknown_stream_is_told_which_one_may_be_meant() -> None:
    _, findings = read("[sync.crm.contact]\n")

    assert findings[0].hint is not None
    assert "contacts" in findings[0].hint


def test_an_order_names_a_stream_alone_or_with_its_connection() -> None:
    streams = list(synced("[sync.crm]\n[sync.billing]\n").values())

    assert [each.name for each in chosen(streams, Order(streams=("contacts",)))] == ["crm/contacts"]
    assert [each.name for each in chosen(streams, Order(streams=("billing/customers", "deals")))] == [
        "crm/deals", "billing/customers",
    ]  # fmt: skip
    assert len(chosen(streams, Order(connection="crm"))) == 2


@pytest.mark.parametrize(
    ("order", "says"),
    [
        (Order(connection="support"), "known: crm, billing"),
        (Order(streams=("tickets",)), "known: crm/contacts, crm/deals, billing/customers"),
    ],
    ids=["connection", "stream"],
)
def test_an_order_for_what_is_not_synced_names_what_is(order: Order, says: str) -> None:
    streams = list(synced("[sync.crm]\n[sync.billing]\n").values())

    with pytest.raises(ConfigurationError, match=says):
        chosen(streams, order)
