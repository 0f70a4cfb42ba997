from __future__ import annotations

import time

import pytest

from batonpass.diagnostics import TomlFile, looks_secret


def shown(line: str) -> str:
    """The line as a finding on it shows it."""
    return TomlFile.of(f"{line}\n".encode(), shown_as="a.toml").finding((), "x", code="TF105").source_line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param('api_token = "hunter2"', 'api_token = "*******"', id="text"),
        pytest.param("password = hunter2", "password = *******", id="without quotes"),
        pytest.param('"My Token" = "hunter2"', '"My Token" = "*******"', id="quoted key"),
        pytest.param('a = { b = { secret = "hunter2", c = 1 } }', 'a = { b = { secret = "*******", c = 1 } }', id="tables in tables"),
        pytest.param('webhook_secrets = ["hunter2", "x"]', 'webhook_secrets = ["*******", "*"]', id="list"),
        pytest.param('a = [{ token = "hunter2" }]', 'a = [{ token = "*******" }]', id="table in a list"),
        pytest.param('url = "postgresql://user:hunter2@host/db"', 'url = "postgresql://user:*******@host/db"', id="password in an address"),
        pytest.param('colour = "abcdefghijklmnop12345678"', f'colour = "{"*" * 24}"', id="shape of a token"),
        pytest.param('token = "env:A_TOKEN_WITH_1234567890"', 'token = "env:A_TOKEN_WITH_1234567890"', id="reference"),
        pytest.param('from = "account.tier"', 'from = "account.tier"', id="no secret"),
    ],
)  # fmt: skip
def test_source_line_hides(line: str, expected: str):
    assert shown(line) == expected


def test_long_lines_cost_linear_time():
    lines = (
        "a" * 100_000,
        "token" * 20_000,
        '"' * 100_000,
        "a={" * 30_000,
        "://" * 30_000,
        "token=[" * 15_000,
    )

    started = time.process_time()
    for line in lines:
        TomlFile(shown_as="a.toml", text=line, data={}).finding((), "x", code="TF105")

    assert time.process_time() - started < 3


def test_words_do_not_look_secret_and_tokens_do():
    assert not looks_secret("handoff_billing_dispute_of_the_customer")
    assert looks_secret("sk_test_abcdefgh12345678")
