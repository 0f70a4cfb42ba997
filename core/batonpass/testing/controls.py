"""What an emulator answers to whoever drives it from another process."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from batonpass.ports import StartRule
from batonpass.testing.faults import Fault
from batonpass.testing.happenings import CannotPlayError, Happening
from batonpass.testing.outbox import Order

if TYPE_CHECKING:
    from batonpass.testing.emulator import Emulator


class Controls:
    """The paths below `/_emulator`."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def routes(self) -> list[Route]:
        return [
            Route("/_emulator/ledger", self._show_ledger, methods=["GET"]),
            Route("/_emulator/counts", self._show_counts, methods=["GET"]),
            Route("/_emulator/faults", self._plan_fault, methods=["POST"]),
            Route("/_emulator/happen", self._play, methods=["POST"]),
            Route("/_emulator/webhooks", self._point_webhooks, methods=["POST"]),
            Route("/_emulator/outbox", self._show_outbox, methods=["GET"]),
            Route("/_emulator/outbox", self._set_outbox, methods=["POST"]),
        ]

    async def _show_ledger(self, request: Request) -> Response:
        return JSONResponse(
            [{**asdict(effect), "at": effect.at.isoformat()} for effect in self._emulator.ledger]
        )

    async def _show_counts(self, request: Request) -> Response:
        return JSONResponse(
            {**Counter(effect.kind for effect in self._emulator.ledger), **Counter(self._emulator.calls)}
        )

    async def _plan_fault(self, request: Request) -> Response:
        try:
            told = json.loads(await request.body())
            self._emulator.next_call(Fault(told.pop("fault")), **told)
        except (ValueError, TypeError, KeyError) as error:
            known = ", ".join(Fault)
            return JSONResponse({"error": f"not a fault that can be planned: {error}; known: {known}"}, 400)
        return JSONResponse({"planned": self._emulator.planned_faults})

    async def _play(self, request: Request) -> Response:
        try:
            done = self._emulator.happen(Happening.from_json(json.loads(await request.body())))
        except (ValueError, CannotPlayError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"id": done})

    async def _point_webhooks(self, request: Request) -> Response:
        try:
            told = json.loads(await request.body())
            if "start" in told:
                self._emulator.asks_when(StartRule(**told["start"]))
            self._emulator.deliver_to(told["url"], secret=told["secret"])
        except (ValueError, KeyError, TypeError, CannotPlayError) as error:
            return JSONResponse({"error": f"needs url and secret, may have start: {error}"}, 400)
        return JSONResponse({"url": told["url"]})

    async def _show_outbox(self, request: Request) -> Response:
        await self._emulator.outbox.settled()
        return JSONResponse(self._emulator.outbox.as_json())

    async def _set_outbox(self, request: Request) -> Response:
        """`{"twice": true}`, `{"hold": true}`, `{"release": "shuffled"}`, `{"drop": true}`."""
        try:
            told = json.loads(await request.body())
            self._emulator.outbox.twice = bool(told.get("twice", self._emulator.outbox.twice))
            if told.get("hold"):
                self._emulator.outbox.hold()
            moved = self._emulator.outbox.release(Order(told["release"])) if "release" in told else 0
            moved += self._emulator.outbox.drop() if told.get("drop") else 0
        except (ValueError, AttributeError) as error:
            return JSONResponse({"error": f"knows twice, hold, release and drop: {error}"}, 400)
        return JSONResponse({"moved": moved})
