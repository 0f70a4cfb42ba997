"""The way from another process on this machine into the one that has a SQLite store open: a socket beside the file."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, TypeAdapter

from batonpass.app.forgetting import Erased
from batonpass.app.operator import DELIVERIES_AT_ONCE, Deliveries, Replayed
from batonpass.app.syncing.rounds import Order
from batonpass.store import StoreError
from batonpass.store.queue import BATCH, Batch
from batonpass.store.selection import Action, Selection
from batonpass.sync import Ended

LONGEST_PATH = 100
"""Bytes; a socket's address has room for 107 on Linux, for 103 elsewhere."""
ANSWER_WITHIN = 60.0
ERASED_WITHIN = 3600.0
"""Seconds: it goes through the whole store."""
SYNCED_WITHIN = 86_400.0
"""Seconds: a first reading of everything, as slow as the vendor's limits make it."""


class ActOrder(BaseModel):
    action: Action
    chosen: Selection
    after: str = ""
    most: int = BATCH


class ReplayOrder(BaseModel):
    chosen: Deliveries
    after: int = 0
    most: int = DELIVERIES_AT_ONCE


class EraseOrder(BaseModel):
    email: str
    cancel_open: bool


ACT, REPLAY, ERASE, SYNC = "/act", "/replay", "/erase", "/sync"
DONE = TypeAdapter(Batch)
REPLAYED = TypeAdapter(Replayed)
ERASED = TypeAdapter(Erased)
SYNC_ORDER = TypeAdapter(Order)
SYNCED = TypeAdapter(list[Ended])


def socket_path(store: Path) -> Path:
    """What stands beside the store while a server has it open: its socket, or a file that says where that is."""
    return store.with_name(f"{store.name}.sock")


@contextmanager
def control_socket(store: Path) -> Iterator[socket.socket]:
    """A listening socket that only this user can reach. Whoever calls has the store's lock, so that one which stands
    there is a dead process's. Raises OSError."""
    beside = socket_path(store)
    beside.unlink(missing_ok=True)
    if len(os.fsencode(beside.absolute())) <= LONGEST_PATH:
        with _listening(beside) as listening:
            yield listening
        return
    with (
        tempfile.TemporaryDirectory(prefix="batonpass-") as folder,  # made for this user alone
        _listening(Path(folder) / "control.sock") as listening,
        _written(beside, f"{folder}/control.sock"),
    ):
        yield listening


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        os.fchmod(listening.fileno(), 0o600)  # on Linux the file is born with this mode
        listening.bind(str(path))
        try:
            path.chmod(0o600)
            listening.listen(64)
            yield listening
        finally:
            with suppress(OSError):
                path.unlink()


@contextmanager
def _written(path: Path, text: str) -> Iterator[None]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


class RemoteOperator:
    """The operator's hands in the process that has the store open."""

    def __init__(self, http: httpx.AsyncClient, store: Path) -> None:
        self._http = http
        self._store = store

    async def act(self, action: Action, chosen: Selection, *, after: str = "", most: int = BATCH) -> Batch:
        return DONE.validate_python(
            await self._asked(ACT, ActOrder(action=action, chosen=chosen, after=after, most=most))
        )

    async def replay(self, chosen: Deliveries, *, after: int = 0, most: int = DELIVERIES_AT_ONCE) -> Replayed:
        return REPLAYED.validate_python(
            await self._asked(REPLAY, ReplayOrder(chosen=chosen, after=after, most=most))
        )

    async def erase(self, email: str, *, cancel_open: bool) -> Erased:
        """As `Forgetter.erase`, by the process that has the store. Raises `StoreError` with the code of whatever it
        raises."""
        order = EraseOrder(email=email, cancel_open=cancel_open)
        return ERASED.validate_python(await self._asked(ERASE, order, within=ERASED_WITHIN))

    async def sync(self, order: Order) -> list[Ended]:
        """As `SyncDoor.run`, by the process that has the store. Raises `StoreError` with the code of whatever it
        raises."""
        return SYNCED.validate_python(
            await self._asked(SYNC, SYNC_ORDER.dump_json(order), within=SYNCED_WITHIN)
        )

    async def _asked(self, path: str, order: BaseModel | bytes, *, within: float = ANSWER_WITHIN) -> Any:
        headers = {"Content-Type": "application/json"}
        try:
            answer = await self._http.post(
                path,
                content=order if isinstance(order, bytes) else order.model_dump_json(),
                headers=headers,
                timeout=within,
            )
            told = answer.json()
        except (httpx.TransportError, ValueError) as error:
            raise StoreError(
                f"{self._store}: the batonpass process that has it open does not answer "
                f"({type(error).__name__}); what was asked for may have been done: asking again does no harm",
                code="server_silent",
            ) from None
        if not answer.is_success:
            raise StoreError(str(told.get("detail", "refused")), code=str(told.get("code", "server_refused")))
        return told


@asynccontextmanager
async def remote_operator(store: Path) -> AsyncIterator[RemoteOperator]:
    """Of the process that has the store at this path open. Raises `StoreError` where none can be reached."""
    transport = httpx.AsyncHTTPTransport(uds=str(_reached(store)))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://batonpass", timeout=ANSWER_WITHIN, trust_env=False
    ) as http:
        yield RemoteOperator(http, store)


def listens(store: Path) -> bool:
    """Whether a process lets operators in that has the store at this path open."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trying:
            trying.settimeout(ANSWER_WITHIN)
            trying.connect(str(_reached(store)))
    except (StoreError, OSError):
        return False
    return True


def _reached(store: Path) -> Path:
    """The socket; whoever may not write the store's folder cannot have put another one there."""
    beside = socket_path(store)
    try:
        found = beside.stat()
        if stat.S_ISSOCK(found.st_mode):
            return beside.absolute()
        return Path(beside.read_text(encoding="utf-8").strip())
    except OSError:
        raise StoreError(
            f"{store}: another process has it open, but does not listen at {beside}: it is no `batonpass serve`, "
            "or one of an older release; stop it first",
            code="store_locked",
        ) from None
