"""A connector by somebody else is found by its entry point, once it is installed, and by nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

CONFIG = """
[agents.bot]
key_sha256 = "{digest}"

[connections.acme]
api_key = "env:ACME_KEY"
webhook_secret = "env:ACME_WEBHOOK_SECRET"

[connections.acme.start]
tag = "needs_person"
"""
MAPPING = """
[ticket]
subject = "{issue.title}"
tags = ["ai_handoff"]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the built and installed project."""
    target = tmp_path_factory.mktemp("site")
    source = tmp_path_factory.mktemp("source") / "acme"
    _copy(source)
    pip = ("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation")
    subprocess.run(
        [sys.executable, *pip, "--disable-pip-version-check", "--target", str(target), str(source)],
        check=True,
        timeout=120,
    )
    return target


@pytest.mark.proof
def test_batonpass_lists_the_installed_connector(installed: Path) -> None:
    listed = json.loads(_batonpass(installed, "connectors", "--json").stdout)

    acme = {each["name"]: each for each in listed["connectors"]}["acme"]
    assert acme["title"] == "Acme Desk"
    assert "open_ticket" in acme["capabilities"]
    assert acme["webhooks"] == "by its API"


@pytest.mark.proof
def test_batonpass_lists_it_no_more_where_it_is_not_installed() -> None:
    listed = json.loads(_batonpass(None, "connectors", "--json").stdout)

    assert "acme" not in {each["name"] for each in listed["connectors"]}


@pytest.mark.proof
def test_check_accepts_a_connection_of_it(installed: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(digest="0" * 64), encoding="utf-8")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "acme.toml").write_text(MAPPING, encoding="utf-8")

    checked = _batonpass(installed, "check", "--json", "--config", str(config))

    told = json.loads(checked.stdout)
    assert told["findings"] == []
    assert told["ok"] is True


@pytest.mark.proof
def test_check_refuses_what_its_settings_do_not_know(installed: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(digest="0" * 64).replace("api_key", "api_kee"), encoding="utf-8")

    told = json.loads(_batonpass(installed, "check", "--json", "--config", str(config)).stdout)

    assert told["ok"] is False
    assert "api_kee" in json.dumps(told["findings"])


def _copy(source: Path) -> None:
    package = source / "batonpass_acme"
    package.mkdir(parents=True)
    (source / "pyproject.toml").write_bytes((HERE / "pyproject.toml").read_bytes())
    for file in (HERE / "batonpass_acme").glob("*.py"):
        (package / file.name).write_bytes(file.read_bytes())


def _batonpass(site: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ACME_KEY": "acme_key_abcdefgh", "ACME_WEBHOOK_SECRET": "acme_wh_abcdefgh"}
    environment.pop("PYTHONPATH", None)
    if site is not None:
        environment["PYTHONPATH"] = str(site)
    command = [sys.executable, "-m", "batonpass", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
