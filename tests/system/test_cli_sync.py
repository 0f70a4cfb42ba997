"""`batonpass sync`."""

from __future__ import annotations

import json

import pytest

from batonpass.testing.emulator import Fault
from cli_rig import SECRETS, emulated, furnished, held_open, run, words

STREAMS = ("customers", "subscriptions", "invoices", "disputes")


@pytest.fixture(scope="module")
def vendors():
    with emulated() as made:
        made.emulators["stripe"].fill("customers", 120)
        yield made


@pytest.fixture
def desk(tmp_path, vendors):
    """A folder in which Stripe is synced."""
    made = furnished(tmp_path, vendors)
    with made.config.open("a") as config:
        config.write("\n[sync.stripe]\n[sync.stripe.disputes]\noff = true\n")
    return made


def sync(desk, *arguments):
    return run("sync", *arguments, "--config", desk.config, env=SECRETS)


def told(result):
    return json.loads(result.stdout)


def streams(result):
    return {each["stream"]: each for each in told(result)["streams"]}


def test_one_round_reads_every_stream_and_the_next_one_nothing_new(desk):
    first = sync(desk, "run", "--once", "--json")
    second = sync(desk, "run", "--once", "--json")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert list(streams(first)) == ["customers", "subscriptions", "invoices"]
    assert streams(first)["customers"]["new"] >= 120
    assert {each["new"] for each in streams(second).values()} == {0}


def test_it_says_in_words_what_was_read(desk):
    ended = sync(desk, "run", "--once", "--stream", "customers")

    assert ended.exit_code == 0
    assert ended.stdout.startswith("stripe/customers: ")
    assert " new)" in ended.stdout


def test_status_tells_what_is_kept_and_how_often_it_is_read(desk):
    before = sync(desk, "status")
    sync(desk, "run", "--once")

    after = sync(desk, "status")
    as_json = streams(sync(desk, "status", "--json"))

    assert "not read yet" in words(before.stdout)
    assert (after.exit_code, "read to its end" in words(after.stdout)) == (0, True)
    assert "stripe/disputes" not in after.stdout
    assert as_json["customers"]["records"] >= 120
    assert as_json["customers"]["position"] is not None


def test_status_and_verify_run_beside_a_server(desk):
    sync(desk, "run", "--once")

    with held_open(desk.folder / "batonpass.db"):
        status, verified = sync(desk, "status"), sync(desk, "verify")

    assert (status.exit_code, verified.exit_code) == (0, 0)
    assert "no difference" in words(verified.stdout)


def test_what_the_copy_lacks_is_named(desk):
    sync(desk, "run", "--once", "--stream", "customers", "--dry-run")

    verified = sync(desk, "verify", "--stream", "customers", "--json")

    assert verified.exit_code == 0  # nothing has been read yet, so all of it is newer than the last round
    assert streams(verified)["customers"]["newer"] >= 120


def test_a_stream_that_is_reset_is_read_anew(desk):
    sync(desk, "run", "--once")

    reset = sync(desk, "reset", "stripe/customers", "--yes")
    again = streams(sync(desk, "run", "--once", "--stream", "customers", "--json"))

    assert (reset.exit_code, again["customers"]["same"] >= 120) == (0, True)


def test_a_vendor_that_refuses_one_stream_costs_that_one_only(desk, vendors):
    vendors.emulators["stripe"].next_call(Fault.SERVER_ERROR, operation="invoices.list", status=403, times=50)

    ended = sync(desk, "run", "--once", "--json")
    vendors.emulators["stripe"].heal()

    assert ended.exit_code == 6
    assert {name: each["ended_as"] for name, each in streams(ended).items()} == {
        "customers": "done", "subscriptions": "done", "invoices": "forbidden",
    }  # fmt: skip
    assert sync(desk, "status").exit_code == 1


def test_a_stream_that_is_not_synced_is_told_with_those_that_are(desk):
    ended = sync(desk, "run", "--once", "--stream", "disputes")

    assert ended.exit_code == 2
    assert "stripe/customers" in ended.stderr


def test_a_typo_in_the_file_is_told_with_its_line(desk):
    with desk.config.open("a") as config:
        config.write("[sync.stripe.customer]\n")

    checked = run("check", "--config", desk.config, env=SECRETS)

    assert checked.exit_code == 1
    assert "customers" in checked.stdout + checked.stderr


def test_without_a_table_nothing_is_synced(tmp_path, vendors):
    desk = furnished(tmp_path, vendors)

    ended = sync(desk, "run", "--once")

    assert ended.exit_code == 2
    assert "[sync.<connection>]" in ended.stderr


def test_a_server_is_asked_to_read_where_it_has_the_store(desk):
    from test_cli_serve import started  # noqa: PLC0415 - its fixtures are not wanted here

    with started("serve", "--config", desk.config, "--port", 0) as server:
        server.stdout.readline()
        ended = sync(desk, "run", "--once", "--stream", "customers", "--json")
        twice = sync(desk, "run")

    assert (ended.exit_code, streams(ended)["customers"]["ended_as"]) == (0, "done")
    assert twice.exit_code == 2
    assert "--once" in twice.stderr
