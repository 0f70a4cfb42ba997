"""What the steps work with: built by `app/wiring.py`, passed to every handler."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import structlog

from batonpass.context.gather import Source
from batonpass.context.identity import AS_SHIPPED, IdentityRules
from batonpass.context.redaction import Redactor
from batonpass.context.summarist import Summarist
from batonpass.domain.clock import Clock
from batonpass.domain.errors import BatonpassError
from batonpass.domain.handoff import StepKind
from batonpass.domain.ids import HandoffId
from batonpass.domain.landing import Landing
from batonpass.domain.person import Person
from batonpass.domain.ticket import FieldSchema, TicketLimits
from batonpass.engine.recent import Recent
from batonpass.mapping.rules import HelpdeskMapping
from batonpass.ports import Capability, Helpdesk, ListsAgents, StartRule
from batonpass.store import Installation, Journal, Recovery

log = structlog.get_logger()

LINK_WITHIN = 0.2
"""Seconds that a look into the identity graph may take; who is asked by address alone needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    facts_deadline: float = 2.0
    """Seconds for all sources together."""
    late_facts_for: float = 900.0
    """Seconds during which a late source is asked again."""
    claimed_may_know: bool = False
    """Whether CRM and billing facts go to a handoff whose customer is only claimed."""
    concurrency: int = 48
    """Steps under way at once."""
    call_deadline: float = 10.0
    """The longest that a call to the helpdesk may take, seconds."""
    lookup_lag: float = 0.0
    """Seconds after which a new ticket is sure to be found by its key."""
    start: StartRule | None = None
    """Which tickets may ask for a person; None: none."""
    verified_requesters: bool = False
    """Whether the requester of a ticket that asks for a person counts as verified."""
    identity: IdentityRules = AS_SHIPPED
    """How people are told apart."""
    tell_customer: bool = False
    """Whether we reply to the customer ourselves where no AI agent does."""


class Announcer(Protocol):
    """Tells one AI agent what became of its handoff."""

    async def tell(self, event_id: str, payload: Mapping[str, object]) -> None:
        """Deliver one event; the receiver can drop a repeat by its id. Raises our errors."""
        ...


class Observer(Protocol):
    """Counts what the engine does. Nothing here raises or waits."""

    def step_finished(self, kind: StepKind, seconds: float) -> None:
        """One attempt, whatever came of it."""
        ...

    def ticketed(self, seconds: float) -> None:
        """A ticket stands, so many seconds after it was asked for."""
        ...

    def landed(self, landings: Sequence[Landing]) -> None:
        """What has become of values for the fields of one ticket."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """What context packages are put together with, besides what is kept of each handoff."""

    public_url: str | None = None
    """How people reach this server; None: no links."""
    link: Callable[[HandoffId, datetime], str | None] | None = None
    """(handoff, when it was asked for) → where agents read the whole of it, the same every time; None: nowhere."""
    redactor: Redactor = field(default_factory=Redactor)
    """Masks what must not leave."""
    masks_before_store: bool = False
    """Whether what is read from the helpdesk is masked before it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    journal: Journal
    recovery: Recovery
    installation: Installation
    recent: Recent
    clock: Clock
    settings: EngineSettings
    packing: Packing
    helpdesk: Helpdesk
    helpdesk_name: str
    helpdesk_can: frozenset[Capability]
    schema: SchemaCache
    sources: Callable[[], Sequence[Source]]
    """The sources with the fact rules in force now."""
    mapping: Callable[[], tuple[HelpdeskMapping, str]]
    """The mapping in force now and its version."""
    say: Callable[[str | None, str], str]
    """(Language, what people call the ticket) → what the customer can truthfully be told once it stands."""
    say_delayed: Callable[[str | None], str]
    """Language → what the customer can truthfully be told while no ticket stands yet."""
    observer: Observer
    announcers: Mapping[str, Announcer] = field(default_factory=dict)
    """By AI agent; one without a callback has none and asks for the status instead."""
    summarist: Summarist | None = None
    """Who writes summaries besides the rules; None: nobody."""
    link: Callable[[Person], Awaitable[Person]] | None = None
    """Adds the ids by which other systems know a person; None: nothing is known of that."""

    async def linked(self, person: Person) -> Person:
        """The person with `Person.linked`, as far as that can be told in a moment."""
        if self.link is None:
            return person
        try:
            async with asyncio.timeout(LINK_WITHIN):
                return await self.link(person)
        except (TimeoutError, BatonpassError) as error:
            log.warning("person_not_linked", error=type(error).__name__)
            return person

    def can(self, capability: Capability) -> bool:
        """Whether the helpdesk can do this."""
        return capability in self.helpdesk_can


_SCHEMA_UNKNOWN = TicketLimits(subject=150, note=60_000)


def nothing_known(as_of: datetime) -> FieldSchema:
    """Of an account whose fields could not be read."""
    return FieldSchema(fields=(), groups=(), limits=_SCHEMA_UNKNOWN, as_of=as_of)


class SchemaCache:
    """The helpdesk's field schema, read once and again by a scheduled job.

    Where it cannot be read, the ticket is made all the same: without fields, what they would hold in its note.
    """

    def __init__(
        self, helpdesk: Helpdesk, clock: Clock, *, wants_agents: Callable[[], bool] = lambda: False
    ) -> None:
        """`wants_agents`: whether the mapping in force names agents; else nobody asks for them."""
        self._helpdesk = helpdesk
        self._clock = clock
        self._wants_agents = wants_agents
        self._asked_agents = False
        self._known: FieldSchema | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def is_known(self) -> bool:
        """Whether it has ever been read."""
        return self._known is not None

    @property
    def known(self) -> FieldSchema | None:
        """The last one that was read, without waiting; from any thread."""
        return self._known

    async def current(self) -> FieldSchema:
        if self._known is not None and (self._asked_agents or not self._wants_agents()):
            return self._known
        async with self._one_at_a_time:
            if self._known is None:
                return await self._read()
            if not self._asked_agents:
                self._known = await self._with_agents(self._known)
            return self._known

    async def refresh(self) -> None:
        """Read it again; an error leaves the last one in force."""
        async with self._one_at_a_time:
            await self._read()

    async def _read(self) -> FieldSchema:
        try:
            schema = await self._helpdesk.field_schema()
            self._known = await self._with_agents(schema) if self._wants_agents() else schema
        except BatonpassError as error:
            log.warning("field_schema_unreadable", code=error.code, detail=str(error))
        return self._known or nothing_known(self._clock.now())

    async def _with_agents(self, schema: FieldSchema) -> FieldSchema:
        """Where they cannot be read, the last ones; asked again with the next reading of the schema."""
        self._asked_agents = True
        agents = () if self._known is None else self._known.agents
        if isinstance(self._helpdesk, ListsAgents):
            try:
                agents = await self._helpdesk.agents()
            except BatonpassError as error:
                log.warning("agents_unreadable", code=error.code, detail=str(error))
        return replace(schema, agents=agents)
