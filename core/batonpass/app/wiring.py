"""The only composition root: everything that has state or a door to the outside is made here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx

from batonpass.app import drift
from batonpass.app.board import SharedBoard
from batonpass.app.config import Config, Connection
from batonpass.app.copies import FOLLOW_EVERY, systems_of
from batonpass.app.forgetting import Forgetting
from batonpass.app.furnishing import Observing, announcers_of, packing_of, world_of
from batonpass.app.health import Health
from batonpass.app.intake import Intake
from batonpass.app.jobs import RELOAD_EVERY, STEER_EVERY, Reaping, Reloading, Steering, Telling
from batonpass.app.line import Line
from batonpass.app.mappings import Mappings
from batonpass.app.metrics import Metrics
from batonpass.app.opening import OpenStore, opened_store
from batonpass.app.own_thread import in_own_thread
from batonpass.app.planning.versions import KeepingVersions, Versions
from batonpass.app.reconciliation import Reconciliation
from batonpass.app.schedule import Schedule
from batonpass.app.signed_links import SignedLinks
from batonpass.app.summary_settings import summarist_of
from batonpass.app.syncing.door import SyncDoor
from batonpass.app.syncing.hints import LOOK_EVERY as HINTS_EVERY
from batonpass.app.syncing.hints import Hints
from batonpass.app.syncing.jobs import SyncJobs
from batonpass.app.syncing.rounds import Syncing
from batonpass.app.syncing.telling import SyncTelling
from batonpass.app.troubles import Troubles
from batonpass.app.watch import LOOK_EVERY, Watch
from batonpass.app.webhook_intake import WebhookIntake
from batonpass.domain.clock import Clock, SystemClock
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.domain.ticket import FieldSchema
from batonpass.engine import Engine, World
from batonpass.engine.world import Packing
from batonpass.ports import Connecting
from batonpass.store import Database, Installation, Journal, Retention, SyncBook
from batonpass.store.witness import BEARS_EVERY
from batonpass.sync import Ended
from batonpass.sync.people import People
from batonpass.transport import Credentials, Explain, Explanation, Transport, open_sockets
from batonpass.transport.sharing import Board, Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One running batonpass."""

    config: Config
    journal: Journal
    engine: Engine | None
    """None where this process only accepts."""
    intake: Intake
    webhooks: WebhookIntake
    mappings: Mappings
    health: Health
    metrics: Metrics
    installation: Installation
    clock: Clock
    links: SignedLinks
    page_key: bytes
    """Signs the sessions of those who use the pages."""
    packing: Packing
    sync: SyncDoor

    @property
    def schema(self) -> FieldSchema | None:
        """What the helpdesk's tickets can hold, as it was read last."""
        return None if self.engine is None else self.engine.schema


@asynccontextmanager
async def connected(
    connection: Connection,
    clock: Clock,
    *,
    through: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] = lambda sockets: sockets,
    board: Board | None = None,
    on_trouble: Callable[[Notice], None] | None = None,
    opened: Callable[[Transport], None] = lambda _: None,
) -> AsyncIterator[object]:
    """One connection, open: an object with the protocols of its connector's capabilities.

    `through` may put something between it and its sockets, to see what goes over them. `board` joins it with the other
    nodes, `on_trouble` hears of its vendor's troubles, `opened` gets each of its transports.
    """
    settings = connection.settings
    async with open_sockets() as sockets:
        http = through(sockets)

        def open_transport(
            *,
            base_url: str,
            hosts: tuple[str, ...],
            credentials: Credentials,
            explain: Explain = lambda _: Explanation(),
            headers: Mapping[str, str] | None = None,
        ) -> Transport:
            transport = Transport(
                connection=connection.name,
                base_url=base_url,
                hosts=hosts,
                http=http,
                credentials=credentials,
                clock=clock,
                explain=explain,
                headers=headers,
                deadline=settings.deadline,
                board=board,
                on_trouble=on_trouble,
            )
            opened(transport)
            return transport

        yield connection.manifest.connect(
            settings, Connecting(name=connection.name, clock=clock, open_transport=open_transport)
        )


@asynccontextmanager
async def running(
    config: Config,
    *,
    clock: Clock | None = None,
    new_id: Callable[[], HandoffId] = new_handoff_id,
    works: bool = True,
) -> AsyncIterator[Service]:
    """Open the store and the connections, recover, work; close in the opposite order.

    The journal lives in the caller's event loop, where handoffs are accepted; the engine has a thread of its own, so
    that a caller who waits for a 202 need not wait for the tickets of others. `works`: False leaves the steps to other
    processes.

    Raises `FileProblemsError` (mapping files), `ConfigurationError` and `StoreError` before anything is served.
    """
    machine = clock or SystemClock()
    mappings = Mappings(config, machine)
    async with opened_store(config, machine, steady=clock is None) as store:
        watch = Watch(config, store)
        transports: list[Transport] = []
        metrics = Metrics(
            ai_agents=config.agents,
            connections=[each.name for each in config.connections],
            standing=watch.standing,
            conditions=lambda: [each.condition() for each in transports],
        )
        line = Line(config, watch, store.clock)
        page_key = await store.installation.page_key(store.clock.now())
        links = SignedLinks(key=page_key, public_url=config.server.public_url, days=config.pages.link_days)
        house = _House(
            config=config,
            store=store,
            mappings=mappings,
            watch=watch,
            metrics=metrics,
            line=line,
            transports=transports,
            new_id=new_id,
            links=links,
            sync=SyncDoor(),
        )
        async with in_own_thread(
            house.working if works else house.accepting, name="batonpass-engine"
        ) as engine:
            wake = partial(_wake, engine, store.journal.database)
            packing = packing_of(config, links)
            yield Service(
                config=config,
                journal=store.journal,
                engine=engine,
                intake=Intake(
                    store.journal,
                    store.clock,
                    helpdesk=config.helpdesk.name,
                    new_id=new_id,
                    wake=wake,
                    line=line,
                    pepper=await store.installation.pepper(store.clock.now()),
                    mask=config.redaction.mask(),
                ),
                webhooks=WebhookIntake(
                    config, store.journal, store.clock, wall=machine, new_id=new_id, wake=wake
                ),
                mappings=mappings,
                health=Health(engine),
                metrics=metrics,
                installation=store.installation,
                clock=store.clock,
                links=links,
                page_key=page_key,
                packing=packing,
                sync=house.sync,
            )


def _wake(engine: Engine | None, database: Database) -> None:
    if engine is not None:
        engine.wake()
    database.ring()


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """What stands before there is an engine, and what it is built from."""

    config: Config
    store: OpenStore
    mappings: Mappings
    watch: Watch
    metrics: Metrics
    line: Line
    transports: list[Transport]
    new_id: Callable[[], HandoffId]
    links: SignedLinks
    sync: SyncDoor

    @asynccontextmanager
    async def accepting(self) -> AsyncIterator[None]:
        """No engine: only what the doors need."""
        schedule = self._schedule()
        schedule.start()
        try:
            yield None
        finally:
            schedule.stop()
            await self.store.journal.database.leave_loop()

    def _schedule(self) -> Schedule:
        """What every process does by the clock."""
        schedule = Schedule(self.store.installation, self.store.clock)
        reloading = Reloading(self.mappings, self.metrics, self.store)
        reloading.tell()
        schedule.each(RELOAD_EVERY, "mappings", reloading.look)
        versions = Versions(self.store.journal.database, self.store.clock)
        schedule.each(1, "mapping_versions", KeepingVersions(self.mappings, versions).look)
        schedule.each(STEER_EVERY, "clock", Steering(self.store).steer)
        schedule.each(LOOK_EVERY, "watch", self.watch.look)
        schedule.each(BEARS_EVERY, "witness", self._bear_witness)
        schedule.each(5, "storms", partial(self.line.tell, self.store.installation))
        return schedule

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Engine | None]:
        """The engine with its connections and jobs, all in this event loop."""
        config, store = self.config, self.store
        board = SharedBoard(store.installation, store.clock)
        troubles = Troubles(store.installation, store.clock)
        store.deadlines.helpdesk_is_down = partial(board.in_trouble, config.helpdesk.name)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(store.journal.database.leave_loop)
            opened = {
                each.name: await stack.enter_async_context(
                    connected(
                        each,
                        store.clock,
                        board=board,
                        on_trouble=troubles.hear,
                        opened=self.transports.append,
                    )
                )
                for each in config.connections
            }
            world = world_of(
                config=config,
                store=store,
                mappings=self.mappings,
                opened=opened,
                announcers=await announcers_of(config, store.machine, stack),
                observer=Observing(self.metrics, self.watch),
                links=self.links,
                summarist=await stack.enter_async_context(
                    summarist_of(
                        config.summary, facts_deadline=config.handoff.facts_deadline, clock=store.machine
                    )
                ),
            )
            engine = Engine(world)
            await engine.start()
            stack.push_async_callback(engine.stop)
            schedule = self._schedule()
            schedule.each(2, "troubles", troubles.tell)
            schedule.each(600, "field_schema", world.schema.refresh)
            schedule.now(
                "field_schema_at_start", world.schema.refresh
            )  # so that the first customer need not wait
            schedule.each(drift.LOOK_EVERY, "drift", self._drift(world).look)
            schedule.once_each(5, "overdue", Reaping(config, store, world, engine, self.watch).reap)
            schedule.once_each(5, "notices", Telling(config, store).tell)
            if config.reconcile.every:
                reconciliation = self._reconciliation(world, engine)
                schedule.once_each(config.reconcile.every, "reconcile", reconciliation.run)
                schedule.soon("reconcile_at_start", reconciliation.run)  # what happened while nobody listened
            database = store.journal.database
            book = SyncBook(database, node=store.installation.node, alone=not database.is_shared)
            syncing = self._syncing(opened, book)
            SyncJobs(syncing, book, clock=store.clock).add_to(schedule)
            if syncing.synced:
                hints = Hints(syncing, book, store.installation, clock=store.clock)
                schedule.once_each(HINTS_EVERY, "sync_hints", hints.look)
                people = People(database, systems_of(self.config.connections))
                schedule.once_each(FOLLOW_EVERY, "people", people.follow)
            self.sync.open(syncing)
            stack.callback(self.sync.close)
            schedule.once_each(60, "tallies", self._tidy)
            schedule.once_each(3600, "retention", self._forget)
            schedule.start()
            stack.callback(schedule.stop)
            stack.callback(asyncio.create_task(board.stay(), name="board").cancel)
            yield engine

    def _syncing(self, opened: Mapping[str, object], book: SyncBook) -> Syncing:
        installation, clock = self.store.installation, self.store.clock
        telling = SyncTelling(installation, clock)

        async def heard(ended: Ended) -> None:
            self.metrics.read_in_bulk(ended)
            await telling.heard(ended)

        return Syncing(
            self.config.synced,
            opened,
            book,
            clock=clock,
            limits=self.config.sync.limits,
            rules_of=self.mappings.rules,
            dead=lambda: installation.dead(clock.monotonic()),
            heard=heard,
        )

    def _drift(self, world: World) -> drift.Drift:
        return drift.Drift(
            self.config.helpdesk.name,
            schema=world.schema,
            mapping=world.mapping,
            installation=self.store.installation,
            clock=self.store.clock,
            drifted=self.metrics.drifted,
            every=self.config.mappings.drift_every,
        )

    def _reconciliation(self, world: World, engine: Engine) -> Reconciliation:
        return Reconciliation(
            self.config,
            journal=self.store.journal,
            installation=self.store.installation,
            helpdesk=world.helpdesk,
            schema=world.schema,
            clock=self.store.clock,
            wake=engine.wake,
            new_id=self.new_id,
            synced=self.metrics.synced,
        )

    async def _bear_witness(self) -> None:
        await self.store.witness.bear(self.store.machine.now())

    async def _tidy(self) -> None:
        await self.store.installation.tidy(self.store.clock.now())

    async def _forget(self) -> None:
        store = self.store
        forgetting = Forgetting(self.config.retention, Retention(store.journal.database), store.installation)
        await forgetting.run(store.clock.now())
