"""What a context package costs: CPU to mask, build and map one of 200 turns, as it leaves, beside a bare baseline.

    python benchmarks/package.py
    python benchmarks/package.py --conversations retail_conversations.jsonl

The baseline is what nobody can avoid: the same request read from its JSON and checked. Rounds of both alternate in one
run, so that a busy machine hits both; the lowest CPU time of each is printed, and the stages of the package apart.
Without a file the turns are made up; with one they are its first 200.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batonpass.context.given import what_was_given
from batonpass.context.package import ContextPackage, build_package
from batonpass.context.reading import read
from batonpass.context.redaction import Redactor
from batonpass.context.render import render_note
from batonpass.context.summary import make_summary
from batonpass.context.suspicion import suspicion_about
from batonpass.context.tried import what_was_tried
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.facts import Fact, Gathered, SourceReport, Standing
from batonpass.domain.ids import HandoffId
from batonpass.domain.ticket import FieldSchema, TicketLimits
from batonpass.mapping import apply, load_helpdesk_mapping

TURNS = 200
ROUNDS = 60
AT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
MAPPING = Path(__file__).parent.parent / "mappings" / "zendesk.toml"
MADE_UP = (
    ("customer", "Hi! I'd like to return the blue lamp of order #W12345{n:02}. It arrived broken on 3 March."),
    ("ai", "I can help you with that. Could you please provide your email address, so that I can verify your identity?"),
    ("customer", "Sure, it's ada.lovelace@example.com, and my zip code is 78712."),
    (
        "ai",
        "Thank you, Ada. I found your order #W12345{n:02}:\n\n1. **Desk Lamp** - blue, USB\n2. **Backpack** - green\n\nThe refund of ${n}.50 will be processed to your original payment method. Please confirm if this is correct.",
    ),
    ("customer", "Yes, that's correct. Could you refund it to my PayPal account instead? I paid too much already."),
    ("ai", "I'm sorry, but I cannot refund to another payment method. If you need further assistance, feel free to ask!"),
    ("customer", 'The app says "Payment declined (E{n})" on my iPhone 14. Restarting did not help.'),
    ("ai", "Please try to clear the cache of the app. If that does not work, I have asked our team to look at the log."),
)  # fmt: skip


def made_up() -> Iterator[Mapping[str, str]]:
    for number in range(TURNS):
        role, text = MADE_UP[number % len(MADE_UP)]
        yield {"role": role, "text": text.format(n=number % 90 + 10)}


def first_turns(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open() as lines:
        for line in lines:
            yield from json.loads(line)["turns"]


def a_request(turns: Sequence[Mapping[str, str]]) -> bytes:
    body: dict[str, Any] = {
        "conversation": {"turns": turns, "channel": "web_chat", "language": "en"},
        "customer": {"name": "Ada Lovelace", "email": "ada.lovelace@example.com", "identity": "verified"},
        "reason": {"code": "not_allowed", "text": "refund to another payment method"},
    }
    return json.dumps(body).encode()


def facts() -> Gathered:
    told = [
        Fact(name=f"billing.fact_{number}", value=f"value {number}", source="billing", as_of=AT)
        for number in range(8)
    ]
    return Gathered(reports=(SourceReport(source="billing", standing=Standing.FOUND, facts=tuple(told)),))


def built(request: HandoffRequest, gathered: Gathered) -> ContextPackage:
    return build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=AT,
        agent_name="helper",
        request=request,
        gathered=gathered,
        url="https://batonpass.example/handoffs/ho_1",
    )


def lowest(stages: Mapping[str, Callable[[], object]]) -> Mapping[str, float]:
    """Milliseconds of CPU of each stage, the lowest of all rounds; the stages take turns."""
    best = dict.fromkeys(stages, float("inf"))
    for _ in range(ROUNDS):
        for name, stage in stages.items():
            started = time.process_time()
            stage()
            best[name] = min(best[name], (time.process_time() - started) * 1000)
    return best


def main(path: Path | None) -> None:
    body = a_request(list(made_up() if path is None else first_turns(path))[:TURNS])
    request, gathered = HandoffRequest.model_validate_json(body), facts()
    mapping, _ = load_helpdesk_mapping(MAPPING, facts=(), shown_as="mappings/zendesk.toml")
    assert mapping is not None
    schema = FieldSchema(fields=(), groups=(), limits=TicketLimits(subject=150, note=60_000), as_of=AT)
    redactor, package, reading = Redactor(), built(request, gathered), read(request.conversation)
    cost = lowest(
        {
            "baseline: read and check the request": lambda: HandoffRequest.model_validate_json(body),
            "as it leaves: masked, built, mapped": lambda: apply(
                mapping, built(redactor.request(request).request, gathered).values(), schema
            ),
            "  mask": lambda: redactor.request(request),
            "  build the package": lambda: built(request, gathered),
            "    read it, and what was tried": lambda: what_was_tried(request, read(request.conversation)),
            "    what was given": lambda: what_was_given(request.conversation),
            "    what speaks to a machine": lambda: suspicion_about(request),
            "    the summary": lambda: make_summary(request, reading),
            "  map it": lambda: apply(mapping, package.values(), schema),
            "render the note": lambda: render_note(package, limit=60_000),
        }
    )
    base = cost["baseline: read and check the request"]
    print(f"{TURNS} turns, {len(body):,} bytes; {len(package.given)} facts, {len(package.tried)} attempts")
    for name, spent in cost.items():
        print(f"{name:40} {spent:7.2f} ms  {spent / base:5.1f} x")
    if path is not None:
        print(f"{'a conversation as it is, on average':40} {as_they_are(path, gathered, redactor):7.2f} ms")


def as_they_are(path: Path, gathered: Gathered, redactor: Redactor) -> float:
    """Milliseconds of CPU to mask and build one package, over all conversations of the file."""
    with path.open() as lines:
        requests = [
            HandoffRequest.model_validate_json(a_request(json.loads(line)["turns"])) for line in lines
        ]
    whole = lowest(
        {"all": lambda: [built(redactor.request(request).request, gathered) for request in requests]}
    )
    return whole["all"] / len(requests)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversations", type=Path)
    main(parser.parse_args().conversations)
