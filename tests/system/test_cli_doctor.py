"""`batonpass doctor`."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from batonpass.app.config import read_config
from batonpass.app.doctor.dates import ending_soon
from batonpass.app.doctor.machine import clock_examined, store_examined
from batonpass.app.doctor.verdicts import Verdict
from batonpass.store import StoreAddress
from batonpass.store.condition import StoreCondition, condition_of
from batonpass.testing.emulator import Fault
from cli_rig import SECRETS, emulated, furnished, held_open, run, words


@pytest.fixture(scope="module")
def vendors():
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path, vendors):
    return furnished(tmp_path, vendors)


def test_everything_is_well(desk):
    examined = run("doctor", "--config", desk.config, "--json", env=SECRETS)

    told = json.loads(examined.stdout)
    assert (examined.exit_code, told["schema"], told["ok"]) == (0, "batonpass.doctor/1", True)
    topics = {row["topic"] for row in told["examined"]}
    assert {"files", "store", "disk", "sqlite", "clock", "zendesk", "hubspot", "stripe"} <= topics
    assert any("fits the account's fields" in row["says"] for row in told["examined"])
    assert not any(row["verdict"] == "failed" for row in told["examined"])


def test_verdicts_are_words_and_the_last_line_is_a_command(desk):
    examined = run("doctor", "--config", desk.config, env=SECRETS)

    assert "✓ ok" in examined.stdout
    assert examined.stderr.strip().splitlines()[-1].startswith("next: batonpass")


@pytest.mark.parametrize(
    ("variable", "wrong"),
    [
        ("ZENDESK_CLIENT_SECRET", "another-secret"),
        ("HUBSPOT_ACCESS_TOKEN", "pat-na1-another"),
        ("STRIPE_API_KEY", "rk_test_another"),
        ("STRIPE_API_KEY", "pk_test_for_browsers"),
    ],
    ids=["zendesk", "hubspot", "stripe", "a key of the wrong kind"],
)
def test_wrong_key_ends_with_4_and_names_the_setting(desk, variable, wrong):
    examined = run("doctor", "--config", desk.config, env={**SECRETS, variable: wrong})

    assert examined.exit_code == 4
    assert "✗ failed" in examined.stdout
    assert f"of [connections.{variable.partition('_')[0].lower()}]" in words(examined.stdout)
    assert wrong not in examined.output


def test_account_that_does_not_answer_ends_with_5(desk):
    desk.change("connections.stripe", "base_url", "http://127.0.0.1:9")

    examined = run("doctor", "--config", desk.config, env=SECRETS)

    assert examined.exit_code == 5
    assert "could not connect" in words(examined.stdout)


def test_vendor_that_fails_ends_with_5(desk):
    desk.emulators["hubspot"].next_call(Fault.SERVER_ERROR, times=9)

    assert run("doctor", "--config", desk.config, env=SECRETS).exit_code == 5


def test_broken_files_end_with_2_before_any_account_is_called(desk):
    desk.change("server", "port", 99_999)

    examined = run("doctor", "--config", desk.config, env=SECRETS)

    assert examined.exit_code == 2
    assert "config.toml" in examined.stdout
    assert desk.emulators["zendesk"].calls == []


def test_mapping_that_does_not_fit_the_account_is_a_warning_with_its_line(desk):
    with (desk.folder / "mappings" / "zendesk.toml").open("a") as file:
        file.write('\n[fields."Custmer tier"]\nfrom = "account.tier"\n')

    examined = run("doctor", "--config", desk.config, env=SECRETS)

    assert examined.exit_code == 0
    assert "HM201" in examined.stdout
    assert 'did you mean "Customer tier"?' in examined.stdout


def test_running_server_is_fine_and_keeps_the_last_good_mapping(desk):
    with held_open(desk.folder / "batonpass.db"):
        with_server = run("doctor", "--config", desk.config, env=SECRETS)
        (desk.folder / "mappings" / "zendesk.toml").write_text("[ticket")
        with_broken_file = run("doctor", "--config", desk.config, env=SECRETS)

    assert (with_server.exit_code, with_broken_file.exit_code) == (0, 2)
    assert "a server has it open" in words(with_server.stdout)
    assert "keeps the last good" in words(with_broken_file.stdout)
    assert "fits the account" in words(with_server.stdout)
    assert "fits the account" not in words(with_broken_file.stdout)


def test_damaged_store_is_told(desk):
    (desk.folder / "batonpass.db").write_bytes(b"no database" * 1000)

    examined = run("doctor", "--config", desk.config, env=SECRETS)

    assert examined.exit_code == 1
    assert ".recover" in examined.stdout


def condition(**changes: object) -> StoreCondition:
    sound = {
        "path": Path("x.db"), "exists": True, "writable": True, "file_system": "ext4", "on_network": False,
        "free_bytes": 10**11, "in_use": False, "damage": None, "handoffs": {}, "sqlite_version": "3.51.3",
        "wal_reset_bug": False,
    }  # fmt: skip
    return StoreCondition(**{**sound, **changes})


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.OK),
        ({"exists": False}, Verdict.OK),
        ({"free_bytes": 5 * 10**8}, Verdict.WARNING),
        ({"free_bytes": 10**6}, Verdict.FAILED),
        ({"writable": False}, Verdict.FAILED),
        ({"on_network": True, "file_system": "nfs4"}, Verdict.FAILED),
        ({"wal_reset_bug": True, "sqlite_version": "3.40.1"}, Verdict.WARNING),
    ],
    ids=["sound", "new", "little room", "no room", "not writable", "network", "old sqlite"],
)
def test_store_verdicts(changes, verdict):
    verdicts = [row.verdict for row in store_examined(condition(**changes))]

    worst = max(verdicts, key=list(Verdict).index)
    assert worst is verdict


def test_looking_at_a_store_makes_none(tmp_path):
    found = condition_of(StoreAddress.file(tmp_path / "deep" / "new.db"))

    assert (found.exists, found.writable, found.in_use) == (False, True, False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("now", "ahead", "verdict"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), {"zendesk": 0.4}, Verdict.OK),
        (datetime(2026, 11, 1, tzinfo=UTC), {"zendesk": -200.0}, Verdict.WARNING),
        (datetime(1970, 1, 1, tzinfo=UTC), {}, Verdict.FAILED),
    ],
    ids=["right", "behind", "never set"],
)
def test_clock_verdicts(now, ahead, verdict):
    assert [row.verdict for row in clock_examined(now, ahead)] == [verdict]


def test_end_of_api_tokens_concerns_only_who_uses_one(desk):
    with_client, _ = read_config(desk.config, SECRETS)
    text = desk.config.read_text().replace("client_id = ", 'email = "ada@example.com" #')
    desk.config.write_text(text.replace("client_secret = ", "api_token = "))
    with_token, _ = read_config(desk.config, SECRETS)

    today = date(2026, 11, 21)
    assert not any("API tokens" in row.says for row in ending_soon(with_client, today))
    warned = [row for row in ending_soon(with_token, today) if "API tokens" in row.says]
    assert [row.verdict for row in warned] == [Verdict.WARNING]
    assert "2027-04-30 (in 160 days)" in warned[0].says


def test_v32_endpoint_that_the_vendor_will_close_is_a_warning_with_the_date(desk, monkeypatch):
    closing = {"Sunset": "Sat, 30 Jan 2027 00:00:00 GMT"}
    monkeypatch.setattr(desk.emulators["stripe"], "limit_headers", lambda **_: closing)

    examined = run(
        "doctor",
        "--config",
        desk.config,
        env=SECRETS,
    )

    assert examined.exit_code == 0
    assert "Stripe says that GET /v1/" in words(examined.stdout)
    assert "ends on 2027-01-30" in words(examined.stdout)
