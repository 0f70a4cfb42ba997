"""The helpdesk is read now and then, whatever webhooks tell: what they have lost is made up for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from batonpass.app.config import Config
from batonpass.domain.alert import AlertKind, NewAlert
from batonpass.domain.clock import Clock
from batonpass.domain.errors import BatonpassError, RetryLaterError
from batonpass.domain.event import Event
from batonpass.domain.handoff import HandoffState, Lane, Reaction
from batonpass.domain.ids import HandoffId, new_handoff_id
from batonpass.engine import SchemaCache, decide
from batonpass.engine.comparing import Difference, SeenTicket, of_tickets
from batonpass.engine.reconciling import (
    Looked,
    Progress,
    Repair,
    alarming,
    are_silent,
    own_users,
    repair,
    seen_tickets,
    still_unheard,
)
from batonpass.ports import Capability, Helpdesk, HelpdeskSettings, ListsChanges
from batonpass.store import Installation, Journal, NewDelivery, Started, StoreError, comparing
from batonpass.transport import in_lane

log = structlog.get_logger()

MOST_READ = 100_000
"""Tickets in one reading."""
EVENTS_AT_ONCE = 50
"""In one transaction."""
RECONCILED_FOR = timedelta(hours=1)
SEEN_FOR = timedelta(days=1)
"""How long what only a changed ticket shows counts as being so."""


class Reconciliation:
    """One reading at a time over all processes, as a job. Reading the same twice changes nothing."""

    def __init__(
        self,
        config: Config,
        *,
        journal: Journal,
        installation: Installation,
        helpdesk: Helpdesk,
        schema: SchemaCache,
        clock: Clock,
        wake: Callable[[], None],
        new_id: Callable[[], HandoffId] = new_handoff_id,
        synced: Callable[[str, datetime], None] | None = None,
    ) -> None:
        """`wake`: there is something to do; `synced`: a reading has come to its end."""
        connection = config.helpdesk
        settings = connection.settings
        of_helpdesk = settings if isinstance(settings, HelpdeskSettings) else HelpdeskSettings()
        self._name = connection.name
        self._can = Capability.LIST_CHANGES in connection.capabilities
        self._hears = connection.manifest.webhooks is not None and bool(settings.webhook_secrets)
        self._rule = of_helpdesk.start
        self._ai_agent_id = of_helpdesk.ai_agent_id
        self._every = timedelta(seconds=config.reconcile.every)
        self._most_started = config.reconcile.start_at_most
        self._journal = journal
        self._installation = installation
        self._helpdesk = helpdesk
        self._schema = schema
        self._clock = clock
        self._wake = wake
        self._new_id = new_id
        self._synced = synced

    async def run(self) -> None:
        """Read what has changed since the last reading and make up for what nobody has told. Where the helpdesk does not
        answer, the next reading begins where this one did. Raises `StoreError`."""
        if not self._can or not isinstance(self._helpdesk, ListsChanges):
            return
        try:
            with in_lane(Lane.REPLAY):
                await self._read(self._helpdesk)
        except StoreError:
            raise
        except BatonpassError as error:
            log.warning("reconciliation_postponed", connection=self._name, code=error.code, detail=str(error))

    async def _read(self, helpdesk: ListsChanges) -> None:
        began = self._clock.now()
        kept = await self._installation.checkpoint(self._checkpoint)
        progress = Progress.at_first(began) if kept is None else Progress.from_text(kept)
        tickets = await seen_tickets(helpdesk, progress.since, looked=await self._looked(), most=MOST_READ)
        differences = await self._compared(tickets, since=progress.since)
        todo = repair(differences, read=len(tickets), most_started=self._most_started, now=began)
        done = await self._make_up_for(todo)
        unheard_since = await self._unheard_since(progress, todo)
        await self._tell(differences, todo, unheard_since)
        read_to = progress.read_to if todo.held else progress.read_on(tickets, began=began)
        text = Progress(read_to=read_to, read_at=began, unheard_since=unheard_since).to_text()
        await self._installation.set_checkpoint(self._checkpoint, text, self._clock.now())
        if self._synced is not None:
            self._synced(self._name, began)
        report = log.info if any(done.values()) or todo.held else log.debug
        report("reconciled", connection=self._name, read=len(tickets), **done, held=todo.held)

    @property
    def _checkpoint(self) -> str:
        return f"reconcile:{self._name}"

    async def _looked(self) -> Looked:
        """Raises `RetryLaterError` where nobody knows the fields: who asks must not be taken for one who does not."""
        schema = await self._schema.current()
        if self._rule is not None and self._rule.tag is None and not self._schema.is_known:
            raise RetryLaterError(
                "the fields that say whether a ticket asks cannot be read", code="no_field_schema"
            )
        return Looked(rule=self._rule, schema=schema, ours=await own_users(self._helpdesk, self._ai_agent_id))

    async def _compared(self, tickets: Sequence[SeenTicket], *, since: datetime) -> tuple[Difference, ...]:
        known = dict[HandoffId, comparing.KnownHandoff]()
        for start in range(0, len(tickets), comparing.AT_ONCE):
            some = tickets[start : start + comparing.AT_ONCE]
            known |= {each.id: each for each in await self._known(some)}
        return of_tickets(tickets, known.values(), since=since)

    async def _known(self, tickets: Sequence[SeenTicket]) -> list[comparing.KnownHandoff]:
        ids = [each.id for each in tickets]
        keys = [each.key for each in tickets if each.key is not None]
        database = self._journal.database
        found = await database.run(lambda tx: comparing.of_tickets(tx, helpdesk=self._name, ticket_ids=ids))
        return found + await database.run(lambda tx: comparing.by_ids(tx, keys))

    async def _make_up_for(self, todo: Repair) -> dict[str, int]:
        """How many handoffs are started, tickets read again, tickets taken over."""
        started = followed = 0
        for events, lane in (
            (todo.start_live, Lane.LIVE),
            (todo.start, Lane.REPLAY),
            (todo.follow, Lane.REPLAY),
        ):
            for start in range(0, len(events), EVENTS_AT_ONCE):
                begun, read_again = await self._receive(events[start : start + EVENTS_AT_ONCE], lane)
                started, followed = started + begun, followed + read_again
        adopted = sum([await self._adopt(handoff_id) for handoff_id in todo.adopt])
        if started or followed or adopted:
            self._wake()
        return {"started": started, "followed": followed, "adopted": adopted}

    async def _receive(self, events: tuple[Event, ...], lane: Lane) -> tuple[int, int]:
        received = await self._journal.receive(
            NewDelivery(connection=self._name, body=None, received_at=self._clock.now(), events=events),
            reacts=self._reacts,
            started=Started(
                new_id=self._new_id,
                ai_agent=f"helpdesk:{self._name}",
                plan=decide.on_asked_by_ticket(),
                lane=lane,
            ),
        )
        return len(received.started), received.followed

    def _reacts(self, event: Event, known: HandoffState | None) -> Reaction:
        """As to a webhook's event: one that has come meanwhile is not doubled."""
        return decide.on_event(event, starts=self._rule is not None, known=known)

    async def _adopt(self, handoff_id: HandoffId) -> bool:
        now = self._clock.now()
        return await self._journal.database.run(lambda tx: comparing.look_for_ticket(tx, handoff_id, now))

    async def _unheard_since(self, progress: Progress, todo: Repair) -> datetime | None:
        if not self._hears:
            return None
        away = progress.was_away(self._clock.now(), every=self._every)
        before, found = progress.unheard_since, None if away else todo.unheard_since
        since = min((each for each in (before, found) if each is not None), default=None)
        if since is None:
            return None
        last = await self._journal.database.run(
            lambda tx: comparing.last_delivery(tx, connection=self._name, since=since)
        )
        return still_unheard(before, found, now=self._clock.now(), last_delivery=last)

    async def _tell(
        self, differences: Sequence[Difference], todo: Repair, unheard_since: datetime | None
    ) -> None:
        now = self._clock.now()
        for kind, detail in alarming(differences):
            await self._alert(kind, detail)
        if todo.held:
            await self._alert(AlertKind.RECONCILE_HELD, _HELD.format(n=todo.held, most=self._most_started))
        else:
            await self._installation.over(AlertKind.RECONCILE_HELD, self._name, now)
        if self._hears and todo.made_up:
            await self._alert(AlertKind.RECONCILED, _MADE_UP.format(n=todo.made_up))
        if unheard_since is not None and are_silent(unheard_since, now=now):
            await self._alert(AlertKind.WEBHOOKS_SILENT, _SILENT.format(since=unheard_since))
        elif unheard_since is None:
            await self._installation.over(AlertKind.WEBHOOKS_SILENT, self._name, now)
        await self._installation.quiet(AlertKind.RECONCILED, since=now - RECONCILED_FOR, now=now)
        for kind in (AlertKind.DOUBLED, AlertKind.ORPHANED):
            await self._installation.quiet(kind, since=now - SEEN_FOR, now=now)

    async def _alert(self, kind: AlertKind, detail: str) -> None:
        await self._installation.alert(
            NewAlert(kind=kind, about=self._name, detail=detail), self._clock.now()
        )


_HELD = (
    "{n} tickets ask for a person without a handoff, more than {most} and a large share of all: none was started. Next: "
    "look at the start rule; if all of them are meant, raise start_at_most of [reconcile] and restart"
)
_MADE_UP = "{n} changes in the helpdesk that no webhook had told; they are taken into account now"
_SILENT = (
    "tickets have changed since {since:%Y-%m-%d %H:%M} UTC, and no webhook has come since; the helpdesk is read every few "
    "minutes meanwhile. Next: batonpass webhooks check"
)
