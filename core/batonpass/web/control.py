"""The operator's door: for this machine's user alone, on a socket beside a SQLite store.

A PostgreSQL store needs none: any process may open it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Protocol

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from batonpass.app.config import Config
from batonpass.app.control import (
    ACT,
    DONE,
    ERASE,
    ERASED,
    REPLAY,
    REPLAYED,
    SYNC,
    SYNC_ORDER,
    SYNCED,
    ActOrder,
    EraseOrder,
    ReplayOrder,
    control_socket,
    socket_path,
)
from batonpass.app.forgetting import Forgetter
from batonpass.app.operator import Hands, Operator
from batonpass.app.syncing.door import SyncDoor
from batonpass.app.webhook_intake import WebhookIntake
from batonpass.domain.clock import Clock
from batonpass.domain.errors import BatonpassError
from batonpass.domain.ids import HandoffId
from batonpass.store import Installation, Journal, StoreError
from batonpass.web.server import served_beside

log = structlog.get_logger()


class Waking(Protocol):
    def wake(self) -> None: ...

    def forget(self, handoff_id: HandoffId) -> None: ...


class Controlled(Protocol):
    """What the operator's door opens to."""

    @property
    def config(self) -> Config: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def webhooks(self) -> WebhookIntake: ...

    @property
    def engine(self) -> Waking | None: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def installation(self) -> Installation: ...

    @property
    def sync(self) -> SyncDoor: ...


@asynccontextmanager
async def controlled(service: Controlled) -> AsyncIterator[None]:
    """Let operators in while inside, where the store is a file. Where no socket can be made, that is logged: the
    customers are served all the same."""
    store = service.config.store.path
    if store is None:
        yield
        return
    wake = service.journal.database.ring if service.engine is None else service.engine.wake
    operator = Operator(service.config, service.journal.database, service.webhooks, service.clock, wake)
    with ExitStack() as stack:
        try:
            listening = stack.enter_context(control_socket(store))
        except OSError as error:
            log.warning(
                "no_control_socket", path=str(socket_path(store)), detail=error.strerror or str(error)
            )
            yield
            return
        async with served_beside(control_app(operator, _forgetter(service), service.sync), listening):
            yield


def _forgetter(service: Controlled) -> Forgetter:
    def in_memory(handoff_id: HandoffId) -> None:
        if service.engine is not None:
            service.engine.forget(handoff_id)

    return Forgetter(
        service.journal.database,
        service.installation,
        service.clock,
        legal_hold=service.config.retention.legal_hold,
        forget=in_memory,
    )


def control_app(hands: Hands, forgetter: Forgetter, sync: SyncDoor) -> FastAPI:
    """The ASGI application: the operator's methods, nothing else."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    async def act(order: ActOrder) -> Response:
        done = await hands.act(order.action, order.chosen, after=order.after, most=order.most)
        return JSONResponse(DONE.dump_python(done, mode="json"))

    async def replay(order: ReplayOrder) -> Response:
        done = await hands.replay(order.chosen, after=order.after, most=order.most)
        return JSONResponse(REPLAYED.dump_python(done, mode="json"))

    async def erase(order: EraseOrder) -> Response:
        done = await forgetter.erase(order.email, cancel_open=order.cancel_open)
        return JSONResponse(ERASED.dump_python(done, mode="json"))

    async def read_in_bulk(request: Request) -> Response:
        done = await sync.run(SYNC_ORDER.validate_json(await request.body()))
        return JSONResponse(SYNCED.dump_python(done, mode="json"))

    app.add_api_route(SYNC, read_in_bulk, methods=["POST"])
    app.add_api_route(ACT, act, methods=["POST"])
    app.add_api_route(REPLAY, replay, methods=["POST"])
    app.add_api_route(ERASE, erase, methods=["POST"])
    app.add_exception_handler(BatonpassError, _refused)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    del request
    code = error.code if isinstance(error, BatonpassError) else "refused"
    return JSONResponse({"code": code, "detail": str(error)}, 503 if isinstance(error, StoreError) else 409)
