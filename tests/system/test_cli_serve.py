"""`batonpass serve` and `batonpass emulate` as processes, and what both do with an address that is taken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx
import pytest

from batonpass.cli.stopping import Stopping
from batonpass.testing.serving import loopback_socket
from cli_rig import DOUBLE_CHARGE, SECRETS, emulated, furnished, run, subprocess_environment
from toy_helpdesk import ToyDesk, installed, manifest_of

COMMAND = [sys.executable, "-m", "batonpass"]


@pytest.fixture(scope="module")
def vendors():
    with emulated() as made:
        yield made


@pytest.fixture
def desk(tmp_path, vendors):
    return furnished(tmp_path, vendors)


@contextmanager
def started(*arguments):
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=subprocess_environment(),
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_serve_takes_handoffs_reloads_mappings_and_stops_cleanly(desk):
    with started("serve", "--config", desk.config, "--port", 0) as server:
        line = server.stdout.readline()
        url = line.split("http://")[1].split("/")[0]
        handed_over = run(
            "handoff", DOUBLE_CHARGE, "--url", f"http://{url}", env={"BATONPASS_API_KEY": desk.made.api_key}
        )
        wrong_key = run(
            "handoff", DOUBLE_CHARGE, "--url", f"http://{url}", env={"BATONPASS_API_KEY": "bp_wrong"}
        )
        (desk.folder / "mappings" / "zendesk.toml").write_text("[ticket")
        events = (json.loads(line)["event"] for line in server.stderr)
        told = next(event for event in events if event != "mapping_in_force")
        server.send_signal(signal.SIGTERM)
        code = server.wait(10)

    assert "for ai-agent" in line
    assert (handed_over.exit_code, wrong_key.exit_code) == (0, 4)
    assert handed_over.stdout.startswith("ticket ")
    assert told == "mapping_broken_last_good_in_force"
    assert code == 143
    traced = run("trace", handed_over.stderr.split()[-1], "--config", desk.config)
    assert traced.exit_code == 0


def test_serve_stopped_by_ctrl_c_ends_with_130(desk):
    with loopback_socket() as free:
        port = free.getsockname()[1]
    threading.Thread(target=interrupt_once_it_answers, args=(port,)).start()

    assert run("serve", "--config", desk.config, "--port", port, env=SECRETS).exit_code == 130


def interrupt_once_it_answers(port):
    for _ in range(200):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success:
                break
        except httpx.HTTPError:
            time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)


def test_serve_prints_every_finding_and_ends_with_2(desk):
    desk.change("server", "port", 99_999)
    (desk.folder / "mappings" / "stripe.toml").write_text(
        '[facts]\n"x.y" = { object = "moon", property = "z" }\n'
    )

    served = run("serve", "--config", desk.config, env=SECRETS)

    assert served.exit_code == 2
    assert "config.toml:10:8" in served.stderr
    assert 'no object "moon"' in served.stderr


def test_taken_port_is_told(desk):
    with loopback_socket() as taken:
        port = taken.getsockname()[1]
        served = run("serve", "--config", desk.config, "--port", port, env=SECRETS)
        emulated = run("emulate", "zendesk", "--port-base", port)

    assert (served.exit_code, emulated.exit_code) == (2, 2)
    assert f"127.0.0.1:{port}: another process listens there" in served.stderr
    assert served.stderr.strip().splitlines()[-1].endswith("--port PORT")
    assert emulated.stderr.strip().splitlines()[-1].endswith("--port-base PORT")


def test_unusable_host_is_told(desk):
    served = run("serve", "--config", desk.config, "--host", "192.0.2.1", "--port", 0, env=SECRETS)

    assert served.exit_code == 2
    assert "192.0.2.1:0" in served.stderr


def test_emulate_serves_until_it_is_told_to_stop():
    with started("emulate", "stripe", "zendesk", "--port-base", 0, "--latency", 0, "--json") as emulators:
        told = json.loads(emulators.stdout.readline())
        stripe, zendesk = told["emulators"]
        refused = httpx.get(f"{stripe['url']}/v1/customers", trust_env=False)
        ledger = httpx.get(f"{zendesk['url']}/_emulator/ledger", trust_env=False)
        emulators.send_signal(signal.SIGINT)
        code = emulators.wait(10)

    assert told["schema"] == "batonpass.emulate/1"
    assert (stripe["name"], zendesk["name"]) == ("stripe", "zendesk")
    assert stripe["settings"]["api_key"].startswith("rk_test_")
    assert (refused.status_code, ledger.json()) == (401, [])
    assert code == 0


def test_emulate_prints_what_to_paste(monkeypatch):
    async def at_once(_):
        return

    monkeypatch.setattr(Stopping, "wait", at_once)

    shown = run("emulate", "hubspot", "--port-base", 0)

    assert shown.exit_code == 0
    assert "[connections.hubspot]" in shown.stdout
    assert 'access_token = "env:HUBSPOT_ACCESS_TOKEN"' in shown.stdout
    assert "export HUBSPOT_ACCESS_TOKEN=" in shown.stdout


def test_emulate_says_what_can_be_played_and_where_webhooks_go(monkeypatch):
    async def at_once(_):
        return

    monkeypatch.setattr(Stopping, "wait", at_once)

    with installed(monkeypatch, manifest_of(ToyDesk())):
        by_api = run("emulate", "toy", "--port-base", 0)
        told = run("emulate", "toy", "--port-base", 0, "--json")
    monkeypatch.setattr(Stopping, "wait", at_once)
    with installed(monkeypatch, manifest_of(ToyDesk(), registers=False)):
        by_hand = run("emulate", "toy", "--port-base", 0)

    assert "Toy Desk plays: ticket_solved" in by_api.stderr
    assert "batonpass trigger KIND --emulator http://127.0.0.1:" in by_api.stderr
    assert "batonpass webhooks register toy" in by_api.stderr
    assert "/_emulator/webhooks" in by_hand.stderr
    assert json.loads(told.stdout)["emulators"][0]["plays"] == ["ticket_solved"]


def test_emulate_of_an_unknown_vendor_names_the_known_ones():
    emulated = run("emulate", "zendisk")

    assert emulated.exit_code == 2
    assert "zendesk" in emulated.stderr
