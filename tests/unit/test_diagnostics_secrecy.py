from __future__ import annotations

import time

import pytest

from batonpass.diagnostics import TomlFile, looks_secret
from batonpass.diagnostics.secrecy import secrets_in


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


@pytest.mark.parametrize(
    "line",
    [
        "# sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        'from = "rk_test_51H7qYKJ2eZvKYlo2C"',
        "x = 1 # pat-eu1-0a1b2c3d-4e5f-6789-abcd-ef0123456789",
        "# Authorization: Bearer abcd1234efgh",
        "# password = hunter22x",
        "# the api key: 8f3a9c2e1b",
        'url = "https://bob:geheim1@example.com/"',
        "# eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
        'a = "dG9rOmFiY2RlZjEyMzQ1Njc4OTBhYmNkZWZHSElKS0w="',
        "-----BEGIN RSA PRIVATE KEY-----",
        "# ghp_abcdefghijklmnopqrst1234",
        "# xoxb-123456789012-abcdef",
        "# AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_secret_in_a_line_is_found_and_masked(line: str):
    (start, end), *_ = secrets_in(line)

    assert end - start >= 6
    assert line[start:end] not in shown(line)


@pytest.mark.parametrize(
    "line",
    [
        'from = "account.tier"',
        '"billing.plan" = { object = "subscription", property = "plan", values = { "Pro (2024)" = "pro" } }',
        'values = { "price_1MoBy5LkdIwHu7ixZhnattbh" = "Pro" }',
        'tags = ["reason_{handoff.reason}", "basic plan2024x"]',
        '"Password reset" = { from = "issue.title" }',
        '"API key owner" = "Platform team"',
        "# Token: see the vault",
        'token = "env:ZENDESK_TOKEN_2"',
        '"360000000013" = "Enterprise-Customer-Portal-EMEA-2024"',
        "# order W1234567890123456789012345678901234",
        '"conversation.id" # 3f2b8c1e-9d4a-4e6f-8b7a-1c2d3e4f5a6b',
        'default = "handoff_billing_dispute_of_an_enterprise_customer"',
    ],
)
def test_ordinary_lines_have_no_secret(line: str):
    assert secrets_in(line) == ()


def test_finding_words_never_show_a_key():
    file = TomlFile.of(b"a = 1\n", shown_as="a.toml")

    finding = file.finding(
        ("a",),
        'option "sk_live_4eC39HqLyjWDarjt" is none',
        code="HM204",
        hint='"ghp_abcdefghijklmnopqrst1234"?',
    )

    assert "4eC39Hq" not in finding.message
    assert "qrst1234" not in (finding.hint or "")
