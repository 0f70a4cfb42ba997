"""Kill -9 while tickets ask for people by webhook and are enriched in place; start again, count what stands on them.

    python benchmarks/crash_webhooks.py                          # every failpoint, 10 tickets each, each helpdesk
    python benchmarks/crash_webhooks.py --helpdesk zendesk --tickets 4 --points 5

For each failpoint a server is started that kills itself there. Customers' tickets ask for a person; the emulator
delivers every webhook twice and repeats what is not answered, as the vendors do. The server is started again without
the failpoint; then every ticket is solved. In the end each ticket must have its context as one internal note and one
reply to the customer, no ticket of ours may stand beside it, and every handoff must be resolved.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # the helpdesks with what a test asks of them

from rig import Server, free_port, start_server

from batonpass.domain.event import EventKind
from batonpass.domain.handoff import StepKind
from batonpass.domain.ids import HandoffId
from batonpass.ports import Capability, StartRule
from batonpass.store import reading
from batonpass.testing.desk import configure
from batonpass.testing.emulator import Emulator, Fault, Latency
from batonpass.testing.happenings import Happening
from batonpass.testing.serving import served
from helpdesks import HELPDESKS, MAPPINGS, Known

KINDS = (
    StepKind.READ_CONVERSATION,
    StepKind.GATHER_FACTS,
    StepKind.ENRICH_TICKET,
    StepKind.NOTE_CONTEXT,
    StepKind.TELL_CUSTOMER,
    StepKind.READ_BACK,
    StepKind.FOLLOW_TICKET,
)
POINTS = (
    "webhook.received",
    "webhook.committed",
    *(f"step.{kind}.{place}" for kind in KINDS for place in ("claimed", "called", "stored")),
)
EFFECT_FAULTS = (Fault.ANSWER_LOST, Fault.ERROR_AFTER_COMMIT)
PATIENCE = 40.0
"""Seconds."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    point: str
    killed: bool
    tickets: int
    handoffs: int
    lost: int
    """Tickets without the context."""
    notes_doubled: int
    replies_wrong: int
    """Tickets whose customer was told not at all or twice."""
    strangers: int
    """Tickets that we opened beside them."""
    unresolved: int
    seconds: float

    @property
    def right(self) -> bool:
        wrong = self.lost + self.notes_doubled + self.replies_wrong + self.strangers + self.unresolved
        return self.killed and wrong == 0 and self.handoffs == self.tickets


async def kill_at(known: Known, point: str, count: int, folder: Path) -> Outcome:
    started = time.monotonic()
    emulator = known.emulated(latency=Latency(seconds=0.01, spread=0.3))
    emulator.outbox.retries = (0.5, 0.5, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0)
    emulator.outbox.on_sent = None  # no pause after many errors: the server is away for seconds only
    emulator.outbox.twice = True
    replies = Capability.REPLY in known.manifest.capabilities
    port = free_port()
    async with served(emulator) as vendor_url:
        url = f"http://127.0.0.1:{port}"
        configured = configure(
            folder,
            known.manifest,
            emulator,
            name=known.name,
            mapping=(MAPPINGS / f"{known.name}.toml").read_text(encoding="utf-8"),
            urls=(vendor_url, url),
            settings={
                "start": dict(known.start),
                **known.settings,
                "tell_customer": replies,
                "deadline": 2.0,
            },
        )
        emulator.asks_when(StartRule(**known.start))
        emulator.deliver_to(f"{url}/webhooks/{known.name}", secret=configured.webhook_secret)

        async def start(failpoint: str | None = None) -> Server:
            return await asyncio.to_thread(
                start_server,
                configured.path,
                port=port,
                failpoint=failpoint,
                log=folder / "server.log",
                secrets=configured.environment,
            )

        tickets = [
            emulator.happen(
                Happening(
                    kind=EventKind.TICKET_OPENED, text=f"Please refund charge {n}.", email=f"c{n}@example.com"
                )
            )
            for n in range(count)
        ]
        before = len(emulator.effects("ticket.opened"))
        first = await start(f"{point}:kill:{max(1, count // 3)}")
        for number, ticket in enumerate(tickets):
            if number % 4 == 0:
                emulator.next_call(EFFECT_FAULTS[number // 4 % 2], operation=_writes(emulator))
            emulator.happen(Happening(kind=EventKind.HANDOFF_ASKED, ticket=ticket, **known.asks))
        killed = await _died(first, 20)
        first.process.kill()
        first.process.wait()
        second = await start()
        await _rest(configured.path.parent / "batonpass.db", emulator, count)
        for ticket in tickets:
            emulator.happen(Happening(kind=EventKind.TICKET_SOLVED, ticket=ticket))
        await _rest(configured.path.parent / "batonpass.db", emulator, count, state="resolved")
        second.process.terminate()
        await asyncio.to_thread(second.process.wait, 30)
        notes = [
            sum("Conversation History" in note for note in emulator.internal_notes(ticket))
            for ticket in tickets
        ]
        told = [effect.id for effect in emulator.effects("reply.appended")]
        states = [state for _, _, state in reading.newest_handoffs(folder / "batonpass.db", most=10_000)]
        return Outcome(
            point=point,
            killed=killed,
            tickets=count,
            handoffs=len(states),
            lost=sum(number == 0 for number in notes),
            notes_doubled=sum(max(0, number - 1) for number in notes),
            replies_wrong=abs(len(told) - count) if replies else 0,
            strangers=len(emulator.effects("ticket.opened")) - before,
            unresolved=sum(state != "resolved" for state in states),
            seconds=time.monotonic() - started,
        )


def _writes(emulator: Emulator) -> str | None:
    """The operation that changes tickets or appends to them, whatever the vendor calls it."""
    names = {operation.name for operation in emulator.operations() if operation.method in {"PUT", "PATCH"}}
    return next((name for name in sorted(names) if "ticket" in name or "conversation" in name), None)


async def _died(server: Server, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.process.poll() is not None:
            return True
        await asyncio.sleep(0.05)
    return False


async def _rest(store: Path, emulator: Emulator, count: int, *, state: str | None = None) -> None:
    """Return once every handoff has nothing left to do (and stands in `state`), or when the time is over."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        await asyncio.sleep(0.2)
        await emulator.outbox.settled()
        ids = [handoff_id for handoff_id, _, _ in reading.newest_handoffs(store, most=10_000)]
        records = [reading.read_handoff(store, HandoffId(each)) for each in ids]
        if len(records) >= count and all(
            record is not None
            and (state is None or record.state == state)
            and all(step.status in {"done", "parked"} or _is_later(step.due_at) for step in record.steps)
            for record in records
        ):
            return


def _is_later(due_at: datetime) -> bool:
    """A look for a rating, an hour or more from now."""
    return due_at > datetime.now(UTC) + timedelta(minutes=30)


async def main(helpdesks: Sequence[Known], count: int, points: Sequence[str]) -> int:
    wrong, kills = [], 0
    for known in helpdesks:
        print(
            f"{known.name}\n{'failpoint':34} killed handoffs  lost notes x2 replies strangers unresolved     s"
        )
        usable = [
            point
            for point in points
            if Capability.REPLY in known.manifest.capabilities or "tell_customer" not in point
        ]
        with tempfile.TemporaryDirectory() as folder:
            for number, point in enumerate(usable):
                place = Path(folder) / str(number)
                place.mkdir()
                outcome = await kill_at(known, point, count, place)
                kills += outcome.killed
                wrong += [] if outcome.right else [f"{known.name} {point}"]
                print(
                    f"{point:34} {'yes' if outcome.killed else 'NO':>6} {outcome.handoffs:8} {outcome.lost:5}"
                    f" {outcome.notes_doubled:8} {outcome.replies_wrong:7} {outcome.strangers:9}"
                    f" {outcome.unresolved:10} {outcome.seconds:5.1f}",
                    flush=True,
                )
    print(f"\n{kills} kills; not right: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


def chosen(count: int | None) -> Sequence[str]:
    """All failpoints, or `count` of them spread over the list."""
    if count is None or count >= len(POINTS):
        return POINTS
    step = (len(POINTS) - 1) / max(1, count - 1)
    return [POINTS[round(n * step)] for n in range(count)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--helpdesk", default="all", choices=["all", *(known.name for known in HELPDESKS)])
    parser.add_argument("--tickets", type=int, default=10)
    parser.add_argument(
        "--points", type=int, help="how many failpoints, spread over the list; all unless given"
    )
    parser.add_argument("--only", help="one failpoint by name")
    given = parser.parse_args()
    wanted = [known for known in HELPDESKS if given.helpdesk in {"all", known.name}]
    sys.exit(asyncio.run(main(wanted, given.tickets, [given.only] if given.only else chosen(given.points))))
