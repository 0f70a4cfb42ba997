"""`batonpass webhooks register`, `list` and `check`."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest
from pydantic import SecretStr

from batonpass.app.secret_files import SecretFile
from batonpass.domain.errors import ConfigurationError, CredentialsRefusedError, RetryLaterError
from batonpass.ports import RegisteredWebhook
from cli_rig import run
from toy_helpdesk import DOOR, ToyDesk, installed, manifest_of, refused, toy_folder

URL = "https://handoff.example.com/webhooks/toy"


@pytest.fixture
def account():
    return ToyDesk()


@pytest.fixture
def toy(monkeypatch, account):
    with installed(monkeypatch, manifest_of(account)):
        yield


@pytest.mark.usefixtures("toy")
class TestByApi:
    def test_register_keeps_the_secret_and_prints_the_line_for_it(self, tmp_path, account):
        config = toy_folder(tmp_path)

        made = run("webhooks", "register", "toy", "--yes", "--config", config)

        secret = tmp_path / "secrets" / "toy.webhook"
        assert made.exit_code == 0
        assert [each.url for each in account.webhooks] == [URL]
        assert secret.read_text() == "toywh_first000\n"
        assert secret.stat().st_mode & 0o777 == 0o600
        assert secret.parent.stat().st_mode & 0o777 == 0o700
        assert 'webhook_secret = "file:secrets/toy.webhook"' in made.stdout
        assert "toywh_first000" not in made.output

    def test_lines_that_are_printed_make_check_pass(self, tmp_path):
        config = toy_folder(tmp_path)
        made = run("webhooks", "register", "--yes", "--json", "--config", config)

        told = json.loads(made.stdout)
        (only,) = told["registered"]
        toy_folder(tmp_path, *only["config_lines"])
        checked = run("webhooks", "check", "--config", config, "--json")

        assert told["schema"] == "batonpass.webhooks.register/1"
        assert json.loads(checked.stdout)["ok"] is True
        assert checked.exit_code == 0

    def test_different_secret_becomes_the_previous_one(self, tmp_path, account):
        config = toy_folder(tmp_path)
        run("webhooks", "register", "--yes", "--config", config)
        toy_folder(tmp_path, 'webhook_secret = "file:secrets/toy.webhook"')
        account.webhooks.clear()

        again = run("webhooks", "register", "--yes", "--config", config)

        assert (tmp_path / "secrets" / "toy.webhook").read_text() == "toywh_second00\n"
        assert (tmp_path / "secrets" / "toy.webhook.previous").read_text() == "toywh_first000\n"
        assert 'webhook_secret_previous = "file:secrets/toy.webhook.previous"' in again.stdout
        assert 'webhook_secret = "file:secrets/toy.webhook"' not in again.stdout
        assert not [path for path in (tmp_path / "secrets").iterdir() if path.name.startswith(".")]

    def test_secret_that_stood_elsewhere_stays_good_meanwhile(self, tmp_path):
        config = toy_folder(tmp_path, 'webhook_secret = "env:TOY_WEBHOOK"')

        made = run("webhooks", "register", "--yes", "--config", config, env={"TOY_WEBHOOK": "toywh_older000"})

        assert 'webhook_secret = "file:secrets/toy.webhook"' in made.stdout
        assert 'webhook_secret_previous = "env:TOY_WEBHOOK"' in made.stdout

    def test_secret_that_is_told_only_once_is_asked_for(self, tmp_path, account):
        account.secrets.clear()

        made = run("webhooks", "register", "--yes", "--config", toy_folder(tmp_path))

        assert made.exit_code == 0
        assert "put the secret that Toy Desk shows into secrets/toy.webhook" in made.stderr
        assert not (tmp_path / "secrets" / "toy.webhook").exists()

    def test_dry_run_says_it_all_and_does_nothing(self, tmp_path, account):
        config = toy_folder(tmp_path)

        planned = run("webhooks", "register", "--dry-run", "--config", config)

        assert planned.exit_code == 0
        assert URL in planned.stdout
        assert "ticket.solved" in planned.stdout
        assert account.webhooks == []
        assert not (tmp_path / "secrets").exists()

    def test_nobody_to_ask_is_no_agreement(self, tmp_path, account):
        asked = run("webhooks", "register", "--config", toy_folder(tmp_path))

        assert asked.exit_code == 2
        assert asked.stderr.strip().splitlines()[-1].startswith("next: batonpass webhooks register --yes")
        assert account.webhooks == []

    @pytest.mark.parametrize(
        ("code", "exit_code"), [("forbidden", 4), ("refused", 1)], ids=["permission", "other"]
    )
    def test_refusal_prints_what_to_enter_by_hand(self, tmp_path, account, code, exit_code):
        account.refuses["register_webhook"] = refused(code)

        made = run("webhooks", "register", "--yes", "--config", toy_folder(tmp_path))

        assert made.exit_code == exit_code
        assert f"1. enter {URL} in Settings > Webhooks" in made.stdout
        assert "no permission webhooks:write" in made.stderr

    @pytest.mark.parametrize("command", ["register", "list", "check"])
    @pytest.mark.parametrize(
        ("error", "exit_code"),
        [(CredentialsRefusedError("401"), 4), (RetryLaterError("no answer"), 5)],
        ids=["credentials", "unreachable"],
    )
    def test_vendor_that_cannot_be_asked(self, tmp_path, account, command, error, exit_code):
        account.refuses |= {"register_webhook": error, "registered_webhooks": error}
        yes = ["--yes"] if command == "register" else []

        asked = run("webhooks", command, *yes, "--config", toy_folder(tmp_path))

        assert asked.exit_code == exit_code

    def test_list_marks_ours(self, tmp_path, account):
        account.webhooks += [
            RegisteredWebhook(id="w7", url=URL, delivers=True, events=("ticket.solved",)),
            RegisteredWebhook(id="w8", url="https://elsewhere.example/x", delivers=False, problem="paused"),
        ]

        listed = run("webhooks", "list", "--config", toy_folder(tmp_path), "--json")

        (only,) = json.loads(listed.stdout)["connections"]
        assert listed.exit_code == 0
        assert [(each["id"], each["ours"], each["problem"]) for each in only["webhooks"]] == [
            ("w7", True, None),
            ("w8", False, "paused"),
        ]
        assert "ours  w7" in run("webhooks", "list", "--config", tmp_path / "config.toml").stdout

    @pytest.mark.parametrize(
        ("webhook", "said"),
        [
            (None, f"no webhook of this account delivers to {URL}"),
            (RegisteredWebhook(id="w7", url=URL, delivers=False), "webhook w7 is switched off"),
            (
                RegisteredWebhook(id="w7", url=URL, delivers=False, problem="paused after 70 % errors"),
                "paused after 70 % errors",
            ),
        ],
        ids=["absent", "off", "paused"],
    )
    def test_w26_check_tells_what_is_wrong_and_the_fix(self, tmp_path, account, webhook, said):
        account.webhooks += [webhook] if webhook else []
        config = toy_folder(tmp_path, 'webhook_secret = "env:TOY_WEBHOOK"')

        checked = run("webhooks", "check", "--config", config, env={"TOY_WEBHOOK": "toywh_older000"})

        assert checked.exit_code == 1
        assert said in checked.stdout
        assert checked.stderr.strip().splitlines()[-1] == "next: batonpass webhooks register toy"

    def test_check_without_a_secret_is_a_problem(self, tmp_path, account):
        account.webhooks.append(RegisteredWebhook(id="w7", url=URL, delivers=True))

        checked = run("webhooks", "check", "--config", toy_folder(tmp_path))

        assert checked.exit_code == 1
        assert "no webhook_secret" in checked.stdout


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("public_url", "said"),
    [(None, "which is not set"), ("http://handoff.example.com", "https:// addresses only")],
    ids=["missing", "clear text"],
)
@pytest.mark.parametrize("command", ["register", "list", "check"])
def test_public_address_is_needed_and_the_line_is_told(tmp_path, command, public_url, said):
    config = toy_folder(tmp_path, public_url=public_url)

    asked = run("webhooks", command, "--config", config)

    assert asked.exit_code == 2
    assert "BC009" in asked.stderr
    assert said in asked.stderr
    assert 'public_url = "https://' in asked.stderr


@pytest.mark.usefixtures("toy")
def test_loopback_needs_no_tls(tmp_path, account):
    config = toy_folder(tmp_path, public_url="http://127.0.0.1:8080")

    assert run("webhooks", "register", "--yes", "--config", config).exit_code == 0
    assert account.webhooks[0].url == "http://127.0.0.1:8080/webhooks/toy"


@pytest.mark.usefixtures("toy")
def test_unknown_connection_names_the_known_ones(tmp_path):
    asked = run("webhooks", "list", "tou", "--config", toy_folder(tmp_path))

    assert asked.exit_code == 2
    assert "toy" in asked.stderr


def test_vendor_without_an_api_for_it_is_explained_by_hand(tmp_path, monkeypatch, account):
    with installed(monkeypatch, manifest_of(account, registers=False)):
        config = toy_folder(tmp_path)
        made = run("webhooks", "register", "--config", config)
        toy_folder(tmp_path, 'webhook_secret = "env:TOY_WEBHOOK"')
        checked = run("webhooks", "check", "--config", config, env={"TOY_WEBHOOK": "toywh_older000"})
        listed = run("webhooks", "list", "--config", config, env={"TOY_WEBHOOK": "toywh_older000"})

    assert (made.exit_code, checked.exit_code, listed.exit_code) == (0, 0, 0)
    assert f"1. enter {URL} in Settings > Webhooks" in made.stdout
    assert "secrets/toy.webhook" in made.stderr
    assert "tells nothing of its webhooks by API; look there:" in checked.stdout
    assert "2. tick everything" in checked.stdout
    assert "cannot be listed" in listed.stdout


def test_vendor_that_signs_nothing_gets_a_secret_of_ours(tmp_path, monkeypatch, account):
    account.secrets.clear()
    with installed(monkeypatch, manifest_of(account, door=replace(DOOR, hint_only=True))):
        config = toy_folder(tmp_path)
        made = run("webhooks", "register", "--yes", "--config", config)
        again = run("webhooks", "register", "--yes", "--config", config)

    secret = (tmp_path / "secrets" / "toy.webhook").read_text().strip()
    assert (made.exit_code, again.exit_code) == (0, 0)
    assert len(secret) >= 43
    assert account.seen_secrets == [secret, secret]
    assert secret not in made.output
    line = next(line for line in made.stdout.splitlines() if line.startswith("webhook_secret"))
    assert tomllib.loads(line) == {"webhook_secret": "file:secrets/toy.webhook"}


def test_vendor_that_delivers_nothing_says_so(tmp_path, monkeypatch, account):
    with installed(monkeypatch, manifest_of(account, door=None)):
        asked = run("webhooks", "register", "toy", "--config", toy_folder(tmp_path))

    assert asked.exit_code == 2
    assert "Toy Desk delivers no webhooks" in asked.stderr


def test_steps_are_numbered_and_what_belongs_to_one_is_not(tmp_path, monkeypatch, account):
    steps = ("open the page", "add the topics:", "  a.created", "  a.closed", "save")
    door = replace(DOOR, by_hand=lambda settings, url: steps)
    with installed(monkeypatch, manifest_of(account, registers=False, door=door)):
        made = run("webhooks", "register", "--config", toy_folder(tmp_path))

    assert "  2. add the topics:\n       a.created\n       a.closed\n  3. save\n" in made.stdout


@pytest.mark.usefixtures("toy")
def test_vendor_is_not_asked_for_a_secret_that_could_not_be_kept(tmp_path, account):
    (tmp_path / "secrets").write_text("in the way")

    made = run("webhooks", "register", "--yes", "--config", toy_folder(tmp_path))

    assert made.exit_code == 2
    assert "secrets/toy.webhook" in made.stderr
    assert account.webhooks == []


def test_name_that_leads_out_of_the_folder_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="letters, digits"):
        SecretFile(tmp_path, "../../etc/toy")


def test_kept_secret_that_is_the_same_moves_nothing(tmp_path):
    file = SecretFile(tmp_path, "toy")
    file.keep(SecretStr("one"))
    again = file.keep(SecretStr("one"))

    assert again.previous is None
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["toy.webhook"]
