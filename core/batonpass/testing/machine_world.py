"""A whole batonpass for a machine of rules: what stands around it, how time passes, when it has come to rest."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from batonpass.app.config import Config, load_config
from batonpass.diagnostics import FileProblemsError
from batonpass.domain.handoff import HandoffRecord, StepKind, StepRecord, StepStatus
from batonpass.domain.ids import HandoffId
from batonpass.ports import StartRule
from batonpass.store import reading
from batonpass.testing.crash_scene import Staged
from batonpass.testing.desk import API_KEY, configure
from batonpass.testing.emulator import Emulator
from batonpass.testing.machine_agent import CALLBACK_SECRET, Agent
from batonpass.testing.machine_clock import LedClock, TrueClock, WrongClock
from batonpass.testing.machine_people import People
from batonpass.testing.machine_process import Door, Process
from batonpass.testing.serving import served

CALL_DEADLINE = 0.4
"""Seconds, of the real ones."""
AT_REST_WITHIN = 20.0
SOON = timedelta(minutes=20)
_PUSH_EVERY = 0.3
_PUSH = 5.0
"""Where nothing moves for `_PUSH_EVERY` real seconds, so many pass: something waits for a time that no row tells."""
_MORE = """
[handoff]
facts_deadline = 0.3
[store]
url = "env:MACHINE_STORE"
[connections.{name}]
base_url = "{url}"
{login}
"""


@dataclass(slots=True, kw_only=True)
class World:
    staged: Staged
    folder: Path
    store: str
    """Its URL."""
    clock: TrueClock = field(default_factory=TrueClock)
    versions: set[str] = field(default_factory=set)
    jumped: bool = False
    """Whether somebody has ever set the machine's clock."""
    superseded: set[str] = field(default_factory=set)
    """The handoffs that stay parked because their AI agent has asked again for the same ticket."""
    late: float = 0.0
    """Seconds for which the callback has been away, about."""
    machine: WrongClock = field(init=False)
    led: LedClock = field(init=False)
    """The service's own."""
    agent: Agent = field(init=False)
    emulator: Emulator = field(init=False)
    people: People = field(init=False)
    source: Emulator = field(init=False)
    door: Door = field(init=False)
    url: str = field(init=False)
    http: httpx.AsyncClient = field(init=False)
    process: Process = field(init=False)
    mapping: Path = field(init=False)
    secrets: tuple[str, ...] = field(init=False)

    async def open(self, stack: AsyncExitStack) -> None:
        """Everything runs; it ends with the stack, without a goodbye where that is how things stand then."""
        staged = self.staged
        self.machine = WrongClock(self.clock)
        self.led = LedClock(self.machine, not_before=self.clock.now())
        self.agent = Agent(clock=self.clock)
        self.emulator = staged.emulated(clock=self.clock)
        if staged.manifest.lookup_lag > 0:
            self.emulator.search_lag = staged.manifest.lookup_lag / 2
        self.emulator.outbox.retries = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
        self.emulator.outbox.on_sent = (
            None  # no pause after many errors: the server is away for a moment only
        )
        self.people = People(emulator=self.emulator, clock=self.clock)
        self.source = type(staged.source.emulator()).with_sample_account(clock=self.clock)
        self.door = Door()
        self.url = await stack.enter_async_context(served(self.door))
        urls = [
            await stack.enter_async_context(served(each)) for each in (self.emulator, self.source, self.agent)
        ]
        self.http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        self.process = Process(self._configured(urls), self.door)
        await self.start()
        stack.push_async_callback(self.process.stop)

    def _configured(self, urls: list[str]) -> Config:
        staged = self.staged
        settings = {"start": dict(staged.start), **staged.settings, "deadline": CALL_DEADLINE}
        made = configure(
            self.folder,
            staged.manifest,
            self.emulator,
            name=staged.name,
            mapping=staged.mapping,
            urls=(urls[0], self.url),
            settings=settings,
        )
        self.mapping = self.folder / "mappings" / f"{staged.name}.toml"
        source = staged.source.name
        (self.folder / "mappings" / f"{source}.toml").write_text(staged.source_mapping, encoding="utf-8")
        login = self.source.login()
        lines = [
            f'{key} = "env:SOURCE_{key.upper()}"'
            for key in login
            if key in staged.source.settings.secret_keys()
        ]
        lines += [
            f'{key} = "{value}"'
            for key, value in login.items()
            if key not in staged.source.settings.secret_keys()
        ]
        more = _MORE.format(name=source, url=urls[1], login="\n".join(lines))
        key = f'key_sha256 = "{hashlib.sha256(API_KEY.encode()).hexdigest()}"'
        callback = f'callback_url = "{urls[2]}/events"\ncallback_secret = "env:MACHINE_CALLBACK"'
        text = made.path.read_text(encoding="utf-8").replace(key, f"{key}\n{callback}")
        made.path.write_text(text + more, encoding="utf-8")
        self.emulator.asks_when(StartRule(**staged.start))
        self.emulator.deliver_to(f"{self.url}/webhooks/{staged.name}", secret=made.webhook_secret)
        environment = {
            **made.environment,
            "MACHINE_STORE": self.store,
            "MACHINE_CALLBACK": CALLBACK_SECRET,
            **{f"SOURCE_{key.upper()}": value for key, value in login.items()},
        }
        self.secrets = (API_KEY, CALLBACK_SECRET, *made.environment.values())
        return load_config(made.path, environment)

    # The process ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """A broken mapping keeps it from starting, and says so: then a person mends it."""
        self.led = LedClock(self.machine, not_before=self.led.now())
        try:
            await self.process.start(self.led)
        except FileProblemsError:
            self.mapping.write_text(self.staged.mapping, encoding="utf-8")
            await self.process.start(self.led)
        self.versions.add(self.process.service.mappings.versions[0])

    async def crash(self) -> None:
        await self.process.crash()
        await self.start()

    def wake(self) -> None:
        engine = self.process.service.engine
        assert engine is not None
        engine.wake()

    # The store --------------------------------------------------------------------------------------------------

    async def kept(self) -> dict[str, HandoffRecord]:
        """Every handoff."""
        service = self.process.service
        newest = await asyncio.to_thread(reading.newest_handoffs, service.config.store, most=1000)
        found: dict[str, HandoffRecord] = {}
        for each, _, _ in reversed(newest):
            record = await service.journal.handoff(HandoffId(each))
            if record is not None:
                found[each] = record
        return found

    async def known_tickets(self) -> list[str]:
        """Those that stand, in the order in which they were asked for or opened."""
        ours = [record.ticket_id for record in (await self.kept()).values() if record.ticket_id]
        known = dict.fromkeys([*(each for each in self.people.tickets if each not in ours), *ours])
        return [
            each for each in known if each not in self.people.tickets or not self.people.tickets[each].deleted
        ]

    # Time -------------------------------------------------------------------------------------------------------

    async def rest(self) -> dict[str, HandoffRecord]:
        """Come to where nothing can be done before a later time."""
        loop = asyncio.get_running_loop()
        until, push_at = loop.time() + AT_REST_WITHIN, loop.time() + _PUSH_EVERY
        while True:
            await self.people.deliveries()
            kept = await self.kept()
            now = self.led.now()
            busy = [
                (id_, step) for id_, record in kept.items() for step in record.steps if not rests(step, now)
            ]
            if not busy:
                return kept
            if loop.time() > until:
                raise AssertionError(f"does not come to rest: {_told(busy)}")
            if loop.time() > push_at:
                push_at = loop.time() + _PUSH_EVERY
                self.led.pass_seconds(_PUSH)
                self.wake()
            await asyncio.sleep(0.01)

    async def go_on(self, seconds: float) -> None:
        """Let so much time pass; whatever is due meanwhile is done when it is due."""
        end = self.led.now() + timedelta(seconds=seconds)
        while (now := self.led.now()) < end:
            following = _next(await self.rest(), now) or end
            self.led.pass_seconds(max(0.0, (min(following, end) - self.led.now()).total_seconds()) + 0.005)
            self.wake()
            await self._overdue_seen()

    async def settle(self, *, most: timedelta) -> dict[str, HandoffRecord]:
        """Let time pass until nothing is left to do but to look again much later."""
        end = self.led.now() + most
        while True:
            kept = await self.rest()
            due = [
                step.due_at
                for record in kept.values()
                for step in record.steps
                if _wanted(step, self.led.now())
            ]
            if not due or self.led.now() > end:
                return kept
            await self.go_on(max(0.0, (min(due) - self.led.now()).total_seconds()) + 0.005)

    async def _overdue_seen(self) -> None:
        """Wait until every deadline that has passed has been looked at: that is done by a job."""
        loop = asyncio.get_running_loop()
        until, push_at = loop.time() + 5.0, loop.time() + _PUSH_EVERY
        while loop.time() < until:
            now = self.led.now()
            kept = await self.kept()
            if not any(each.deadline_at is not None and each.deadline_at <= now for each in kept.values()):
                return
            if loop.time() > push_at:
                push_at = loop.time() + _PUSH_EVERY
                self.led.pass_seconds(_PUSH)
            await asyncio.sleep(0.02)

    async def reloaded(self) -> None:
        """Wait until a change of the mapping has been noticed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                text = self.mapping.read_text(encoding="utf-8")
                good = text.startswith(self.staged.mapping) and "[[[" not in text
                while self.process.service.mappings.all_in_force is not good:  # noqa: ASYNC110 - a file, no event
                    await asyncio.sleep(0.02)
        self.versions.add(self.process.service.mappings.versions[0])


def rests(step: StepRecord, now: datetime) -> bool:
    waits = step.status is StepStatus.READY and step.due_at > now
    return waits or step.status in {StepStatus.DONE, StepStatus.PARKED}


def _wanted(step: StepRecord, now: datetime) -> bool:
    far = step.kind is StepKind.FOLLOW_TICKET and step.due_at > now + SOON
    return step.status is StepStatus.READY and not far


def _next(kept: Mapping[str, HandoffRecord], now: datetime) -> datetime | None:
    """When something is to be done or to be looked at."""
    due = [
        step.due_at for record in kept.values() for step in record.steps if step.status is StepStatus.READY
    ]
    due += [record.deadline_at for record in kept.values() if record.deadline_at is not None]
    return min((each for each in due if each > now), default=None)


def _told(busy: list[tuple[str, StepRecord]]) -> str:
    return "; ".join(f"{id_} {step.name} {step.status} due {step.due_at:%H:%M:%S}" for id_, step in busy)
