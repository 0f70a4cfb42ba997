"""`[identity]` of the configuration."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from batonpass.app.config import Config, read_config
from batonpass.diagnostics import Finding
from batonpass.domain.person import MatchRule

ENVIRONMENT = {"ZENDESK": "x" * 40, "STRIPE": "rk_test_123"}
FILE = f"""
[agents.bot]
key_sha256 = "{hashlib.sha256(b"k").hexdigest()}"
[connections.zendesk]
subdomain = "acme"
client_id = "id"
client_secret = "env:ZENDESK"
[connections.stripe]
api_key = "env:STRIPE"
mode = "test"
"""


def configured(folder: Path, identity: str = "") -> tuple[Config | None, list[Finding]]:
    path = folder / "config.toml"
    path.write_text(f"{FILE}{identity}", encoding="utf-8")
    return read_config(path, ENVIRONMENT)


def test_as_shipped_all_rules_are_in_force_and_the_case_counts(tmp_path: Path) -> None:
    config, findings = configured(tmp_path)

    assert config is not None, findings
    rules = config.identity.rules
    assert (rules.match, rules.default_region, rules.folds_case) == (tuple(MatchRule), None, False)


def test_rules_their_order_and_those_of_one_connection_are_read(tmp_path: Path) -> None:
    config, findings = configured(
        tmp_path,
        '[identity]\nmatch = ["phone", "email"]\ndefault_region = "DE"\nemail_case = "insensitive"\n'
        'connections.stripe = { match = ["external_id"] }\n',
    )

    assert config is not None, findings
    rules = config.identity.rules
    assert rules.match_at("zendesk") == (MatchRule.PHONE, MatchRule.EMAIL)
    assert rules.match_at("stripe") == (MatchRule.EXTERNAL_ID,)
    assert (rules.default_region, rules.folds_case) == ("DE", True)


@pytest.mark.parametrize(
    ("identity", "line", "said"),
    [
        ('[identity]\nmatch = ["name"]', 2, "external_id"),
        ('[identity]\nmatch = ["email", "email"]', 2, "each rule stands here once"),
        ('[identity]\ndefault_region = "Germany"', 2, "ISO 3166"),
        ('[identity]\nemail_case = "ignore"', 2, "insensitive"),
        ('[identity]\nconnections.strip = { match = ["email"] }', 2, "no connection named 'strip'"),
        ("[identity]\nmatches = []", 2, "matches"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(tmp_path: Path, identity: str, line: int, said: str) -> None:
    config, findings = configured(tmp_path, identity)

    (finding,) = findings
    assert config is None
    assert finding.line == FILE.count("\n") + line
    assert said in f"{finding.message} {finding.hint}"
