"""`batonpass user add`: lines for config.toml, never a password."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from batonpass.app.config import read_config
from batonpass.app.page_settings import UserRole
from cli_rig import run, words

PASSWORD = b"correct horse battery\n"
DESK = """
[connections.zendesk]
subdomain = "acme"
client_id = "us"
client_secret = "env:ZENDESK_CLIENT_SECRET"
"""


def test_the_lines_that_it_prints_let_the_user_sign_in(tmp_path: Path) -> None:
    printed = run("user", "add", "maria", "--role", "ops", stdin=PASSWORD)

    path = tmp_path / "config.toml"
    path.write_text(printed.stdout + DESK)
    config, findings = read_config(path, {"ZENDESK_CLIENT_SECRET": "emulated-secret"})
    assert config is not None, findings
    user = config.pages.users["maria"]
    assert user.role is UserRole.OPS
    assert PasswordHasher().verify(user.password_argon2, "correct horse battery")
    assert printed.exit_code == 0
    assert "correct horse" not in printed.output
    assert "config.toml" in printed.stderr


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("maria", b"short\n", "needs 12 to 1,000"),
        ("maria", b"x" * 1001 + b"\n", "needs 12 to 1,000"),
        ("Maria K.", PASSWORD, "small letters, digits"),
    ],
    ids=["short", "long", "name"],
)
def test_what_cannot_be_used_is_said(name: str, password: bytes, said: str) -> None:
    refused = run("user", "add", name, stdin=password)

    assert refused.exit_code == 2
    assert said in words(refused.output)
    assert refused.stdout == ""


def test_a_name_that_nobody_could_sign_in_with_is_found(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[pages.users."Maria K."]\nrole = "ops"\npassword_argon2 = "$argon2id$x"\n{DESK}')

    config, findings = read_config(path, {"ZENDESK_CLIENT_SECRET": "emulated-secret"})

    assert config is None
    assert [each.line for each in findings if "small letters" in each.message] == [1]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('role = "boss"\npassword_argon2 = "$argon2id$x"', "not one of ops, lead"),
        ('role = "ops"\npassword_argon2 = "hunter2 in the clear"', "never a password"),
        ('role = "ops"', "password_argon2"),
    ],
    ids=["role", "password", "no-password"],
)
def test_a_user_table_with_a_mistake_is_found_and_no_password_shown(
    tmp_path: Path, lines: str, said: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[pages.users.maria]\n{lines}\n{DESK}")

    config, findings = read_config(path, {"ZENDESK_CLIENT_SECRET": "emulated-secret"})

    assert config is None
    assert any(said in f"{each.message} {each.hint}" for each in findings)
    assert not any("hunter2" in f"{each.message} {each.hint}" for each in findings)
