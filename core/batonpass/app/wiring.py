"""The only composition root: everything that has state or a door to the outside is made here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx

from batonpass.app.announcer import DEFAULT_LANGUAGE, WebhookAnnouncer, sentence
from batonpass.app.config import SAY, SAY_DELAYED, Config, Connection
from batonpass.app.intake import Intake
from batonpass.app.jobs import Jobs
from batonpass.app.mappings import FACTS, Mappings
from batonpass.app.opening import OpenStore, opened_store
from batonpass.app.own_thread import in_own_thread
from batonpass.app.webhook_intake import WebhookIntake
from batonpass.context.gather import Source
from batonpass.domain.clock import Clock, SystemClock
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.engine import Announcer, Engine, EngineSettings, SchemaCache, World
from batonpass.engine.recent import Recent
from batonpass.ports import Connecting, FactSource, Helpdesk, HelpdeskSettings
from batonpass.store import Database, Journal, Recovery
from batonpass.transport import Credentials, Explain, Explanation, Transport, open_sockets


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
    machine = clock or SystemClock()
    mappings = Mappings(config, machine)
    async with opened_store(config, machine, steady=clock is None) as store:
        work = partial(_working, config, store, mappings)
        async with in_own_thread(work, name="batonpass-engine") as engine:
            wake = partial(_wake, engine, store.journal.database)
            yield Service(
                config=config,
                journal=store.journal,
                engine=engine,
                intake=Intake(
                    store.journal, store.clock, helpdesk=config.helpdesk.name, new_id=new_id, wake=wake
                ),
                webhooks=WebhookIntake(
                    config, store.journal, store.clock, wall=machine, new_id=new_id, wake=wake
                ),
                mappings=mappings,
            )


def _wake(engine: Engine, database: Database) -> None:
    engine.wake()
    database.ring()


@asynccontextmanager
async def _working(config: Config, store: OpenStore, mappings: Mappings) -> AsyncIterator[Engine]:
    """The engine with its connections and jobs, all in this event loop."""
    clock = store.clock
    async with AsyncExitStack() as stack:
        opened = {
            each.name: await stack.enter_async_context(connected(each, clock)) for each in config.connections
        }
        world = _world(
            config=config,
            store=store,
            mappings=mappings,
            opened=opened,
            announcers=await _announcers(config, clock, stack),
        )
        engine = Engine(world)
        await engine.start()
        stack.push_async_callback(engine.stop)
        jobs = Jobs(config, store, world, engine, mappings)
        jobs.start()
        stack.callback(jobs.stop)
        yield engine


def _world(
    *,
    config: Config,
    store: OpenStore,
    mappings: Mappings,
    opened: Mapping[str, object],
    announcers: Mapping[str, Announcer],
) -> World:
    desk = config.helpdesk
    helpdesk = opened[desk.name]
    if not isinstance(helpdesk, Helpdesk):
        raise ConfigurationError(f"the connector {desk.manifest.name} says that it keeps tickets, but cannot")
    return World(
        journal=store.journal,
        recovery=Recovery(store.journal),
        installation=store.installation,
        recent=Recent(store.journal),
        clock=store.clock,
        settings=_settings(config, desk),
        helpdesk=helpdesk,
        helpdesk_name=desk.name,
        helpdesk_can=desk.capabilities,
        schema=SchemaCache(helpdesk, store.clock),
        sources=lambda: _sources(config, mappings, opened),
        mapping=mappings.helpdesk,
        say=partial(sentence, {DEFAULT_LANGUAGE: SAY, **config.handoff.say}),
        say_delayed=partial(
            sentence, {DEFAULT_LANGUAGE: SAY_DELAYED, **config.handoff.say_delayed}, ticket=""
        ),
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
