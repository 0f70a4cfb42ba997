"""Secrets in the wrong place."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr

from batonpass.app import secret_kinds
from batonpass.app.config import read_config
from batonpass.app.registry import connectors
from batonpass.app.secret_kinds import mistaken_for
from batonpass.app.webhook_address import is_loopback
from batonpass.ports import SecretKind
from toy_helpdesk import LEDGER, ToyDesk, installed, manifest_of, toy_folder

RIGHT = {"TOY_KEY": "toy_abcd1234", "TOY_WEBHOOK": "toywh_abcd1234", "LEDGER_KEY": "lk_live_abcd1234"}
LINES = ('api_key = "env:TOY_KEY"', 'webhook_secret = "env:TOY_WEBHOOK"')
MORE = '[connections.ledger]\napi_key = "env:LEDGER_KEY"\n'


@pytest.fixture
def two(monkeypatch):
    with installed(monkeypatch, manifest_of(ToyDesk()), LEDGER):
        yield


def findings(tmp_path, environment, *lines):
    config = toy_folder(tmp_path, *(lines or LINES), more=MORE)
    return read_config(config, environment)


@pytest.mark.usefixtures("two")
def test_secrets_in_their_places_are_fine(tmp_path):
    config, found = findings(tmp_path, RIGHT)

    assert found == []
    assert config is not None


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("variable", "secret", "said"),
    [
        ("TOY_WEBHOOK", "toy_abcd1234",
         "holds a Toy Desk API key (toy_…); webhook_secret of [connections.toy] needs a Toy Desk webhook secret (toywh_…)"),
        ("TOY_KEY", "toywh_abcd1234", "holds a Toy Desk webhook secret (toywh_…); api_key"),
        ("TOY_KEY", "toypk_abcd1234", "holds a Toy Desk browser key (toypk_…); api_key"),
        ("TOY_WEBHOOK", "lk_live_abcd1234", "holds a Ledger API key (lk_live_…); webhook_secret"),
        ("LEDGER_KEY", "toy_abcd1234", "holds a Toy Desk API key (toy_…); api_key of [connections.ledger]"),
    ],
    ids=["key as webhook secret", "webhook secret as key", "browser key", "another vendor's", "there too"],
)  # fmt: skip
def test_w04_secret_of_another_kind_is_named_at_its_line(tmp_path, variable, secret, said):
    config, (finding,) = findings(tmp_path, {**RIGHT, variable: secret})

    assert config is None
    assert finding.code == "BC008"
    assert f"the environment variable {variable} {said}" in finding.message
    assert f'"env:{variable}"' in finding.source_line
    assert "abcd1234" not in f"{finding}"


@pytest.mark.usefixtures("two")
def test_secret_in_a_file_names_the_file(tmp_path):
    (tmp_path / "toy.secret").write_text("lk_live_abcd1234\n")

    config, (finding,) = findings(tmp_path, RIGHT, 'api_key = "file:toy.secret"')

    assert config is None
    assert "the file toy.secret holds a Ledger API key" in finding.message
    assert "abcd1234" not in f"{finding}"


@pytest.mark.usefixtures("two")
def test_previous_secret_is_held_to_the_same_kind(tmp_path):
    previous = 'webhook_secret_previous = "env:OLD"'

    _, right = findings(tmp_path, {**RIGHT, "OLD": "toywh_zzzz1234"}, *LINES, previous)
    _, (wrong,) = findings(tmp_path, {**RIGHT, "OLD": "toy_zzzz1234"}, *LINES, previous)

    assert right == []
    assert "webhook_secret_previous of [connections.toy] needs a Toy Desk webhook" in wrong.message


@pytest.mark.usefixtures("two")
def test_secret_without_a_known_shape_is_left_alone(tmp_path):
    assert findings(tmp_path, {**RIGHT, "TOY_KEY": "emulated-secret"})[1] == []


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("secret", ["", " ", "\n", "\t \r\n"], ids=["empty", "blank", "newline", "several"])
@pytest.mark.parametrize("where", ["env", "file"])
def test_w04_empty_secret_is_refused(tmp_path, secret, where):
    (tmp_path / "toy.secret").write_text(secret)
    reference = "env:TOY_WEBHOOK" if where == "env" else "file:toy.secret"

    config, (finding,) = findings(
        tmp_path, {**RIGHT, "TOY_WEBHOOK": secret}, f'webhook_secret = "{reference}"'
    )

    assert config is None
    assert re.search("is not set|is empty", finding.message)


KEY = SecretKind(what="a key", pattern=r"k_[a-z]+")
LOOSE = SecretKind(what="anything with k", pattern=r"k.*")
SHAPELESS = SecretKind(what="a text")
UUID = SecretKind(what="a UUID of Acme", pattern=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
A_UUID = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"


@pytest.mark.parametrize(
    ("secret", "wanted", "known", "mistaken"),
    [
        ("k_abc", KEY, [LOOSE], None),
        ("k_abc", SHAPELESS, [KEY], KEY),
        ("k_abc", None, [KEY], KEY),
        ("xk_abc", SHAPELESS, [KEY], None),
        ("k_abc\n", SHAPELESS, [KEY], None),
        ("k_abc", SHAPELESS, [SHAPELESS], None),
        (A_UUID, SHAPELESS, [UUID], None),
        (A_UUID, KEY, [UUID], UUID),
    ],
    ids=[
        "its own first",
        "shapeless",
        "unknown setting",
        "part",
        "end of line",
        "no patterns",
        "anybody's shape",
        "anybody's shape where another is wanted",
    ],
)
def test_only_a_whole_match_of_another_kind_is_a_mistake(secret, wanted, known, mistaken):
    assert mistaken_for(SecretStr(secret), wanted, known) is mistaken


def test_patterns_of_all_installed_connectors_are_patterns_and_named_for_real_settings():
    for manifest in connectors().values():
        secrets = set(manifest.settings.secret_keys())
        assert set(manifest.secrets) <= secrets, manifest.name
        for kind in secret_kinds._kinds_of(manifest):
            assert kind.pattern is None or re.fullmatch(kind.pattern, "") is None


@pytest.mark.parametrize(
    ("url", "stays"),
    [
        ("http://127.0.0.1:9100", True),
        ("http://localhost:9100/x", True),
        ("http://[::1]:80", True),
        ("http://127.9.9.9", True),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost@evil.example", False),
        ("http://0.0.0.0", False),
        ("https://acme.example", False),
        ("nonsense", False),
        ("http://[broken", False),
    ],
)
def test_loopback_is_only_this_machine(url, stays):
    assert is_loopback(url) is stays
