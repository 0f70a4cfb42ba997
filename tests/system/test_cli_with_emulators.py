"""The commands that call accounts, against the vendors' own emulators."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field

import httpx
import pytest

from batonpass.app.new_folder import filled, helpdesks, write_folder
from batonpass.app.registry import connectors
from batonpass.ports import Manifest
from batonpass.testing.emulator import Emulator
from batonpass.testing.serving import served_in_thread
from cli_rig import run

HAND_MADE = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"


@dataclass
class Receiver:
    """Takes every delivery."""

    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope, receive, send):
        self.bodies.append((await receive()).get("body", b""))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@dataclass
class Account:
    """A new folder for one helpdesk, its connection at an emulator, and a server that takes its webhooks."""

    name: str
    manifest: Manifest
    emulator: Emulator
    url: str
    receiver: Receiver
    folder: object
    env: dict[str, str]

    @property
    def config(self):
        return self.folder / "config.toml"

    def run(self, *arguments):
        return run(*arguments, "--config", self.config, env=self.env)

    def set(self, lines):
        table = f"connections.{self.name}"
        changes = {(table, key): value for key, value in tomllib.loads("\n".join(lines)).items()}
        self.config.write_text(filled(self.config.read_text(), changes))


ROLES = {"hubspot": {"tickets": True}}
"""What an emulator must be told to be the helpdesk."""


@pytest.fixture(params=helpdesks())
def account(request, tmp_path):
    manifest = connectors()[request.param]
    emulator = type(manifest.emulator()).with_sample_account(**ROLES.get(request.param, {}))
    receiver = Receiver()
    with served_in_thread(emulator) as url, served_in_thread(receiver) as endpoint:
        made = write_folder(tmp_path, helpdesk=request.param)
        name = next(iter(tomllib.loads(made.config.read_text())["connections"]))
        env = {"HUBSPOT_ACCESS_TOKEN": "pat-none", "STRIPE_API_KEY": "rk_test_none"}
        changes = {("server", "public_url"): endpoint, (f"connections.{name}", "base_url"): url}
        for key, value in emulator.login().items():
            if key == "webhook_secret":
                continue  # registering is to bring it
            hidden = key in manifest.settings.secret_keys()
            if hidden:
                env[f"EMULATED_{key.upper()}"] = value
            changes[f"connections.{name}", key] = f"env:EMULATED_{key.upper()}" if hidden else value
        made.config.write_text(filled(made.config.read_text(), changes))
        yield Account(
            name=name,
            manifest=manifest,
            emulator=emulator,
            url=url,
            receiver=receiver,
            folder=tmp_path,
            env=env,
        )


def test_register_check_and_trigger(account):
    before = account.run("webhooks", "check", account.name)
    made = account.run("webhooks", "register", account.name, "--yes", "--json")

    assert (before.exit_code, made.exit_code) == (1, 0), made.output
    (told,) = json.loads(made.stdout)["registered"]
    if told["webhook"] is None:
        entered_by_hand(account, told)
    else:
        registered_by_api(account, told)

    opened = account.run("trigger", "ticket_opened", "--json")

    assert opened.exit_code == 0, opened.output
    deliveries = json.loads(opened.stdout)["deliveries"]
    assert deliveries
    assert {each["status"] for each in deliveries} == {200}
    assert len(account.receiver.bodies) == len(deliveries)


def entered_by_hand(account, told):
    assert len(told["by_hand"]) > 1
    assert any(told["url"] in line for line in told["by_hand"])
    pointed = httpx.post(
        f"{account.url}/_emulator/webhooks", json={"url": told["url"], "secret": HAND_MADE}, trust_env=False
    )
    assert pointed.status_code == 200, pointed.text


def registered_by_api(account, told):
    secret = account.folder / "secrets" / f"{account.name}.webhook"
    if told["secret_missing"]:  # it is the app's, which its page shows
        secret.write_text(account.emulator.login()["webhook_secret"])
    assert secret.read_text().strip()
    account.set(told["config_lines"] or [f'webhook_secret = "file:secrets/{secret.name}"'])
    checked = account.run("webhooks", "check", account.name)
    again = account.run("webhooks", "register", account.name, "--yes", "--json")
    assert (checked.exit_code, again.exit_code) == (0, 0), checked.output
    assert json.loads(again.stdout)["registered"][0]["config_lines"] == []
    listed = json.loads(account.run("webhooks", "list", account.name, "--json").stdout)
    assert [each["ours"] for each in listed["connections"][0]["webhooks"]].count(True) >= 1


def test_discover_tells_what_the_sample_account_has(account):
    found = account.run("discover", "--agents", "--json")

    told = json.loads(found.stdout)
    assert found.exit_code in {0, 6}, found.output
    assert "Handoff reason" in {each["name"] for each in told["fields"]}
    assert len(told["agents"]) >= 2
    assert all(part["part"] == "presence" for part in told["not_told"])


def test_provision_twice_is_provisioning_once(account):
    own = account.run("provision", "--yes", "--json")
    field_ = ("--field", "Escalation level", "--kind", "dropdown", "--option", "One", "--option", "Two")
    first = account.run("provision", *field_, "--yes", "--json")
    second = account.run("provision", *field_, "--yes", "--json")
    nothing = account.run("provision", "--dry-run", "--json")

    assert [each.exit_code for each in (own, first, second, nothing)] == [0, 0, 0, 0], first.output
    (stored,) = json.loads(first.stdout)["stored"]
    assert [each["label"] for each in stored["options"]] == ["One", "Two"]
    assert json.loads(second.stdout)["stored"] == []
    assert json.loads(nothing.stdout)["planned"] == []


@pytest.mark.parametrize("account", ["zendesk"], indirect=True)
def test_source_of_facts_registers_too(account):
    manifest = connectors()["stripe"]
    emulator = type(manifest.emulator()).with_sample_account()
    account.env["STRIPE_API_KEY"] = emulator.login()["api_key"]
    with served_in_thread(emulator) as url:
        changes = {("connections.stripe", "base_url"): url, ("connections.stripe", "mode"): "test"}
        account.config.write_text(filled(account.config.read_text(), changes))

        made = account.run("webhooks", "register", "stripe", "--yes", "--json")

        assert made.exit_code == 0, made.output
        (told,) = json.loads(made.stdout)["registered"]
        text = account.config.read_text()
        for line in told["config_lines"]:
            text = text.replace("[connections.stripe]\n", f"[connections.stripe]\n{line}\n")
        account.config.write_text(text)
        checked = account.run("webhooks", "check", "stripe")
        played = account.run("trigger", "invoice_changed", "--connection", "stripe", "--json")

    assert (checked.exit_code, played.exit_code) == (0, 0), checked.output
    assert len(json.loads(played.stdout)["deliveries"]) == len(account.receiver.bodies) > 0
