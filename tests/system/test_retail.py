"""69 real conversations between customers and an AI agent, at each helpdesk, both ways."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from helpdesks import HELPDESKS, Known
from shared import shared_file

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def conversations(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("conversations")


@pytest.mark.proof
@pytest.mark.parametrize("known", HELPDESKS, ids=lambda known: known.name)
async def test_69_real_conversations_become_69_tickets_with_every_turn_and_a_short_brief(
    known: Known, conversations: ModuleType
) -> None:
    talks = conversations.conversations_in(shared_file("data", "retail_conversations.jsonl"))

    counts = await conversations.hand_all_over(known, talks)

    print(conversations.table(counts))
    assert counts.right
    assert (counts.rows["tickets"], counts.rows["turns"]) == (69, 1036)


@pytest.mark.proof
@pytest.mark.parametrize("known", HELPDESKS, ids=lambda known: known.name)
async def test_20_tickets_that_ask_by_webhook_are_enriched_in_place(
    known: Known, conversations: ModuleType
) -> None:
    talks = conversations.conversations_in(shared_file("data", "retail_conversations.jsonl"))

    counts = await conversations.enrich(known, talks)

    print(conversations.table(counts))
    assert counts.right
    assert counts.rows["tickets"] == 20
