"""The only composition root: everything that has state or a door to the outside is made here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import httpx
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from batonpass.app.announcer import DEFAULT_LANGUAGE, WebhookAnnouncer, sentence
from batonpass.app.config import SAY, Config, Connection
from batonpass.app.intake import Intake
from batonpass.app.mappings import FACTS, Mappings
from batonpass.app.own_thread import in_own_thread
from batonpass.app.webhook_intake import WebhookIntake
from batonpass.context.gather import Source
from batonpass.domain.clock import Clock, SystemClock
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.engine import Announcer, Engine, EngineSettings, SchemaCache, World
from batonpass.engine.recent import Recent
from batonpass.ports import Connecting, FactSource, Helpdesk, HelpdeskSettings
from batonpass.store import Journal
from batonpass.transport import Credentials, Explain, Explanation, Transport, open_sockets

IDEMPOTENCY_KEYS_LIVE = timedelta(hours=24)
DELIVERIES_LIVE = timedelta(days=35)
"""Longer than any vendor sends one again, or keeps it (Stripe: 30 days)."""
SECONDS_BETWEEN = {
    "mappings": 1,
    "expired_leases": 15,
    "field_schema": 600,
    "idempotency_keys": 3600,
    "deliveries": 3600,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One running batonpass."""

    config: Config
    journal: Journal
    engine: Engine
    intake: Intake
    webhooks: WebhookIntake
    mappings: Mappings


@asynccontextmanager
async def connected(
    connection: Connection,
    clock: Clock,
    *,
    through: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] = lambda sockets: sockets,
) -> AsyncIterator[object]:
    """One connection, open: an object with the protocols of its connector's capabilities.

    `through` may put something between it and its sockets, to see what goes over them.
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
            return Transport(
                connection=connection.name,
                base_url=base_url,
                hosts=hosts,
                http=http,
                credentials=credentials,
                clock=clock,
                explain=explain,
                headers=headers,
                deadline=settings.deadline,
            )

        yield connection.manifest.connect(
            settings, Connecting(name=connection.name, clock=clock, open_transport=open_transport)
        )


@asynccontextmanager
async def running(
    config: Config, *, clock: Clock | None = None, new_id: Callable[[], HandoffId] = new_handoff_id
) -> AsyncIterator[Service]:
    """Open the store and the connections, recover, work; close in the opposite order.

    The journal lives in the caller's event loop, where handoffs are accepted; the engine has a thread of its own, so
    that a caller who waits for a 202 need not wait for the tickets of others.

    Raises `FileProblemsError` (mapping files), `ConfigurationError` and `StoreError` before anything is served.
    """
    clock = clock or SystemClock()
    mappings = Mappings(config, clock)
    journal = Journal(config.store_path)
    journal.open()
    try:
        work = partial(_working, config, clock, journal, mappings)
        async with in_own_thread(work, name="batonpass-engine") as engine:
            yield Service(
                config=config,
                journal=journal,
                engine=engine,
                intake=Intake(journal, clock, helpdesk=config.helpdesk.name, new_id=new_id, wake=engine.wake),
                webhooks=WebhookIntake(config, journal, clock, new_id=new_id, wake=engine.wake),
                mappings=mappings,
            )
    finally:
        journal.close()


@asynccontextmanager
async def _working(
    config: Config, clock: Clock, journal: Journal, mappings: Mappings
) -> AsyncIterator[Engine]:
    """The engine with its connections and jobs, all in this event loop."""
    async with AsyncExitStack() as stack:
        opened = {
            each.name: await stack.enter_async_context(connected(each, clock)) for each in config.connections
        }
        world = _world(
            config=config,
            clock=clock,
            journal=journal,
            mappings=mappings,
            opened=opened,
            announcers=await _announcers(config, clock, stack),
        )
        engine = Engine(world)
        await engine.start()
        stack.push_async_callback(engine.stop)
        scheduler = _scheduler(mappings, engine, journal, world)
        scheduler.start()
        stack.callback(scheduler.shutdown, wait=False)
        yield engine


def _world(
    *,
    config: Config,
    clock: Clock,
    journal: Journal,
    mappings: Mappings,
    opened: Mapping[str, object],
    announcers: Mapping[str, Announcer],
) -> World:
    desk = config.helpdesk
    helpdesk = opened[desk.name]
    if not isinstance(helpdesk, Helpdesk):
        raise ConfigurationError(f"the connector {desk.manifest.name} says that it keeps tickets, but cannot")
    return World(
        journal=journal,
        recent=Recent(journal),
        clock=clock,
        settings=_settings(config, desk),
        helpdesk=helpdesk,
        helpdesk_name=desk.name,
        helpdesk_can=desk.capabilities,
        schema=SchemaCache(helpdesk, clock),
        sources=lambda: _sources(config, mappings, opened),
        mapping=mappings.helpdesk,
        say=partial(sentence, {DEFAULT_LANGUAGE: SAY, **config.handoff.say}),
        announcers=announcers,
    )


def _settings(config: Config, desk: Connection) -> EngineSettings:
    settings = desk.settings
    of_helpdesk = settings if isinstance(settings, HelpdeskSettings) else HelpdeskSettings()
    lag = of_helpdesk.lookup_lag
    return EngineSettings(
        facts_deadline=config.handoff.facts_deadline,
        late_facts_for=config.handoff.late_facts_for,
        claimed_may_know=config.handoff.claimed_identity_facts,
        public_url=config.server.public_url,
        concurrency=config.handoff.concurrency,
        call_deadline=settings.deadline,
        lookup_lag=desk.manifest.lookup_lag if lag is None else lag,
        start=of_helpdesk.start,
        verified_requesters=of_helpdesk.verified_requesters,
        tell_customer=of_helpdesk.tell_customer,
    )


def _sources(config: Config, mappings: Mappings, opened: Mapping[str, object]) -> Sequence[Source]:
    return [
        Source(
            name=each.name,
            title=each.manifest.title,
            port=port,
            rules=mappings.rules(each.name),
            private=bool(FACTS & each.capabilities),
        )
        for each in config.connections
        if isinstance(port := opened[each.name], FactSource)
    ]


async def _announcers(config: Config, clock: Clock, stack: AsyncExitStack) -> dict[str, Announcer]:
    announcers: dict[str, Announcer] = {}
    for name, agent in config.agents.items():
        if agent.callback_url is None or agent.callback_secret is None:
            continue
        announcers[name] = WebhookAnnouncer(
            ai_agent=name,
            url=agent.callback_url,
            secret=agent.callback_secret.get_secret_value(),
            http=await stack.enter_async_context(open_sockets()),
            clock=clock,
        )
    return announcers


def _scheduler(mappings: Mappings, engine: Engine, journal: Journal, world: World) -> AsyncIOScheduler:
    """The jobs of one process. Missed runs are made up by one: every job is safe to run late."""

    async def forget_idempotency_keys() -> None:
        await journal.forget_idempotency_keys(before=world.clock.now() - IDEMPOTENCY_KEYS_LIVE)

    async def forget_deliveries() -> None:
        await journal.forget_deliveries(before=world.clock.now() - DELIVERIES_LIVE)

    jobs = {
        "mappings": mappings.refresh,
        "expired_leases": engine.take_back_expired,
        "field_schema": world.schema.refresh,
        "idempotency_keys": forget_idempotency_keys,
        "deliveries": forget_deliveries,
    }
    scheduler = AsyncIOScheduler(timezone="UTC")
    for name, job in jobs.items():
        scheduler.add_job(
            job, "interval", seconds=SECONDS_BETWEEN[name], id=name, coalesce=True, max_instances=1
        )
    scheduler.add_job(
        world.schema.refresh, id="field_schema_at_start"
    )  # so that the first customer need not wait
    return scheduler
