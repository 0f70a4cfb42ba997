"""docs/audit.md says what is so: every figure stands there with its definition."""

from __future__ import annotations

import re
from pathlib import Path

from batonpass.insight.automation import (
    MANY_ANSWERS,
    MANY_MESSAGES,
    MOST_ANSWERS,
    MOST_MESSAGES,
    PERSON_DECIDES,
)
from batonpass.insight.repeats import WITHIN_DAYS
from batonpass.testing.past_desk import PastDesk
from pasts_of_desks import audited

PAGE = (Path(__file__).parent.parent.parent / "docs" / "audit.md").read_text(encoding="utf-8")


def test_every_figure_stands_in_the_docs_with_its_definition() -> None:
    audit = audited(PastDesk(1, tickets=300))

    rows = re.findall(r"^\| (.+?) \| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE)

    assert rows == [(each.title, each.name, each.says) for each in audit.figures]


def test_the_rule_of_the_docs_is_the_rule() -> None:
    assert f"at most {MOST_ANSWERS} answer of a person, at most {MOST_MESSAGES} messages" in PAGE
    assert f"{MANY_ANSWERS} answers or more, {MANY_MESSAGES} messages of the customer or more" in PAGE
    assert f"a person must decide: {', '.join(sorted(PERSON_DECIDES))}" in PAGE
    assert f"no new ticket within {WITHIN_DAYS} days" in PAGE
