"""The audit of the past: a connection's copied tickets as figures. Only reads; a server may be running."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from heapq import heappush, heappushpop
from zlib import crc32
from zoneinfo import ZoneInfo

from batonpass.context.asked_again import look_for_asking_again
from batonpass.domain.conversation import HandoffRequest, Role, Turn
from batonpass.domain.synced import RecordKind
from batonpass.insight import Audit, By, Columns, Window, audit_of
from batonpass.insight.asked import AskedLooks
from batonpass.store import StoreAddress, audit_rows, past
from batonpass.store.instants import from_ms, to_ms
from batonpass.store.migrating import migrated
from batonpass.store.reading import look
from batonpass.store.transaction import StoreError, Transaction

MOST_OWN = 200
"""Of our own handoffs, the newest, whose conversations are looked at."""
_STALE = timedelta(days=1)
_BEGINS_LATE = timedelta(days=3)
_ENOUGH_TO_TELL = 50
_NO_SYNC = "0005_sync"
HANDED_OVER = "the tickets that an AI agent passed to a person"
ANSWERED = "the tickets that a person answered"
OWN = "the handoffs whose conversation the journal still has"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    connection: str
    helpdesk: str
    """Its name for people."""
    days: int
    zone: ZoneInfo
    by: By = By.AUTO
    sample: int = 0
    """Of how many conversations a sample is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPast:
    """What the store has told; conversations may be added to it."""

    wanted: Wanted
    columns: Columns
    people: Mapping[str, str]
    groups: Mapping[str, str]
    warnings: tuple[str, ...]
    sample: tuple[str, ...] = ()
    """Ids of tickets whose conversations are to be read."""
    sample_of: str = ""
    own: tuple[tuple[str | None, tuple[Turn, ...]], ...] = ()
    """(ticket, turns) of our own handoffs."""

    def audit(self, read: AskedLooks | None = None, *, read_ids: Sequence[str] = ()) -> Audit:
        known = set(read_ids)
        own = looks_of(OWN, (turns for ticket, turns in self.own if ticket not in known))
        looks = [each for each in (read, own) if each is not None and (each.could or each is read)]
        return audit_of(
            self.columns,
            connection=self.wanted.connection,
            helpdesk=self.wanted.helpdesk,
            people=self.people,
            groups=self.groups,
            by=self.wanted.by,
            looks=looks,
            warnings=self.warnings,
        )


def read_past(store: StoreAddress, wanted: Wanted, *, now: datetime) -> ReadPast | None:
    """None where no ticket of the connection is kept. Blocks. Raises `StoreError`."""
    try:
        if _NO_SYNC in migrated(store).pending:
            return None
        return look(store, partial(_read, wanted=wanted, now=now))
    except StoreError as error:
        if error.code == "no_store":
            return None
        raise


async def _read(tx: Transaction, wanted: Wanted, now: datetime) -> ReadPast | None:
    name = wanted.connection
    state = await audit_rows.copy_state(tx, name)
    if state is None:
        return None
    until = from_ms(state.as_of)
    window = Window(since=until - timedelta(days=wanted.days), until=until, zone=wanted.zone)
    columns, since = Columns(window=window), to_ms(window.since)
    ratings = await audit_rows.ratings(tx, name, since=since)
    handed, answered = _Sample(wanted.sample), _Sample(wanted.sample)
    async for row in audit_rows.tickets(tx, name, since=since):
        told = row.columns
        if not columns.add(told, read_at=row.read_at, ours=row.has_handoff, rating=ratings.get(row.id)):
            continue
        if row.has_handoff or (told.get("ai_took_part") and told.get("handed_over")):
            handed.offer(row.id)
        if told.get("agent_replies") != 0 and (told.get("agent_replies") or told.get("first_reply_at")):
            answered.offer(row.id)
    chosen, of = (handed, HANDED_OVER) if handed.ids else (answered, ANSWERED)
    warnings = _warnings(state, wanted, window, now)
    begins_late = _begins_late(columns, wanted)
    return ReadPast(
        wanted=wanted,
        columns=columns,
        people=await audit_rows.names(tx, name, RecordKind.AGENT),
        groups=await audit_rows.names(tx, name, RecordKind.GROUP),
        warnings=(*warnings, *begins_late),
        sample=chosen.ids,
        sample_of=of,
        own=await _own(tx, name, window.since),
    )


@dataclass
class _Sample:
    """So many ids, the same ones each time, whatever their order: chosen by a checksum that has nothing to do with
    what the tickets are."""

    size: int
    kept: list[tuple[int, str]] = field(default_factory=list)

    def offer(self, id_: str) -> None:
        item = (-crc32(id_.encode()), id_)
        if len(self.kept) < self.size:
            heappush(self.kept, item)
        elif self.size:
            heappushpop(self.kept, item)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(id_ for _, id_ in sorted(self.kept, reverse=True))


def _warnings(state: audit_rows.CopyState, wanted: Wanted, window: Window, now: datetime) -> tuple[str, ...]:
    found = []
    again = f"batonpass sync run --once --connection {wanted.connection}"
    if not state.whole:
        found.append(f"the tickets have not been read to the end yet, so some are missing: {again}")
    if now - window.until > _STALE:
        found.append(f"the copy is {(now - window.until).days} days old; newer tickets are missing: {again}")
    return tuple(found)


def _begins_late(columns: Columns, wanted: Wanted) -> tuple[str, ...]:
    """Where the copy does not reach back to the beginning of the window, the window begins with it."""
    since = columns.window.since
    if len(columns) < _ENOUGH_TO_TELL:
        return ()
    columns.begin_with_first()
    if columns.window.since - since <= _BEGINS_LATE:
        columns.window = Window(since=since, until=columns.window.until, zone=columns.window.zone)
        return ()
    begins = columns.window
    says = (
        f"the copy has no ticket before {begins.since.astimezone(begins.zone):%Y-%m-%d}: the figures are of"
        f" {begins.days:.0f} days, not of {wanted.days}"
    )
    return (says,)


async def _own(
    tx: Transaction, helpdesk: str, since: datetime
) -> tuple[tuple[str | None, tuple[Turn, ...]], ...]:
    kept = await past.kept_past(tx, helpdesk=helpdesk, most=MOST_OWN)
    found = []
    for each in kept.handoffs:
        if each.asked_at >= since:
            request = HandoffRequest.model_validate_json(kept.requests[each.id].body)
            found.append((each.ticket_id, request.conversation.turns))
    return tuple(found)


def looks_of(of: str, talks: Iterable[tuple[Turn, ...]], *, unread: int = 0) -> AskedLooks:
    read = could = again = 0
    kinds = Counter[str]()
    for turns in talks:
        read += 1
        if not any(each.role is Role.AGENT for each in turns):
            continue
        looked = look_for_asking_again(turns)
        could += looked.could
        again += looked.could and bool(looked.again)
        kinds.update(each.about for each in looked.again)
    return AskedLooks(of=of, read=read, could=could, again=again, kinds=kinds, unread=unread)
