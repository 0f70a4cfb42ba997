"""Hand real conversations over, to one helpdesk or to each, and count what became of them.

    python benchmarks/conversations.py retail_conversations.jsonl --helpdesk all

One JSON object a line: `id`, `customer` (`name`, `email`, both optional) and `turns` (`role`, `text`). The helpdesk's
emulator, batonpass and the AI agent run in this process and talk over loopback. First every conversation is handed
over through the API. Then twenty customers write to the helpdesk themselves, each of their tickets asks for a person
there, and the helpdesk's own webhook starts the handoff that enriches it in place. What is counted comes from the
helpdesk: its ledger and the notes that agents see.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # the helpdesks with what a test asks of them

import structlog

from batonpass.domain.event import EventKind
from batonpass.testing.desk import Desk
from helpdesks import HELPDESKS, Known

AT_ONCE = 8
ENRICHED = 20
MOST_WORDS = 60
PATIENCE = 120.0
"""Seconds."""
HISTORY = "Conversation History</h3>"


@dataclass(frozen=True, kw_only=True)
class Handed:
    """One conversation and its ticket."""

    turns: int
    accepted: bool
    tickets: int = 0
    notes: int = 0
    """With the context."""
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
            "without the context, or with it twice": sum(each.notes != 1 for each in self.handed),
            "turns": sum(each.turns for each in self.handed),
            "turns missing in the transcript": sum(each.turns - each.turns_in_note for each in self.handed),
            "words in the longest brief": max((each.brief_words for each in self.handed), default=0),
            f"briefs over {MOST_WORDS} words": sum(each.brief_words > MOST_WORDS for each in self.handed),
        }

    @property
    def right(self) -> bool:
        """One ticket for each, none else, its context once, nothing missing, every brief short."""
        wrong = (
            "refused",
            "without a ticket",
            "with several tickets",
            "without the context, or with it twice",
            "turns missing in the transcript",
            f"briefs over {MOST_WORDS} words",
        )
        return not self.strangers and not any(self.rows[name] for name in wrong)


def conversations_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


async def hand_all_over(known: Known, conversations: Sequence[dict[str, Any]]) -> Counts:
    """Hand every conversation over through the API, `AT_ONCE` at a time."""
    gate = asyncio.Semaphore(AT_ONCE)
    with tempfile.TemporaryDirectory(prefix="conversations-") as folder:
        async with known.plays(Path(folder)) as played:

            async def one(conversation: dict[str, Any]) -> str:
                async with gate:
                    handoff_id = await played.hand_over(
                        {
                            "conversation": {
                                "id": conversation["id"],
                                "channel": "web_chat",
                                "turns": conversation["turns"],
                            },
                            "customer": conversation.get("customer", {}),
                        }
                    )
                    await played.settled(handoffs=[handoff_id], seconds=PATIENCE)
                    return handoff_id

            before = len(played.emulator.effects("ticket.opened"))
            started = time.perf_counter()
            ids = await asyncio.gather(*(one(conversation) for conversation in conversations))
            await played.settled(seconds=PATIENCE)
            seconds = time.perf_counter() - started
            opened = Counter(effect.id for effect in played.emulator.effects("ticket.opened")[before:])
            handed = [
                await _judged(played, [turn["text"] for turn in conversation["turns"]], handoff_id, opened)
                for conversation, handoff_id in zip(conversations, ids, strict=True)
            ]
            strangers = sum(opened.values()) - sum(each.tickets for each in handed)
            return Counts(handed=tuple(handed), strangers=strangers, seconds=seconds)


async def enrich(known: Known, conversations: Sequence[dict[str, Any]], *, most: int = ENRICHED) -> Counts:
    """Twenty customers write themselves; their tickets ask for a person, and the helpdesk's webhook tells us."""
    with tempfile.TemporaryDirectory(prefix="conversations-") as folder:
        async with known.plays(Path(folder)) as played:
            tickets = {}
            for conversation in conversations[:most]:
                said = [turn["text"] for turn in conversation["turns"] if turn["role"] == "customer"]
                email = f"{conversation['id']}@example.com".lower().replace(" ", "-")
                ticket = await played.happens(EventKind.TICKET_OPENED, text=said[0], email=email)
                for text in said[1:3]:
                    await played.happens(EventKind.CUSTOMER_REPLIED, ticket=ticket, text=text)
                tickets[ticket] = said[:3]
            before = len(played.emulator.effects("ticket.opened"))
            started = time.perf_counter()
            for ticket in tickets:
                await played.happens(EventKind.HANDOFF_ASKED, ticket=ticket, **known.asks)
            await played.settled(seconds=PATIENCE)
            seconds = time.perf_counter() - started
            handoffs: dict[str, list[str]] = {}
            for handoff_id in await played.all_handoffs():
                about = (await played.record(handoff_id)).ticket_id
                handoffs.setdefault(about or "none", []).append(handoff_id)
            handed = [
                await _judged_ticket(played, said, ticket, len(handoffs.pop(ticket, [])))
                for ticket, said in tickets.items()
            ]
            strangers = len(handoffs) + len(played.emulator.effects("ticket.opened")) - before
            return Counts(handed=tuple(handed), strangers=strangers, seconds=seconds)


async def _judged(played: Desk, turns: Sequence[str], handoff_id: str, opened: Counter[str]) -> Handed:
    ticket = (await played.record(handoff_id)).ticket_id
    return (
        await _judged_ticket(played, turns, ticket, opened[ticket])
        if ticket
        else Handed(turns=len(turns), accepted=True)
    )


async def _judged_ticket(played: Desk, turns: Sequence[str], ticket: str, tickets: int) -> Handed:
    notes = [note for note in played.emulator.internal_notes(ticket) if HISTORY in note]
    note = notes[0] if notes else ""
    brief, _, _ = note.partition("<h3>")[0].partition("<p><b>All steps:")  # a link is followed, not read
    _, _, transcript = note.partition(HISTORY)
    return Handed(
        turns=len(turns),
        accepted=True,
        tickets=tickets,
        notes=len(notes),
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
    lines = [f"{name:40} {number:>6,}" for name, number in counts.rows.items()]
    return "\n".join([*lines, f"{'seconds':40} {counts.seconds:>6.1f}"])


def _wanted(name: str) -> Iterator[Known]:
    return (known for known in HELPDESKS if name in {"all", known.name})


def main() -> int:
    parser = argparse.ArgumentParser(description="Hand conversations over and count what became of them.")
    parser.add_argument("path", type=Path, help="JSON lines")
    parser.add_argument("--helpdesk", default="all", choices=["all", *(known.name for known in HELPDESKS)])
    told = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    talks = conversations_in(told.path)
    right = True
    for known in _wanted(told.helpdesk):
        handed, enriched = asyncio.run(hand_all_over(known, talks)), asyncio.run(enrich(known, talks))
        print(f"{known.name}: handed over through the API\n{table(handed)}\n")
        print(f"{known.name}: tickets that asked, enriched in place\n{table(enriched)}\n", flush=True)
        right = right and handed.right and enriched.right
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
