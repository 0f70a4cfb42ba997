"""Hand real conversations over, through the API, and count what became of them.

    python benchmarks/conversations.py retail_conversations.jsonl

One JSON object a line: `id`, `customer` (`name`, `email`, both optional) and `turns` (`role`, `text`). Emulators,
server and AI agent run in this process and talk over loopback. What is counted comes from the helpdesk: its ledger
and the comments that its own API gives back.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx

from batonpass.demo.stage import Stage, set_up
from batonpass.domain.clock import SystemClock
from batonpass.testing.emulator import Latency

AT_ONCE = 8
MOST_WORDS = 60
PATIENCE = 60.0
"""Seconds for one handoff."""
HELPDESK_LOGIN = ("ada@helpdesk.example/token", "emulated-token")


@dataclass(frozen=True, kw_only=True)
class Handed:
    """One conversation and its ticket."""

    turns: int
    accepted: bool
    tickets: int = 0
    turns_in_note: int = 0
    """Turns whose whole text stands in the transcript, in order."""
    brief_words: int = 0


@dataclass(frozen=True, kw_only=True)
class Counts:
    handed: tuple[Handed, ...]
    strangers: int
    """Tickets that belong to no handoff."""
    seconds: float

    @property
    def rows(self) -> dict[str, int]:
        return {
            "conversations": len(self.handed),
            "refused": sum(not each.accepted for each in self.handed),
            "tickets": sum(each.tickets for each in self.handed) + self.strangers,
            "without a ticket": sum(each.tickets == 0 for each in self.handed),
            "with several tickets": sum(each.tickets > 1 for each in self.handed),
            "turns": sum(each.turns for each in self.handed),
            "turns missing in the transcript": sum(each.turns - each.turns_in_note for each in self.handed),
            "words in the longest brief": max((each.brief_words for each in self.handed), default=0),
            f"briefs over {MOST_WORDS} words": sum(each.brief_words > MOST_WORDS for each in self.handed),
        }

    @property
    def right(self) -> bool:
        """One ticket for each, none else, nothing missing, every brief short."""
        wrong = ("refused", "without a ticket", "with several tickets", "turns missing in the transcript")
        short = self.rows["words in the longest brief"] <= MOST_WORDS
        return short and not self.strangers and not any(self.rows[name] for name in wrong)


def conversations_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


async def hand_all_over(conversations: Sequence[dict[str, Any]]) -> Counts:
    """Hand every conversation over, `AT_ONCE` at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(stage: Stage, conversation: dict[str, Any]) -> str | None:
        async with gate:
            return await _hand_over(stage, conversation)

    with tempfile.TemporaryDirectory(prefix="conversations-") as folder:
        async with set_up(Path(folder), SystemClock(), latency=Latency()) as stage:
            started = time.perf_counter()
            ids = await asyncio.gather(*(one(stage, conversation) for conversation in conversations))
            seconds = time.perf_counter() - started
            return await _counted(stage, conversations, ids, seconds)


async def _hand_over(stage: Stage, conversation: dict[str, Any]) -> str | None:
    """The handoff's id once nothing is left to do; None where it was refused."""
    request = {
        "conversation": {"id": conversation["id"], "channel": "web_chat", "turns": conversation["turns"]},
        "customer": conversation.get("customer", {}),
    }
    answer = await stage.http.post(
        "/v1/handoffs", json=request, headers={"Idempotency-Key": conversation["id"]}
    )
    if answer.status_code != 202:
        print(f"{conversation['id']}: {answer.status_code} {answer.text}", file=sys.stderr)
        return None
    url = answer.json()["status_url"]
    async with asyncio.timeout(PATIENCE):
        while not _ended((await stage.http.get(url)).json()):
            await asyncio.sleep(0.02)
    handoff_id: str = answer.json()["id"]
    return handoff_id


def _ended(status: dict[str, Any]) -> bool:
    return all(step["status"] in {"done", "parked"} for step in status["steps"])


async def _counted(
    stage: Stage, conversations: Sequence[dict[str, Any]], ids: Sequence[str | None], seconds: float
) -> Counts:
    async with httpx.AsyncClient(
        base_url=stage.vendors["zendesk"], auth=HELPDESK_LOGIN, trust_env=False
    ) as helpdesk:
        ledger = (await helpdesk.get("/_emulator/ledger")).json()
        opened = [effect for effect in ledger if effect["kind"] == "ticket.opened"]
        tickets = Counter(effect["key"] for effect in opened)
        notes = {effect["key"]: await _note(helpdesk, effect["id"]) for effect in opened}
    handed = [
        _judged(conversation, handoff_id, tickets[handoff_id], notes.get(handoff_id, ""))
        for conversation, handoff_id in zip(conversations, ids, strict=True)
    ]
    return Counts(handed=tuple(handed), strangers=len(set(tickets) - set(ids)), seconds=seconds)


async def _note(helpdesk: httpx.AsyncClient, ticket_id: str) -> str:
    """The ticket's first comment, as the helpdesk's API gives it."""
    answer = await helpdesk.get(f"/api/v2/tickets/{ticket_id}/comments", params={"page[size]": 100})
    html: str = answer.raise_for_status().json()["comments"][0]["html_body"]
    return html


def _judged(conversation: dict[str, Any], handoff_id: str | None, tickets: int, note: str) -> Handed:
    turns = [turn["text"] for turn in conversation["turns"]]
    brief, _, _ = note.partition("<h3>")
    _, _, transcript = note.partition("Conversation History</h3>")
    return Handed(
        turns=len(turns),
        accepted=handoff_id is not None,
        tickets=tickets,
        turns_in_note=_found_in_order(turns, _text_of(transcript)),
        brief_words=len(_text_of(brief).split()),
    )


def _found_in_order(turns: Sequence[str], transcript: str) -> int:
    found = position = 0
    for turn in turns:
        text = " ".join(turn.split())
        at = transcript.find(text, position)
        if at >= 0:
            found, position = found + 1, at + len(text)
    return found


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.pieces.append(" " if tag in {"br", "p", "li", "pre", "ul"} else "")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def _text_of(html: str) -> str:
    """What a person reads, every white space a single space."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return " ".join("".join(parser.pieces).split())


def table(counts: Counts) -> str:
    lines = [f"{name:34} {number:>6,}" for name, number in counts.rows.items()]
    return "\n".join([*lines, f"{'seconds':34} {counts.seconds:>6.1f}"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Hand conversations over and count what became of them.")
    parser.add_argument("path", type=Path, help="JSON lines")
    counts = asyncio.run(hand_all_over(conversations_in(parser.parse_args().path)))
    print(table(counts))
    return 0 if counts.right else 1


if __name__ == "__main__":
    sys.exit(main())
