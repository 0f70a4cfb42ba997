"""Whether the helpdesk's account still fits the mapping in force: what has changed there, and which line that breaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import structlog

from batonpass.app.planning import account
from batonpass.diagnostics import Finding, Severity
from batonpass.domain.alert import AlertKind, NewAlert
from batonpass.domain.clock import Clock
from batonpass.domain.ticket import FieldSchema
from batonpass.engine import SchemaCache
from batonpass.mapping import check_schema
from batonpass.mapping.rules import HelpdeskMapping
from batonpass.store import Installation

log = structlog.get_logger()

LOOK_EVERY = 1.0
"""Seconds between two looks at whether another mapping has come into force: it may be one for fields that were created
just before, and who mends a line sees the alert end."""
MOST_TOLD = 3
MOST_LOGGED = 20


class Drift:
    """Of one process; the snapshot that it compares with is the installation's."""

    def __init__(
        self,
        connection: str,
        *,
        schema: SchemaCache,
        mapping: Callable[[], tuple[HelpdeskMapping, str]],
        installation: Installation,
        clock: Clock,
        drifted: Callable[[str, int], None],
        every: float,
    ) -> None:
        """`drifted` hears how many lines of a connection's mapping do not fit; `every`: seconds from one reading of the
        account to the next; 0: it is read only when another mapping has come into force, and nothing is compared."""
        self._connection = connection
        self._schema = schema
        self._mapping = mapping
        self._installation = installation
        self._clock = clock
        self._drifted = drifted
        self._every = every
        self._read_at: float | None = None
        self._version: str | None = None
        self._known: frozenset[tuple[str, str, int]] = frozenset()

    async def look(self) -> None:
        """Read the account where it is time, and compare. Raises `StoreError`."""
        mapping, version = self._mapping()
        now = self._clock.monotonic()
        is_due = self._read_at is None or 0 < self._every <= now - self._read_at
        if not is_due and version == self._version:
            return
        if self._read_at is not None:
            await self._schema.refresh()
        schema = await self._schema.current()
        if not self._schema.is_known:
            return  # it cannot be read: whoever reads it has said so
        self._read_at, self._version = now, version
        if self._every:
            await self._tell_changes(schema)
            await self._tell_findings(check_schema(mapping, schema))

    async def _tell_changes(self, schema: FieldSchema) -> None:
        """What the account has become since the last snapshot; once for all processes."""
        name, now = f"account of {self._connection}", self._clock.now()
        parts = account.parts_of(schema)
        kept = await self._installation.checkpoint(name)
        text = json.dumps(dict(parts), ensure_ascii=False)
        if kept == text:
            return
        await self._installation.set_checkpoint(name, text, now)
        for what in account.moved(json.loads(kept), parts)[:MOST_LOGGED] if kept else ():
            log.info("account_changed", connection=self._connection, what=what)

    async def _tell_findings(self, found: Sequence[Finding]) -> None:
        broken = [each for each in found if each.severity is Severity.ERROR]
        self._drifted(self._connection, len(broken))
        for each in broken[:MOST_LOGGED]:
            if _key(each) not in self._known:
                log.error(
                    "mapping_drift", code=each.code, message=each.message, hint=each.hint, file=place_of(each)
                )
        self._known = frozenset(map(_key, broken))
        now = self._clock.now()
        if not broken:
            await self._installation.over(AlertKind.MAPPING_DRIFT, self._connection, now)
            return
        alert = NewAlert(kind=AlertKind.MAPPING_DRIFT, about=self._connection, detail=_detail(broken))
        await self._installation.alert(alert, now)


def _detail(broken: Sequence[Finding]) -> str:
    lines = [f"{place_of(each)}: {each.code} {each.message}" for each in broken[:MOST_TOLD]]
    more = len(broken) - MOST_TOLD
    return "\n".join([*lines, *([f"and {more} more"] if more > 0 else [])])


def place_of(finding: Finding) -> str:
    return f"{finding.file}:{finding.line}:{finding.column}"


def _key(finding: Finding) -> tuple[str, str, int]:
    return finding.code, finding.message, finding.line
