"""Kill -9 at every step boundary under handoffs in flight, start again, count the tickets.

    python benchmarks/crash.py                      # every failpoint, 20 handoffs each
    python benchmarks/crash.py --handoffs 5 --points 6

(`crash_webhooks.py` does the same for handoffs that tickets ask for.)

For each failpoint a server is started that kills itself there. Clients hand over with an Idempotency-Key each and
repeat until they are answered, as an AI agent would; the server is started again without the failpoint. In the end
every acknowledged handoff must have exactly one ticket in the emulator's ledger, and every note at most once.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from rig import AUTHORISED, emulators, free_port, ledger, request_body, start_server, write_config
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from batonpass.domain.handoff import StepKind
from batonpass.testing.serving import served

EFFECT_FAULTS = ("answer_lost", "answered_late", "error_after_commit")
KINDS = (
    StepKind.GATHER_FACTS,
    StepKind.OPEN_TICKET,
    StepKind.READ_BACK,
    StepKind.NOTE_NOT_LANDED,
    StepKind.LATE_FACTS,
    StepKind.NOTE_LATE_FACTS,
    StepKind.ANNOUNCE,
)
"""The steps of a handoff that an AI agent asks for."""
POINTS = (
    "accept.received",
    "accept.committed",
    *(f"step.{kind}.{place}" for kind in KINDS for place in ("claimed", "called", "stored")),
)


@dataclass(frozen=True)
class Outcome:
    point: str
    killed: bool
    acknowledged: int
    tickets: int
    lost: int
    doubled: int
    notes_doubled: int
    untold: int
    seconds: float

    @property
    def right(self) -> bool:
        return self.killed and self.lost == self.doubled == self.notes_doubled == self.untold == 0


async def hand_over(http: httpx.AsyncClient, number: int, seconds: float) -> str:
    """The handoff's id, however often the server dies before it answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            answer = await http.post(
                "/v1/handoffs", json=request_body(number), headers={"Idempotency-Key": f"k{number}"}
            )
        except httpx.HTTPError:
            await asyncio.sleep(0.1)
            continue
        if answer.status_code == 202:
            return str(answer.json()["id"])
        await asyncio.sleep(0.1)
    raise TimeoutError(f"handoff {number} was not acknowledged")


async def all_finished(http: httpx.AsyncClient, ids: Sequence[str], seconds: float) -> None:
    """Return once no handoff has a step that is still to be done, or when the time is over."""
    until = time.monotonic() + seconds
    open_ids = list(ids)
    while open_ids and time.monotonic() < until:
        answers = await asyncio.gather(*(http.get(f"/v1/handoffs/{each}") for each in open_ids))
        open_ids = [
            answer.json()["id"]
            for answer in answers
            if any(step["status"] in {"ready", "running"} for step in answer.json()["steps"])
            or answer.json()["ticket"] is None
        ]
        await asyncio.sleep(0.1)


class AiAgent:
    """The AI agent's callback: which handoffs it was told of."""

    def __init__(self) -> None:
        self.told: set[str] = set()
        self.app = Starlette(routes=[Route("/events", self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        self.told.add((await request.json())["data"]["handoff_id"])
        return Response(status_code=204)


async def kill_at(point: str, handoffs: int, folder: Path, urls: dict[str, str]) -> Outcome:
    ai_agent = AiAgent()
    async with served(ai_agent.app) as callback:
        return await _kill_at(point, handoffs, folder, urls, ai_agent, callback)


async def _kill_at(
    point: str, handoffs: int, folder: Path, urls: dict[str, str], ai_agent: AiAgent, callback: str
) -> Outcome:
    started = time.monotonic()
    folder.mkdir()
    config = write_config(
        folder,
        urls,
        callback=f"{callback}/events",
        deadline=2.0,
        more="[handoff]\nfacts_deadline = 0.5\nlate_facts_for = 5.0",
    )
    log = folder / "server.log"
    port = free_port()
    before = len(ledger(urls["zendesk"]))
    _plan_faults(point, handoffs, urls)
    first = start_server(config, port=port, failpoint=f"{point}:kill:{max(1, handoffs // 4)}", log=log)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=AUTHORISED, timeout=10) as http:
        asking = asyncio.gather(*(hand_over(http, number, 60) for number in range(handoffs)))
        killed = await _died(first.process, 20)
        first.process.kill()
        first.process.wait()
        second = start_server(config, port=port, log=log)
        ids = await asking
        await all_finished(http, ids, 60)
    second.process.terminate()
    second.process.wait(30)
    effects = ledger(urls["zendesk"])[before:]
    tickets = Counter(effect["key"] for effect in effects if effect["kind"] == "ticket.opened")
    notes = Counter(effect["key"] for effect in effects if effect["kind"] == "note.appended")
    return Outcome(
        point=point,
        killed=killed,
        acknowledged=len(set(ids)),
        tickets=sum(tickets.values()),
        lost=sum(each not in tickets for each in ids),
        doubled=sum(count - 1 for count in tickets.values()),
        notes_doubled=sum(count - 1 for count in notes.values()),
        untold=sum(each not in ai_agent.told for each in ids),
        seconds=time.monotonic() - started,
    )


def _plan_faults(point: str, handoffs: int, urls: dict[str, str]) -> None:
    """Make the vendors misbehave so that the step behind the failpoint happens at all, and creates lose answers."""
    for fault in EFFECT_FAULTS:
        _fault(
            urls["zendesk"], fault=fault, operation="tickets.create", times=max(1, handoffs // 10), seconds=12
        )
    if "late_facts" in point:
        _fault(urls["hubspot"], fault="answered_late", operation="contacts.get", times=handoffs, seconds=2)


def _fault(url: str, **planned: object) -> None:
    answer = httpx.post(f"{url}/_emulator/faults", json=planned, timeout=10)
    answer.raise_for_status()


async def _died(process: object, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:  # type: ignore[attr-defined]
            return True
        await asyncio.sleep(0.05)
    return False


async def main(handoffs: int, points: Sequence[str]) -> int:
    outcomes = []
    print(
        f"{'failpoint':34} {'killed':>6} {'acked':>6} {'tickets':>7} {'lost':>5} {'doubled':>7} {'notes x2':>8} {'untold':>6} {'s':>6}"
    )
    with tempfile.TemporaryDirectory() as folder, emulators(latency=0.02, spread=0.3, drops=True) as urls:
        for number, point in enumerate(points):
            outcome = await kill_at(point, handoffs, Path(folder) / str(number), urls)
            outcomes.append(outcome)
            print(
                f"{point:34} {'yes' if outcome.killed else 'NO':>6} {outcome.acknowledged:6} {outcome.tickets:7}"
                f" {outcome.lost:5} {outcome.doubled:7} {outcome.notes_doubled:8} {outcome.untold:6} {outcome.seconds:6.1f}",
                flush=True,
            )
    wrong = [outcome.point for outcome in outcomes if not outcome.right]
    total = sum(outcome.acknowledged for outcome in outcomes)
    print(
        f"\n{len(outcomes)} kills, {total} handoffs acknowledged, "
        f"{sum(outcome.lost for outcome in outcomes)} lost, {sum(outcome.doubled for outcome in outcomes)} doubled"
    )
    print(f"not right: {', '.join(wrong)}" if wrong else "all right")
    return 1 if wrong else 0


def chosen(count: int | None) -> Sequence[str]:
    """All failpoints, or `count` of them spread over the list."""
    if count is None or count >= len(POINTS):
        return POINTS
    return (
        [POINTS[round(n * (len(POINTS) - 1) / (count - 1))] for n in range(count)]
        if count > 1
        else POINTS[:1]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--handoffs", type=int, default=20)
    parser.add_argument(
        "--points", type=int, help="how many failpoints, spread over the list; all unless given"
    )
    parser.add_argument("--only", help="one failpoint by name")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.handoffs, [given.only] if given.only else chosen(given.points))))
