"""What the tables ask of a database, whichever it is.

The statements are the same on both: placeholders are `?`, and where the two differ a `Transaction` says how.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from batonpass.domain.errors import BatonpassError

Result = TypeVar("Result")
Row = tuple[Any, ...]


class StoreError(BatonpassError):
    """The store cannot be opened, is damaged or does not answer. The message names it and the way out."""

    code = "store"


class Transaction(Protocol):
    """One transaction under way."""

    @property
    def for_update(self) -> str:
        """What ends a SELECT whose rows nobody else may change meanwhile; nothing where nobody else writes."""
        ...

    @property
    def skip_locked(self) -> str:
        """As `for_update`, and rows that somebody else holds are left out instead of waited for."""
        ...

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; gives the number of rows that it changed."""
        ...

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run one statement and give all its rows."""
        ...

    async def records(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """As `rows`, each by the names of its columns."""
        ...

    async def lock(self, *names: str) -> None:
        """Keep out, until the end of this transaction, every other one that locks one of these names; in one order,
        so that two cannot wait for each other. For what has no row yet that could be locked."""
        ...


Work = Callable[[Transaction], Awaitable[Result]]


async def row(tx: Transaction, sql: str, values: Sequence[Any] = ()) -> Row | None:
    """The first row; None where there is none."""
    return next(iter(await tx.rows(sql, values)), None)


async def value(tx: Transaction, sql: str, values: Sequence[Any] = ()) -> Any:
    """The first column of the first row; None where there is none."""
    found = await row(tx, sql, values)
    return None if found is None else found[0]


class Database(Protocol):
    """Where the tables are. Opened once; `run` may then be awaited in any event loop."""

    @property
    def name(self) -> str:
        """For people: the file, or the server and its database without the password."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether several processes may have it open."""
        ...

    async def open(self) -> None:
        """Check it, bring its tables up to date. Raises `StoreError`."""
        ...

    async def close(self) -> None:
        """Let go of it; what was not yet committed never will be."""
        ...

    async def leave_loop(self) -> None:
        """This event loop asks no more; others may."""
        ...

    async def run(self, work: Work[Result]) -> Result:
        """Run `work` in one transaction; returns once it is committed, raises what it raised. It may be run again
        from its beginning where another transaction was in its way: so it changes nothing but the database.

        Raises `StoreError` where the database does not answer; then it is not known whether it was committed.
        """
        ...

    def ring(self) -> None:
        """Tell the other processes that there may be something to do; soon, without waiting. Callable from any
        thread."""
        ...

    async def listen(self, hear: Callable[[], None]) -> None:
        """Call `hear` whenever somebody rings, for ever. A ring may be lost: whoever listens also looks by itself."""
        ...

    async def milliseconds(self) -> int | None:
        """The database's own time, since 1970 in UTC; None where it is this machine's."""
        ...
