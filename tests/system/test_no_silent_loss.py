"""Every value that a mapping makes is in its field or in a note, whatever the account's admins do meanwhile.

The full size is `python benchmarks/landing.py`.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from helpdesks import HELPDESKS, Known

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def landing(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("landing")


@pytest.mark.parametrize("known", HELPDESKS, ids=lambda known: known.name)
async def test_no_value_is_lost_silently_and_no_field_keeps_a_ticket_back(
    known: Known, landing: ModuleType, tmp_path: Path
) -> None:
    judged = await landing.hand_over_all(known, tmp_path, count=10, seed=3)

    assert (judged.handoffs, judged.tickets, judged.parked) == (10, 10, 0)
    assert judged.silent == []
    assert list(judged.disagreements()) == []
    assert judged.changes.total() > 0
    assert judged.noted.total() > 0


@pytest.mark.parametrize(
    ("note", "held", "fate"),
    [
        pytest.param("", "Pro", "held", id="in its field"),
        pytest.param("<li>Plan: Pro (not kept by the helpdesk)</li>", None, "noted", id="in a note"),
        pytest.param("", None, "silent", id="in neither"),
        pytest.param("<li>Plan: 6f5d-11 (not kept by the helpdesk)</li>", None, "silent", id="unreadable"),
        pytest.param("<li>Plan: Pro (cut to 2 characters)</li>", None, "silent", id="cut and gone"),
        pytest.param("<li>Plan: Pro (cut to 2 characters)</li>", "P…", "held", id="cut"),
    ],
)
def test_what_counts_as_lost(landing: ModuleType, note: str, held: str | None, fate: str) -> None:
    judged = landing.Judged()

    landing.judge(
        landing.Handed(id="ho_1", made={"Plan": "Pro"}), [{"Plan": held}], landing.lines_of([note]), judged
    )

    found = {"held": judged.held["Plan"], "noted": judged.noted["Plan"], "silent": len(judged.silent)}
    assert [name for name, count in found.items() if count] == [fate]
