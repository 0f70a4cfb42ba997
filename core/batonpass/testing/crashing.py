"""One run of the crash test after the other, in a slot of its own: ports, servers and a store that are used again."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from batonpass.domain.event import EventKind
from batonpass.ports import Capability, StartRule
from batonpass.store.address import StoreAddress
from batonpass.testing.crash_config import configured_for, secrets_in
from batonpass.testing.crash_plan import Case, CrashPlan, planned
from batonpass.testing.crash_scene import AiAgent, Node, Staged
from batonpass.testing.crash_slot import Slot
from batonpass.testing.crash_store import all_done, kept
from batonpass.testing.crash_verdict import Verdict, judged
from batonpass.testing.desk import API_KEY
from batonpass.testing.emulator import Emulator, Latency
from batonpass.testing.faults import Fault
from batonpass.testing.happenings import Happening
from batonpass.testing.outbox import Order as Delivered

PATIENCE = 45.0
"""Seconds for a whole run; what is not done then is wrong."""
END_WITHIN = 8.0
LOOK_EVERY = 0.1
ASK = "I was charged twice for my plan this month. Please refund one of the charges."


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How one run went."""

    case: Case
    fired: tuple[bool, ...]
    """Of each of the case's shots."""
    verdict: Verdict
    seconds: float
    lag: float
    """The longest that our own loop stood still, seconds."""


async def play(case: Case, staged: Staged, at: Slot, folder: Path) -> Played:
    """One run; `folder` is empty and its own."""
    run = _Run(case, planned(case), staged, at, folder)
    return await run.play()


class _Run:
    def __init__(self, case: Case, plan: CrashPlan, staged: Staged, at: Slot, folder: Path) -> None:
        self._case = case
        self._plan = plan
        self._staged = staged
        self._at = at
        self._folder = folder
        self._until = time.monotonic() + PATIENCE
        self._asking: dict[str, datetime] = {}
        self._lag = 0.0
        self._fired = folder / "fired"
        self._fired.mkdir()

    async def play(self) -> Played:
        began = time.monotonic()
        at, plan = self._at, self._plan
        watching = asyncio.create_task(self._watch_lag())
        address = await at.store.fresh(self._folder)
        emulator = self._emulator()
        agent = AiAgent(url=at.url, fails=plan.callback_fails)
        at.helpdesk.app, at.source.app, at.callback.app = emulator, self._source(), agent
        configured = configured_for(
            self._folder,
            staged=self._staged,
            emulator=emulator,
            source=at.source.app,
            at=at,
            address=address,
            plan=plan,
        )
        emulator.asks_when(StartRule(**self._staged.start))
        emulator.deliver_to(f"{at.url}/webhooks/{self._staged.name}", secret=configured.webhook_secret)
        nodes = self._nodes(configured.path, dict(configured.environment))
        keeping = [asyncio.create_task(node.keep()) for node in nodes]
        try:
            wrong = await self._through(emulator, agent)
            for ended in [await node.end(within=END_WITHIN) for node in nodes]:
                wrong += [] if ended else [f"a process did not end as told within {END_WITHIN:g} s"]
        finally:  # whatever went wrong: the next run finds the ports free
            for node in nodes:
                node.ending = True
                node.kill()
            await asyncio.gather(*keeping)
            watching.cancel()
        verdict = await self._judged(emulator, agent, address, wrong, [API_KEY, *secrets_in(configured)])
        return Played(
            case=self._case,
            fired=tuple(
                (self._fired / name).exists() for name in self._plan.failpoints[: len(self._case.shots)]
            ),
            verdict=verdict,
            seconds=time.monotonic() - began,
            lag=self._lag,
        )

    async def _watch_lag(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            self._lag = max(self._lag, time.monotonic() - before - 0.05)

    # What stands around it --------------------------------------------------------------------------------------

    def _emulator(self) -> Emulator:
        plan, staged = self._plan, self._staged
        emulator: Emulator = staged.emulated(
            latency=Latency(seconds=plan.latency, spread=0.5), seed=plan.seed
        )
        if staged.manifest.lookup_lag > 0:
            emulator.search_lag = 0.2
        emulator.outbox.retries = (0.1, 0.2, 0.3, 0.3, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0)
        emulator.outbox.on_sent = None  # no pause after many errors: the server is away for seconds only
        emulator.outbox.twice = plan.twice
        if plan.drops:
            staged.drop_a_field(emulator)
        return emulator

    def _source(self) -> Emulator:
        source: Emulator = type(self._staged.source.emulator()).with_sample_account()
        if self._plan.late_facts:
            source.next_call(Fault.ANSWERED_LATE, times=4, seconds=0.6)
        return source

    def _nodes(self, config: Path, environment: dict[str, str]) -> list[Node]:
        plan, at = self._plan, self._at
        hangs = [self._fired / name for name in plan.failpoints if ":hang:" in name]
        nodes: list[Node] = []
        for number, port in enumerate(at.ports):
            order = {
                "config": str(config),
                "environment": environment,
                "port": port,
                "seed": plan.seed + number,
                "log": str(self._folder / f"node-{number}.log"),
                "failpoints": plan.failpoints,
                "fired": str(self._fired),
                "deadlines": plan.deadlines,
            }
            nodes.append(
                Node(
                    zygote=at.zygote,
                    http=at.http,
                    order=order,
                    port=port,
                    restarted_after=plan.restarted_after,
                    stays_dead=lambda: (
                        plan.left_dead and not self._resting and any(node.runs for node in nodes)
                    ),
                    hung=hangs[0] if hangs else None,
                )
            )
        return nodes

    _resting = False
    """Whether all that can be done has been done by whoever is alive."""

    # What happens -----------------------------------------------------------------------------------------------

    async def _through(self, emulator: Emulator, agent: AiAgent) -> list[str]:
        wrong: list[str] = []
        asked = self._hand_over(emulator, agent)
        self._faults(emulator)
        await self._tickets_ask(emulator)
        await asyncio.gather(*asked)
        if not await self._rests(emulator, agent, solved=False):
            wrong.append("not all was done when the patience was over")
        for ticket in dict.fromkeys(
            [*self._asking, *(each.id for each in emulator.effects("ticket.opened"))]
        ):
            emulator.happen(Happening(kind=EventKind.TICKET_SOLVED, ticket=ticket))
        if not wrong and not await self._rests(emulator, agent, solved=True):
            wrong.append("not every handoff was resolved when the patience was over")
        self._resting = True
        return wrong

    def _hand_over(self, emulator: Emulator, agent: AiAgent) -> list[asyncio.Task[str | None]]:
        talk = self._staged.conversation(emulator) if self._plan.passes else None
        found = []
        for number, asking in enumerate(self._plan.askings):
            more = {"helpdesk": {"conversation_id": talk}} if talk and number == 0 else {}
            body = {
                "conversation": {
                    "id": asking.conversation,
                    "turns": [
                        {"role": "customer", "text": f"{ASK} ({asking.canary})"},
                        {"role": "ai", "text": "Refunds need a colleague of mine; I pass you on."},
                    ],
                },
                "customer": {
                    "name": "Mia Keller",
                    "email": "mia.keller@example.com",
                    "identity": "verified",
                },
                "reason": {"code": "billing_dispute", "text": "Refunds need a person"},
                **more,
            }
            coming = agent.hand_over(self._at.http, asking, body, until=self._until)
            found.append(asyncio.create_task(coming))
        return found

    def _faults(self, emulator: Emulator) -> None:
        writes = [
            each.name
            for each in emulator.operations()
            if each.method in {"POST", "PUT", "PATCH"} and not each.open and "ticket" in each.path
        ]
        for number, each in enumerate(self._plan.faults):
            operation = (
                sorted(writes)[(self._plan.seed + number) % len(writes)] if each.on_write and writes else None
            )
            emulator.next_call(each.fault, operation=operation, **each.told)
        if self._plan.silent:
            for write in (each for each in writes if "create" in each):
                emulator.next_call(
                    Fault.NEVER_ANSWERED, operation=write, times=self._plan.silent, seconds=1.0
                )

    async def _tickets_ask(self, emulator: Emulator) -> None:
        if self._plan.shuffled:
            emulator.outbox.hold()
        for number in range(self._plan.tickets):
            made = Happening(
                kind=EventKind.TICKET_OPENED, text=f"{ASK} ({number})", email=f"customer{number}@example.com"
            )
            ticket = emulator.happen(made)
            self._asking[ticket] = datetime.now(UTC) - timedelta(seconds=1)
            emulator.happen(Happening(kind=EventKind.HANDOFF_ASKED, ticket=ticket, **dict(self._staged.asks)))
        await asyncio.sleep(0.05)
        emulator.outbox.release(Delivered.SHUFFLED if self._plan.shuffled else Delivered.AS_IT_WAS)

    async def _rests(self, emulator: Emulator, agent: AiAgent, *, solved: bool) -> bool:
        """Wait until nothing is left to do; whether that came in time."""
        wanted = len({each.handoff_id for each in agent.acknowledged}) + len(self._asking)
        quiet_at = time.monotonic() + 2.0
        while time.monotonic() < self._until:
            await emulator.outbox.settled()
            heard = {each.handoff_id for each in agent.told if each.what == "ticketed"}
            known = {each.handoff_id for each in agent.acknowledged}
            if (known <= heard or time.monotonic() > quiet_at) and await all_done(
                self._at.store, wanted, solved
            ):
                await emulator.outbox.settled()
                return True
            await asyncio.sleep(LOOK_EVERY)
        return False

    async def _judged(
        self, emulator: Emulator, agent: AiAgent, address: StoreAddress, wrong: list[str], secrets: list[str]
    ) -> Verdict:
        logs = [path.read_text(encoding="utf-8") for path in sorted(self._folder.glob("node-*.log"))]
        records = await asyncio.to_thread(kept, address)
        deadlines = self._plan.deadlines or {}
        replies = Capability.REPLY in self._staged.manifest.capabilities
        verdict = judged(
            emulator=emulator,
            agent=agent,
            asking=self._asking,
            records=records,
            replies=replies,
            log="".join(logs),
            secrets=secrets,
            ticket_within=deadlines.get("ticket_within", 120.0),
        )
        return replace(verdict, wrong=(*wrong, *verdict.wrong))
