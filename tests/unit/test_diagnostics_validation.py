from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from batonpass.diagnostics import Finding, TomlFile, render, to_json, validated


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Connection(Shape):
    token: SecretStr
    address: str
    port: int = 1
    deadline: Annotated[float, Field(gt=0)] = 10
    codes: tuple[int, ...] = ()

    @field_validator("token")
    @classmethod
    def _reference(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value().startswith("bad"):
            raise ValueError("write env:NAME or file:PATH")
        return token


class Plain(Shape):
    kind: Literal["plain"]
    text: str


class Looked(Shape):
    kind: Literal["looked"]
    source: str = Field(alias="from")
    values: dict[Colour, str] = {}


class Config(Shape):
    colour: Colour = Colour.RED
    connections: dict[str, Connection] = {}
    rules: dict[str, Annotated[Plain | Looked, Field(discriminator="kind")]] = {}
    loose: dict[str, str | float | Looked] = {}
    many: list[Connection] = []


def check(text: str) -> list[Finding]:
    model, findings = validated(TomlFile.of(text.encode(), shown_as="config.toml"), Config)

    assert (model is None) == bool(findings)
    return findings


GOOD = """\
colour = "blue"
[connections.zd]
token = "env:TOKEN"
address = "x"
[rules."a b"]
kind = "looked"
from = "y"
values = { red = "1" }
[loose]
a = "text"
b = 1.5
c = { kind = "looked", from = "z" }
"""


def test_good_file_gives_the_model_and_no_findings():
    assert check(GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad", "place", "code", "told"),
    [
        pytest.param("address =", "adress =", (4, 1), "TF101", ("adress", '"address"'), id="unknown key"),
        pytest.param("colour =", "qqq =", (1, 1), "TF101", ("qqq", "known here: colour"), id="key like none"),
        pytest.param('from = "y"', 'form = "y"', (7, 1), "TF101", ("form", '"from"'), id="unknown key in a union"),
        pytest.param(', from = "z"', ', from = "z", vlaues = 1', (12, 36), "TF101", ("vlaues", '"values"'), id="unknown key in a union without tag"),
        pytest.param('address = "x"', "address = 3", (4, 11), "TF102", ("expected text, got a number", ""), id="number for text"),
        pytest.param('"x"', '"x"\ncodes = 1', (5, 9), "TF102", ("expected a list, got a number", ""), id="number for a list"),
        pytest.param('"x"', '"x"\ncodes = [1, "b"]', (5, 13), "TF102", ("a whole number, got text", ""), id="text in a list of numbers"),
        pytest.param('"x"', '"x"\nport = "b"', (5, 8), "TF102", ("a whole number, got text", ""), id="text for a number"),
        pytest.param('"x"', '"x"\ndeadline = 0', (5, 12), "TF105", ("should be greater than 0", ""), id="number too small"),
        pytest.param("b = 1.5", "b = []", (11, 5), "TF102", ("text, a number or a table, got a list", ""), id="no branch of a union fits"),
        pytest.param('address = "x"\n', "", (2, 1), "TF103", ('"address" is missing', ""), id="key is missing"),
        pytest.param(', from = "z"', "", (12, 5), "TF103", ('"from" is missing', ""), id="key is missing in an inline table"),
        pytest.param('"blue"', '"bleu"', (1, 10), "TF104", ("is not one of red, blue", '"blue"'), id="value not in the list"),
        pytest.param("red =", "rde =", (8, 12), "TF104", ("is not one of red, blue", '"red"'), id="key not in the list"),
        pytest.param('kind = "looked"\nfrom', 'kind = "loked"\nfrom', (6, 8), "TF104", ("plain, looked", '"looked"'), id="tag of a union"),
        pytest.param("env:TOKEN", "bad", (3, 9), "TF105", ("write env:NAME", ""), id="refused by a validator"),
    ],
)  # fmt: skip
def test_fault_is_found_at_its_place(
    good: str, bad: str, place: tuple[int, int], code: str, told: tuple[str, str]
):
    assert good in GOOD

    (finding,) = check(GOOD.replace(good, bad, 1))

    assert (finding.line, finding.column, finding.code) == (*place, code)
    assert told[0] in finding.message
    assert told[1] in (finding.hint or "")


def test_all_faults_are_found_in_one_run():
    findings = check(
        GOOD.replace("colour", "color").replace('address = "x"', "address = 3").replace("b = 1.5", "b = []")
    )

    assert sorted(finding.line for finding in findings) == [1, 4, 11]


def test_part_of_a_file_is_checked_with_the_places_of_the_file():
    file = TomlFile.of(b"[connections.zd]\ntoken = 'env:A'\naddress = 1\n", shown_as="config.toml")

    _, findings = validated(file, Connection, at=("connections", "zd"))

    assert [(finding.line, finding.column) for finding in findings] == [(3, 11)]


def test_unreadable_file_is_not_told_twice():
    file = TomlFile.of(b"a = ", shown_as="config.toml")

    assert validated(file, Config) == (None, [])


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('token = "bad-hunter2"', id="of a secret field"),
        pytest.param("token = 12345678", id="secret that is no text"),
        pytest.param('tokn = "bad-hunter2"', id="of a misspelt secret field"),
        pytest.param(
            '[connections]\nx = { tokn = "hunter2", address = 1 }', id="beside another fault on the line"
        ),
        pytest.param('colour = "sk_test_abcdefgh12345678"', id="token in another field"),
        pytest.param('api_key = "hunter2"', id="of an unknown key that sounds secret"),
        pytest.param("token = hunter2", id="in a line that is not TOML"),
        pytest.param('prt = "postgresql://user:hunter2@host/db"', id="password in an address"),
    ],
)
def test_secret_is_never_shown(line: str):
    file = TomlFile.of(
        f"{'' if line.startswith('[') else '[connections.zd]'}\n{line}\n".encode(), shown_as="config.toml"
    )

    _, findings = validated(file, Config)
    shown = render([*file.findings, *findings]) + str(to_json(findings)) + repr(findings)

    assert findings or file.findings
    for secret in ("hunter2", "12345678", "sk_test"):
        assert secret not in shown


def test_rendering_shows_the_line_and_a_caret_below_what_is_meant():
    findings = check('colour = "bleu"\n[connections.zd]\n\ttoken = "env:A"\n\tadress = "x"\n')

    assert render(findings) == (
        'config.toml:1:10: TF104 error: "bleu" is not one of red, blue\n'
        '    1 | colour = "bleu"\n'
        '      |          ^^^^^^ did you mean "blue"?\n'
        'config.toml:4:2: TF101 error: unknown key "adress"\n'
        '    4 | \tadress = "x"\n'
        '      | \t^^^^^^ did you mean "address"?'
    )
    assert render(findings[:1], full=False) == (
        'config.toml:1:10: TF104 error: "bleu" is not one of red, blue (did you mean "blue"?)'
    )


def test_rendering_of_a_very_long_line_shows_the_part_that_is_meant():
    (finding,) = check(f'loose = {{ a = "{"ü" * 5000}", b = [] }}')

    text = render([finding])

    assert "[]" in text
    assert max(len(line) for line in text.splitlines()) < 300


def test_json_has_the_place_and_no_source():
    (finding,) = check('colour = "bleu"')

    assert to_json([finding]) == [
        {
            "code": "TF104",
            "severity": "error",
            "message": '"bleu" is not one of red, blue',
            "location": {"file": "config.toml", "line": 1, "column": 10, "length": 6},
            "hint": 'did you mean "blue"?',
            "fix": None,
            "docs": "docs/findings.md#tf104",
        }
    ]
