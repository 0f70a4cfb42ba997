"""69 real conversations between customers and an AI agent, handed over through the API."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from shared import shared_file

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


async def test_69_real_conversations_become_69_tickets_with_every_turn_and_a_short_brief(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    conversations = importlib.import_module("conversations")

    talks = conversations.conversations_in(shared_file("data", "retail_conversations.jsonl"))

    counts = await conversations.hand_all_over(talks)

    print(conversations.table(counts))
    assert counts.right
    assert counts.rows == {
        "conversations": 69,
        "refused": 0,
        "tickets": 69,
        "without a ticket": 0,
        "with several tickets": 0,
        "turns": 1036,
        "turns missing in the transcript": 0,
        "words in the longest brief": counts.rows["words in the longest brief"],
        "briefs over 60 words": 0,
    }
