"""docs/mapping.md says what is so: its examples load, and its lists are whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from batonpass.diagnostics import TomlFile, has_errors
from batonpass.domain.conversation import ReasonCode
from batonpass.domain.paths import PACKAGE_PATHS
from batonpass.mapping import load_fact_mapping, load_helpdesk_mapping
from batonpass.mapping.conditions import FUNCTIONS
from batonpass.mapping.layers import layered
from batonpass.mapping.transforms import TRANSFORMS
from mapping_samples import SHIPPED

PAGE = (Path(__file__).parent.parent.parent / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
FACTS = ("account.tier", "account.owner", "account.budget", "billing.renewal_date", "billing.plan")
READABLE = {"subscription": ("plan",), "company": ("*",), "customer": ("metadata.*",)}


def example_file(number: int) -> TomlFile:
    """Of a piece of a file the whole, with a subject and what it stands above."""
    text = EXAMPLES[number]
    if "subject" not in text:
        text = f'[ticket]\nsubject = "x"\n{text}'
    own = TomlFile.of(text.encode(), shown_as=f"example {number}")
    below = [TomlFile.read(SHIPPED)] if "extends" in text else []
    return layered([*below, own], own)


@pytest.mark.parametrize("number", [n for n, text in enumerate(EXAMPLES) if "[facts]" not in text])
def test_example_of_a_helpdesks_file_loads(number: int):
    facts = (*FACTS, "billing.mrr", "billing.balance")

    mapping, findings = load_helpdesk_mapping(example_file(number), facts=facts)

    assert mapping is not None, findings
    assert not has_errors(findings)


def test_example_of_a_sources_file_loads():
    (text,) = [each for each in EXAMPLES if "[facts]" in each]

    rules, findings = load_fact_mapping(TomlFile.of(text.encode(), shown_as="example"), readable=READABLE)

    assert rules is not None
    assert findings == []


@pytest.mark.parametrize(
    "word",
    [
        *(pytest.param(f"`{name}`", id=f"transform {name}") for name in TRANSFORMS if name not in {"truncate", "join"}),
        *(pytest.param(f"{name}(", id=f"function {name}") for name in FUNCTIONS),
        *(pytest.param(f"`{code}`", id=f"reason {code}") for code in ReasonCode),
    ],
)  # fmt: skip
def test_page_names(word: str):
    assert word in PAGE


def test_page_lists_our_values_as_they_are():
    rows = "\n".join(f"| `{path}` | {means} |" for path, means in PACKAGE_PATHS.items())

    assert rows in PAGE, f"docs/mapping.md is to have this table:\n{rows}"
