from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import batonpass.diagnostics
from batonpass.diagnostics import CODES, page_of, pages, whole_page
from cli_rig import run

DOCS = Path(__file__).parents[2] / "docs" / "findings.md"


def test_docs_have_every_code_as_the_table_has_it():
    assert DOCS.read_text(encoding="utf-8") == whole_page(), "write it anew: batonpass check --explain all"


@pytest.mark.parametrize("code", CODES)
def test_page_says_what_happens_and_what_to_do(code):
    page = pages()[code]

    assert page.means == CODES[code]
    assert page.why.endswith(".")
    assert page.do.endswith(".")
    assert bool(page.wrong) == bool(page.right)
    if page.right:
        tomllib.loads(page.right)


def test_no_page_is_of_a_code_that_is_not_there():
    written = Path(batonpass.diagnostics.__file__).with_name("pages.toml")

    assert set(tomllib.loads(written.read_text(encoding="utf-8"))) == set(CODES)


def test_link_of_a_code_leads_to_its_heading():
    assert page_of("HM204") == "docs/findings.md#hm204"
    assert "\n### HM204\n" in whole_page()


def test_explain_prints_one_page():
    told = run("check", "--explain", "hm204")

    assert told.exit_code == 0
    assert told.stdout.startswith("### HM204")
    assert "What to do: " in told.stdout


def test_explain_of_an_unknown_code_ends_with_2():
    told = run("check", "--explain", "HM999")

    assert told.exit_code == 2
    assert "there is no code HM999" in told.stderr
