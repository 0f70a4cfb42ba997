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


@pytest.mark.parametrize(
    ("table", "model"),
    [
        ("server", configuration.ServerConfig),
        ("store", configuration.StoreConfig),
        ("handoff", configuration.HandoffConfig),
        ("agents.ai-agent", configuration.AgentConfig),
        *((f"connections.{name}", manifest.settings) for name, manifest in connectors().items()),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_example_shows_every_key(table, model):
    part = EXAMPLE.read_text().split(f"[{table}]")[1].split("\n[")[0]
    keys = set(re.findall(r"^(?:# )?\[?(?:handoff\.)?([a-z0-9_]+)(?: = |\]$)", part, re.MULTILINE))
    assert set(model.model_fields) - {"connector"} <= keys


def test_example_with_everything_uncommented_is_understood(tmp_path):
    lines = EXAMPLE.read_text().splitlines()
    whole = [re.sub(r"^# (?=[a-z0-9_]+ = |\[handoff\.say\])", "", line) for line in lines]
    tokens = [line for line in whole if not line.startswith(("email = ", "api_token = "))]
    (tmp_path / "config.toml").write_text("\n".join(tokens))
    (tmp_path / "callback.secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    (tmp_path / "mappings").symlink_to(EXAMPLE.parent / "mappings")

    config, findings = configuration.read_config(tmp_path / "config.toml", SECRETS)

    assert findings == []
    assert config is not None
    assert config.server == configuration.ServerConfig(public_url="https://handoff.example.com")
    assert config.handoff.model_copy(update={"say": {}}) == configuration.HandoffConfig()


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
