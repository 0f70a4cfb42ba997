"""`batonpass init`, and the example configuration that it is made from."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from batonpass.app import config as configuration
from batonpass.app import new_folder
from batonpass.app.registry import connectors
from batonpass.domain.errors import ConfigurationError
from batonpass.ports import StartRule
from cli_rig import SECRETS, run

EXAMPLE = Path(__file__).parent.parent.parent / "config.example.toml"


def test_init_then_check_is_clean_once_the_secrets_are_exported(tmp_path):
    assert run("init", tmp_path / "new").exit_code == 0

    without_secrets = run("check", "--config", tmp_path / "new" / "config.toml")
    with_secrets = run("check", "--config", tmp_path / "new" / "config.toml", env=SECRETS)

    assert without_secrets.exit_code == 1
    named = re.findall(r"environment variable (\w+) is not set", without_secrets.stdout)
    assert sorted(named) == sorted(SECRETS)
    assert " error: " not in re.sub(r".*environment variable.*", "", without_secrets.stdout)
    assert (with_secrets.exit_code, with_secrets.stdout) == (0, "")


def test_init_shows_the_key_once_and_keeps_its_hash(tmp_path):
    made = run("init", tmp_path)

    key = made.stdout.strip()
    written = (tmp_path / "config.toml").read_text()
    assert (
        tomllib.loads(written)["agents"]["ai-agent"]["key_sha256"] == hashlib.sha256(key.encode()).hexdigest()
    )
    assert not any(key in path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "batonpass check" in made.stderr


def test_init_never_overwrites(tmp_path):
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "zendesk.toml").write_text("# mine")

    again = run("init", tmp_path)

    assert again.exit_code == 2
    assert "zendesk.toml: already there" in again.stderr
    assert again.stderr.strip().splitlines()[-1] == "next: choose another folder: batonpass init FOLDER"
    assert (tmp_path / "mappings" / "zendesk.toml").read_text() == "# mine"
    assert not (tmp_path / "config.toml").exists()


def test_init_with_a_callback_makes_a_private_secret(tmp_path):
    run("init", tmp_path, "--agent", "shop-bot", "--callback", "https://bot.example.com/events")

    secret = tmp_path / "callback.secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text().startswith("whsec_")
    agent = tomllib.loads((tmp_path / "config.toml").read_text())["agents"]["shop-bot"]
    assert agent["callback_secret"] == "file:callback.secret"
    assert run("check", "--config", tmp_path / "config.toml", env=SECRETS).exit_code == 0


@pytest.mark.parametrize(
    "arguments", [("--agent", "shop bot"), ("--callback", "bot.example.com")], ids=["name", "url"]
)
def test_init_refuses_what_the_file_could_not_hold(tmp_path, arguments):
    assert run("init", tmp_path, *arguments).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    made = run("init", tmp_path / "file" / "folder")

    assert made.exit_code == 2
    assert "cannot be written" in made.stderr


def test_example_is_clean_with_the_secrets_it_names():
    assert run("check", "--config", EXAMPLE, env=SECRETS).exit_code == 0


SHAPE = EXAMPLE.read_text()
HELPDESKS = new_folder.helpdesks()
SETTINGS = {name: manifest.settings for name, manifest in connectors().items()}
TABLES = {
    "server": configuration.ServerConfig,
    "store": configuration.StoreConfig,
    "handoff": configuration.HandoffConfig,
    "agents.ai-agent": configuration.AgentConfig,
    **{f"connections.{name}": settings for name, settings in SETTINGS.items()},
    "connections.hubspot-tickets": SETTINGS["hubspot"],
}


def keys_of(table):
    """All keys that the example shows for a table, those behind a `#` included."""
    (part,) = re.findall(
        rf"^#?\[{re.escape(table)}\]$(.*?)(?=^#?\[|^# ----|\Z)", SHAPE, re.MULTILINE | re.DOTALL
    )
    own = part.split("# [handoff.say]")[0]  # below it stand languages
    return set(re.findall(r"^(?:# ?)?([a-z0-9_]+) = ", own, re.MULTILINE))


@pytest.mark.parametrize("table", TABLES)
def test_example_shows_every_key(table):
    shown = keys_of(table)
    if table == "handoff":
        shown |= {"say"}
    if table == "connections.hubspot":  # one account in two roles: what only tickets need is shown there
        shown |= keys_of("connections.hubspot-tickets")

    assert set(TABLES[table].model_fields) - {"connector"} <= shown


@pytest.mark.parametrize("table", TABLES)
def test_example_shows_no_key_that_is_none(table):
    assert keys_of(table) <= set(TABLES[table].model_fields)


SECRET_VARIABLES = {
    **dict.fromkeys(re.findall(r'"env:(\w+)"', SHAPE), "a-secret"),
    "STRIPE_API_KEY": "rk_live_1",  # its connector looks at what kind of key it is
}


@pytest.mark.parametrize("helpdesk", HELPDESKS)
def test_example_with_everything_uncommented_is_understood(tmp_path, helpdesk):
    lines = new_folder.for_helpdesk(SHAPE, helpdesk).splitlines()
    whole = [re.sub(r"^# (?=[a-z0-9_]+ = |\[(?:handoff\.say|sync\.[a-z_.]+)\])", "", line) for line in lines]
    tokens = [line for line in whole if not line.startswith(("email = ", "api_token = "))]
    (tmp_path / "config.toml").write_text("\n".join(tokens))
    (tmp_path / "callback.secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    (tmp_path / "secrets").mkdir()
    for name in new_folder.template_connections(helpdesk):
        for end in ("webhook", "webhook.previous"):
            (tmp_path / "secrets" / f"{name}.{end}").write_text("some-secret")
    (tmp_path / "mappings").symlink_to(EXAMPLE.parent / "mappings")

    config, findings = configuration.read_config(tmp_path / "config.toml", SECRET_VARIABLES)

    assert findings == []
    assert config is not None
    assert config.server == configuration.ServerConfig(
        public_url="https://handoff.example.com", environment="staging"
    )
    assert config.handoff.model_copy(update={"say": {}, "say_delayed": {}}) == configuration.HandoffConfig()
    assert config.helpdesk.settings.start == StartRule(tag="needs_person")
    assert [each.name for each in config.synced] == [
        "stripe/customers", "stripe/subscriptions", "stripe/invoices",
    ]  # fmt: skip


@pytest.mark.parametrize("helpdesk", HELPDESKS)
def test_init_with_a_helpdesk_is_clean_and_has_its_files_only(tmp_path, helpdesk):
    made = run("init", tmp_path, "--helpdesk", helpdesk)

    checked = run("check", "--config", tmp_path / "config.toml", env=SECRET_VARIABLES)
    written = tomllib.loads((tmp_path / "config.toml").read_text())["connections"]
    assert (made.exit_code, checked.exit_code, checked.stdout) == (0, 0, "")
    assert {path.stem for path in (tmp_path / "mappings").iterdir()} == set(written)
    config, _ = configuration.read_config(tmp_path / "config.toml", SECRET_VARIABLES)
    assert config is not None
    assert config.helpdesk.manifest.name == helpdesk
    assert "----" not in (tmp_path / "config.toml").read_text().split("# ---- Facts")[0]


def test_helpdesk_that_is_none_names_the_known_ones(tmp_path):
    made = run("init", tmp_path, "--helpdesk", "zendisk")

    assert made.exit_code == 2
    assert "zendesk, freshdesk, intercom, hubspot" in made.stderr
    assert not list(tmp_path.iterdir())


def test_choosing_a_helpdesk_keeps_every_other_line():
    lines = (
        "a = 1", "# ---- Helpdesks: words ----", "# ---- Helpdesk: one ----", "[one]", "# b = 2",
        "# ---- Helpdesk: two ----", "#[two]", "#c = 3  # so", "# d = 4", "# ---- Rest ----", "#e",
    )  # fmt: skip
    template = "\n".join(lines)

    assert new_folder.for_helpdesk(template) == "a = 1\n[one]\n# b = 2\n# ---- Rest ----\n#e\n"
    assert (
        new_folder.for_helpdesk(template, "two")
        == "a = 1\n[two]\nc = 3  # so\n# d = 4\n# ---- Rest ----\n#e\n"
    )


def test_templates_are_found_in_an_installed_wheel(tmp_path, monkeypatch):
    share = tmp_path / "share" / "batonpass"
    (share / "mappings").mkdir(parents=True)
    (share / "mappings" / "zendesk.toml").write_text("")
    (share / "config.example.toml").write_text("")

    class Recorded:
        name = "config.example.toml"

        def locate(self):
            return share / self.name

    monkeypatch.setattr(new_folder, "files", lambda _: [Recorded()])
    monkeypatch.setattr(
        new_folder.batonpass, "__file__", str(tmp_path / "lib" / "x" / "batonpass" / "__init__.py")
    )

    assert new_folder.template_folder() == share


def test_missing_templates_are_an_error_with_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(new_folder, "files", lambda _: [])
    monkeypatch.setattr(
        new_folder.batonpass, "__file__", str(tmp_path / "lib" / "x" / "batonpass" / "__init__.py")
    )

    with pytest.raises(ConfigurationError, match="install batonpass again"):
        new_folder.template_folder()
