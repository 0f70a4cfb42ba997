"""Erasing one person from every table: in small transactions; killed anywhere, it goes on there when it is run again."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batonpass.domain.errors import BatonpassError
from batonpass.domain.handoff import HandoffState
from batonpass.domain.ids import HandoffId
from batonpass.store import belongings, erasures, forgetting, handoffs, people, scrubbing, sync_streams
from batonpass.store.erasures import Erasure, Proof
from batonpass.store.handoffs import FINISHED
from batonpass.store.instants import to_ms
from batonpass.store.mentions import Mentions
from batonpass.store.people import normalised, person
from batonpass.store.sweeping import SWEPT, Place, look_through, take_out
from batonpass.store.transaction import Database, Transaction

FIND, THEIRS, MARK, COPY = "find", "theirs", "mark", "copy"
_HANDOFFS = SWEPT[0]
_STAGES = (FIND, THEIRS, MARK, COPY, *(table.name for table in SWEPT))


class UnderWayError(BatonpassError):
    """One of their handoffs is not over, so it cannot be erased yet."""

    code = "handoff_under_way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A handoff of a person."""

    id: HandoffId
    state: HandoffState
    helpdesk: str | None
    ticket_id: str | None

    @property
    def is_over(self) -> bool:
        return self.state in FINISHED


def is_theirs(request: bytes, email: str) -> bool:
    """Whether the request says that its customer writes under this address."""
    known = people.email_in(request)
    return known is not None and normalised(known) == normalised(email)


class Erasing:
    """One person, by their e-mail address."""

    def __init__(
        self, database: Database, *, pepper: bytes, email: str, forget: Callable[[HandoffId], None]
    ) -> None:
        """`forget`: what is kept in memory of a handoff."""
        self._database = database
        self._email = email
        self._person = person(pepper, email)
        self._addresses = people.addresses(email)
        self._known_as = tuple(person(pepper, each) for each in self._addresses)
        self._mentions = Mentions(email)
        self._forget = forget

    async def find(self, now: datetime) -> list[Theirs]:
        """Their handoffs, those included whose person nobody has noted yet. Notes them."""
        place: Place = ()
        while True:
            looked = await look_through(self._database, _HANDOFFS, self._mentions, place, to_ms(now))
            if looked.place is None:
                break
            await self._database.run(lambda tx, keys=looked.hits: self._note(tx, keys))  # type: ignore[misc]
            place = looked.place
        return await self._database.run(self._theirs)

    async def cancel(self, now: datetime) -> list[HandoffId]:
        """Nothing more is done for those of their handoffs that are not over; gives them. Raises `UnderWayError`."""
        at, cancelled = to_ms(now), list[HandoffId]()
        for each in await self._database.run(self._theirs):
            if not each.is_over:
                await self._database.run(lambda tx, id_=each.id: self._cancel(tx, id_, at))  # type: ignore[misc]
                self._forget(each.id)
                cancelled.append(each.id)
        return cancelled

    async def erase(self, now: datetime, *, clock: Callable[[], datetime], alone: bool = False) -> Proof:
        """Goes on with one that was interrupted. Raises `UnderWayError` where one of their handoffs is not over; what
        was erased until then stays so.

        `alone`: nobody else has the store open, so that its file can be written anew."""
        await scrubbing.overwrite_deleted(self._database)
        erasure = await self._database.run(lambda tx: self._begun(tx, to_ms(now)))
        for stage in _STAGES[_STAGES.index(erasure.stage) :]:
            place = erasure.place if stage == erasure.stage else ()
            while (reached := await self._batch(erasure, stage, place)) is not None:
                place = reached
        await scrubbing.scrub(self._database, rewrite=alone)  # before there is a proof
        return await self._database.run(lambda tx: self._end(tx, erasure, to_ms(clock())))

    async def _begun(self, tx: Transaction, at: int) -> Erasure:
        await tx.lock(f"erasure {self._person.hex()}")
        known = await erasures.unfinished(tx, self._person)
        if known is not None:
            return known
        erasure = Erasure(
            id=f"er_{secrets.token_hex(8)}", person=self._person, begun_at=at, stage=FIND, place=(), counts={}
        )
        await erasures.begin(tx, erasure)
        return erasure

    async def _batch(self, erasure: Erasure, stage: str, place: Place) -> Place | None:
        """One batch of a stage; gives how far it has come, None at its end."""
        if stage == THEIRS:
            emptied = await self._database.run(lambda tx: self._empty_next(tx, erasure, place))
            if emptied is not None:
                self._forget(HandoffId(emptied[0]))
            return emptied
        if stage == MARK:
            await self._database.run(lambda tx: self._mark(tx, erasure.begun_at))
            return None
        if stage == COPY:
            return await self._database.run(lambda tx: self._forget_next(tx, erasure))
        table = _HANDOFFS if stage == FIND else next(each for each in SWEPT if each.name == stage)
        looked = await look_through(self._database, table, self._mentions, place, erasure.begun_at)
        reached = looked.place
        if reached is None:
            return None

        async def work(tx: Transaction) -> None:
            if stage == FIND:
                await self._note(tx, looked.hits)
                more = {}
            else:
                more = {table.name: await take_out(tx, table, self._mentions, looked.hits)}
            await erasures.advance(tx, erasure.id, stage=stage, place=reached, more=more)

        await self._database.run(work)
        if table is _HANDOFFS:
            for key in looked.hits:
                self._forget(HandoffId(key[0]))
        await asyncio.sleep(0)
        return reached

    async def _note(self, tx: Transaction, keys: Sequence[Place]) -> None:
        for (handoff_id,) in keys:
            found = await handoffs.request(tx, handoff_id)
            if found is not None and is_theirs(found["request"], self._email):
                await people.add(tx, self._person, handoff_id)

    async def _empty_next(self, tx: Transaction, erasure: Erasure, place: Place) -> Place | None:
        """The next of their handoffs."""
        reached = place[0] if place else ""
        for handoff_id in await people.handoffs_of(tx, self._person):
            handoff = await handoffs.held(tx, handoff_id) if handoff_id > reached else None
            if handoff is None or handoff.created_at > erasure.begun_at:
                continue
            if handoff.state not in FINISHED:
                raise UnderWayError(f"{handoff_id}: it is {handoff.state}, not over")
            counts = await forgetting.empty_for_good(tx, handoff)
            await erasures.advance(tx, erasure.id, stage=THEIRS, place=(handoff_id,), more=counts)
            return (handoff_id,)
        return None

    async def _mark(self, tx: Transaction, at: int) -> None:
        """From now on no page of vendors' records brings them back; those that are being kept at this moment are waited
        for: each holds its stream."""
        await sync_streams.hold_all(tx)
        for each in self._known_as:
            await people.suppress(tx, each, at)

    async def _forget_next(self, tx: Transaction, erasure: Erasure) -> Place | None:
        """Some of the vendors' records that belong to them, each before the one that it belongs to."""
        known = await belongings.known_by(tx, self._addresses, most=1)
        if not known:
            return None
        changed = await belongings.forget(tx, await belongings.some_of(tx, known[0]))
        await erasures.advance(tx, erasure.id, stage=COPY, place=known[0], more={"synced": changed})
        return known[0]

    async def _theirs(self, tx: Transaction) -> list[Theirs]:
        return await theirs(tx, await people.handoffs_of(tx, self._person))

    async def _cancel(self, tx: Transaction, handoff_id: HandoffId, at: int) -> None:
        handoff = await handoffs.held(tx, handoff_id)
        if handoff is None or handoff.state in FINISHED:
            return
        if await forgetting.is_under_way(tx, handoff_id, at):
            raise UnderWayError(f"{handoff_id}: a step of it is under way at this moment; again in a minute")
        await forgetting.cancel(tx, handoff, at)

    async def _end(self, tx: Transaction, erasure: Erasure, at: int) -> Proof:
        for handoff_id in await people.handoffs_of(tx, self._person):
            handoff = await handoffs.held(tx, handoff_id)
            if handoff is None or handoff.created_at <= erasure.begun_at:
                await people.forget(tx, self._person, handoff_id)
        await self._mark(tx, at)
        return await erasures.end(tx, erasure.id, at)


async def theirs(tx: Transaction, ids: Sequence[str]) -> list[Theirs]:
    found = []
    for handoff_id in ids:
        known: dict[str, Any] | None = await handoffs.record(tx, handoff_id)
        if known is not None:
            found.append(
                Theirs(
                    id=HandoffId(handoff_id),
                    state=HandoffState(known["state"]),
                    helpdesk=known["helpdesk"],
                    ticket_id=known["ticket_id"],
                )
            )
    return found
