"""What connections are told of from the copy of their records: facts, and who is whose."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from batonpass.app.config import Connection
from batonpass.context.gather import Ask
from batonpass.domain.facts import FactAnswer, FactRule, Person, Standing
from batonpass.domain.synced import KeptRecord, KeyKind, RecordKind
from batonpass.ports import TellsFromCopy
from batonpass.store import SyncBook
from batonpass.sync.graph import Systems

FOLLOW_EVERY = 10.0
"""Seconds after which it is looked whose the records are that have changed."""


class CopyOf:
    """`ports.Copy` of one connection's records."""

    def __init__(self, book: SyncBook, connection: str) -> None:
        self._book = book
        self._connection = connection

    async def record(self, kind: RecordKind, id: str) -> KeptRecord | None:  # noqa: A002 - the port's word
        return await self._book.record(self._connection, kind, id)

    async def known_by(self, kind: RecordKind, key: KeyKind, value: str) -> Sequence[KeptRecord]:
        return await self._book.known_by(self._connection, kind, key, value)


def asks_copy(book: SyncBook, connection: str, port: object, streams: Collection[str]) -> Ask | None:
    """Asks the copy of a connection's records about a person; None: it tells no facts from one. Until all of its streams
    have been read once it knows nobody: half of somebody's invoices would make a wrong sum."""
    if not isinstance(port, TellsFromCopy):
        return None
    copy, facts_from_copy = CopyOf(book, connection), port.facts_from_copy

    async def ask(person: Person, rules: Sequence[FactRule]) -> FactAnswer:
        if not await book.has_been_read(connection, streams):
            return FactAnswer(standing=Standing.NOT_FOUND)
        return await facts_from_copy(copy, person, rules)

    return ask


def systems_of(connections: Sequence[Connection]) -> Systems:
    return Systems(
        connectors={each.name: each.manifest.name for each in connections},
        trusted=frozenset(each.name for each in connections if each.manifest.ids_are_the_accounts),
    )
