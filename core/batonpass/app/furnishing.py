"""What the steps work with, made of the configuration, the open store and the open connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from batonpass.app.announcer import Sayings, WebhookAnnouncer
from batonpass.app.config import Config, Connection
from batonpass.app.copies import asks_copy, systems_of
from batonpass.app.mappings import FACTS, Mappings
from batonpass.app.metrics import Metrics
from batonpass.app.opening import OpenStore
from batonpass.app.signed_links import SignedLinks
from batonpass.app.watch import Watch
from batonpass.context.gather import Source
from batonpass.context.summarist import Summarist
from batonpass.domain.clock import Clock
from batonpass.domain.errors import ConfigurationError
from batonpass.domain.handoff import StepKind
from batonpass.domain.landing import Landing
from batonpass.engine import Announcer, EngineSettings, Observer, SchemaCache, World
from batonpass.engine.recent import Recent
from batonpass.engine.world import Packing
from batonpass.ports import FactSource, Helpdesk, HelpdeskSettings
from batonpass.store import Recovery, SyncBook
from batonpass.sync.people import People
from batonpass.transport import open_sockets


@dataclass(frozen=True, slots=True)
class Observing:
    """What the engine tells of its work, to all who count it."""

    metrics: Metrics
    watch: Watch

    def step_finished(self, kind: StepKind, seconds: float) -> None:
        self.metrics.step_finished(kind, seconds)

    def ticketed(self, seconds: float) -> None:
        self.metrics.ticketed(seconds)
        self.watch.ticketed()

    def landed(self, landings: Sequence[Landing]) -> None:
        self.metrics.landed(landings)


def world_of(
    *,
    config: Config,
    store: OpenStore,
    mappings: Mappings,
    opened: Mapping[str, object],
    announcers: Mapping[str, Announcer],
    observer: Observer,
    links: SignedLinks | None = None,
    summarist: Summarist | None = None,
) -> World:
    desk = config.helpdesk
    sayings = Sayings.of(config.handoff)
    helpdesk = opened[desk.name]
    if not isinstance(helpdesk, Helpdesk):
        raise ConfigurationError(f"the connector {desk.manifest.name} says that it keeps tickets, but cannot")
    database = store.journal.database
    book = SyncBook(database, node=store.installation.node)
    link = People(database, systems_of(config.connections)).link if config.synced else None
    return World(
        journal=store.journal,
        recovery=Recovery(store.journal),
        installation=store.installation,
        recent=Recent(store.journal),
        clock=store.clock,
        settings=_settings(config, desk),
        packing=packing_of(config, links),
        helpdesk=helpdesk,
        helpdesk_name=desk.name,
        helpdesk_can=desk.capabilities,
        schema=SchemaCache(
            helpdesk, store.clock, wants_agents=lambda: mappings.helpdesk()[0].assignee is not None
        ),
        sources=lambda: _sources(config, mappings, opened, book),
        mapping=mappings.helpdesk,
        say=sayings.ticket_stands,
        say_delayed=sayings.no_ticket_yet,
        announcers=announcers,
        observer=observer,
        summarist=summarist,
        link=link,
    )


def packing_of(config: Config, links: SignedLinks | None = None) -> Packing:
    """`links`: None where the installation's key is not at hand."""
    return Packing(
        public_url=config.server.public_url,
        link=None if links is None else links.link,
        redactor=config.redaction.redactor(),
        masks_before_store=config.redaction.before_store,
    )


def _settings(config: Config, desk: Connection) -> EngineSettings:
    settings = desk.settings
    of_helpdesk = settings if isinstance(settings, HelpdeskSettings) else HelpdeskSettings()
    lag = of_helpdesk.lookup_lag
    return EngineSettings(
        facts_deadline=config.handoff.facts_deadline,
        late_facts_for=config.handoff.late_facts_for,
        claimed_may_know=config.handoff.claimed_identity_facts,
        concurrency=config.handoff.concurrency,
        call_deadline=settings.deadline,
        lookup_lag=desk.manifest.lookup_lag if lag is None else lag,
        start=of_helpdesk.start,
        verified_requesters=of_helpdesk.verified_requesters,
        tell_customer=of_helpdesk.tell_customer,
        identity=config.identity.rules,
    )


def _sources(
    config: Config, mappings: Mappings, opened: Mapping[str, object], book: SyncBook
) -> Sequence[Source]:
    kept: dict[str, list[str]] = {}
    for stream in config.synced:
        kept.setdefault(stream.connection, []).append(stream.stream.name)
    return [
        Source(
            name=each.name,
            title=each.manifest.title,
            port=port,
            rules=mappings.rules(each.name),
            private=bool(FACTS & each.capabilities),
            match=config.identity.rules.match_at(each.name),
            from_copy=asks_copy(book, each.name, port, kept[each.name]) if each.name in kept else None,
        )
        for each in config.connections
        if isinstance(port := opened[each.name], FactSource)
    ]


async def announcers_of(config: Config, clock: Clock, stack: AsyncExitStack) -> dict[str, Announcer]:
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
