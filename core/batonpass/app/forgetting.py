"""Forgetting: what is old, every hour; a person, when they ask for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from batonpass.app.watching import RetentionConfig
from batonpass.diagnostics import FileProblemsError, TomlFile, validated
from batonpass.domain.clock import Clock
from batonpass.domain.errors import BatonpassError
from batonpass.domain.ids import HandoffId
from batonpass.store import Database, Installation, Retention
from batonpass.store.erasing import Erasing, Theirs, UnderWayError
from batonpass.store.erasures import Proof

log = structlog.get_logger()

IDEMPOTENCY_KEYS_LIVE = timedelta(hours=24)
EVENTS_LIVE = timedelta(days=35)
"""At least: longer than any vendor sends one again, or keeps it (Stripe: 30 days). They have ids only."""
BEHIND = timedelta(days=2)
"""How far the time that retention goes by may be behind the clock before the log says so."""
MOST_NAMED = 5


class Forgetting:
    """The job that forgets what is old."""

    def __init__(self, config: RetentionConfig, retention: Retention, installation: Installation) -> None:
        self._config = config
        self._retention = retention
        self._installation = installation

    async def run(self, now: datetime) -> None:
        """For one node at a time, every hour; `now` is steady. Raises `StoreError`; what was forgotten until then stays
        so, and the next run goes on."""
        as_of = await self._retention.as_of(now)
        if self._config.legal_hold:
            if await self._installation.take_tick("legal_hold", _day(now)):
                log.warning("nothing_forgotten", why="legal_hold = true in [retention]")
            return
        if now - as_of > BEHIND and await self._installation.take_tick("retention_behind", _day(now)):
            log.warning("retention_behind", hours=round((now - as_of) / timedelta(hours=1)))
        config, forget = self._config, self._retention
        await forget.forget_idempotency_keys(before=as_of - IDEMPOTENCY_KEYS_LIVE)
        await forget.forget_deliveries(
            before=as_of - _days(config.deliveries), events_before=as_of - EVENTS_LIVE
        )
        await forget.forget_agent_bodies(before=as_of - _days(config.agent_bodies))
        await forget.forget_attempts(before=as_of - _days(config.attempts))
        await forget.empty_conversations(before=as_of - _days(config.conversations))
        await forget.forget_handoffs(before=as_of - _days(config.handoffs))
        await forget.forget_mappings(before=as_of - _days(config.handoffs))
        await forget.forget_deleted_records(before=as_of - _days(config.deleted_records))
        if await self._installation.take_tick("old_tickets", _day(now)):  # looks at every ticket
            await forget.empty_tickets(before=as_of - _days(config.solved_tickets))


def _days(days: int) -> timedelta:
    return timedelta(days=days)


def _day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def retention_config(path: Path) -> RetentionConfig:
    """`[retention]`, whatever else is wrong with the configuration. Raises `FileProblemsError`."""
    file = TomlFile.read(path)
    config, findings = validated(file, RetentionConfig, at=("retention",))
    if config is None:
        raise FileProblemsError([*file.findings, *findings])
    return config


class LegalHoldError(BatonpassError):
    """Nothing may be deleted, whoever asks."""

    code = "legal_hold"


class BadAddressError(BatonpassError):
    """That is no e-mail address."""

    code = "bad_address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """A person has been erased from the store."""

    proof: Proof
    theirs: tuple[Theirs, ...]
    """Their handoffs; the tickets of these stand at the helpdesk still."""
    cancelled: tuple[HandoffId, ...]


class Forgetter:
    """Erases people; one at a time is enough."""

    def __init__(
        self,
        database: Database,
        installation: Installation,
        clock: Clock,
        *,
        legal_hold: bool,
        forget: Callable[[HandoffId], None] = lambda _: None,
        alone: bool = False,
    ) -> None:
        """`forget`: what this process keeps in memory of a handoff (`Recent.forget`). `alone`: nobody else has the store
        open, so that its file can be written anew."""
        self._database = database
        self._installation = installation
        self._clock = clock
        self._legal_hold = legal_hold
        self._forget = forget
        self._alone = alone

    async def erase(self, email: str, *, cancel_open: bool) -> Erased:
        """Erase the person with this address; goes on with an erasure that was interrupted.

        Raises `BadAddressError`, `LegalHoldError`; `UnderWayError` where one of their handoffs is not over and
        `cancel_open` is not set; `StoreError`.
        """
        email = usable_address(email)
        refuse_on_hold(self._legal_hold)
        now = self._clock.now()
        pepper = await self._installation.pepper(now)
        erasing = Erasing(self._database, pepper=pepper, email=email, forget=self._forget)
        theirs = await erasing.find(now)
        refuse_open(theirs, cancel_open=cancel_open)
        cancelled = await erasing.cancel(now) if cancel_open else []
        proof = await erasing.erase(self._clock.now(), clock=self._clock.now, alone=self._alone)
        log.info("person_erased", erasure=proof.id, handoffs=len(theirs))
        return Erased(proof=proof, theirs=tuple(theirs), cancelled=tuple(cancelled))


def refuse_on_hold(legal_hold: bool) -> None:
    """Raises `LegalHoldError`."""
    if legal_hold:
        raise LegalHoldError("legal_hold = true in [retention]: nothing may be deleted")


def refuse_open(theirs: Sequence[Theirs], *, cancel_open: bool) -> None:
    """Raises `UnderWayError` where one is not over: its customer still waits for an answer."""
    still = [each for each in theirs if not each.is_over]
    if still and not cancel_open:
        named = ", ".join(f"{each.id} ({each.state})" for each in still[:MOST_NAMED])
        raise UnderWayError(f"{len(still)} of their handoffs are not over: {named}")


def usable_address(email: str) -> str:
    """Raises `BadAddressError`; never with the text itself."""
    local, at, domain = email.strip().rpartition("@")
    if not local or not at or "." not in domain or any(letter.isspace() for letter in local + domain):
        raise BadAddressError("that is no e-mail address: NAME@DOMAIN is needed")
    return email.strip()
