"""Fakes that several tests share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.testing.emulator import Emulator, Operation

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class FakeClock:
    """Stands still until told to go on."""

    at: datetime = NOON
    passed: float = 0.0

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def go_on(self, seconds: float) -> None:
        self.passed += seconds


@dataclass
class ToyVendor(Emulator):
    """A vendor with one thing that can be made and read."""

    key: str = "toy-key"
    made: list[str] = field(default_factory=list)

    def operations(self) -> Sequence[Operation]:
        return [
            Operation("things.create", "POST", "/things", self._create),
            Operation("things.read", "GET", "/things", self._read),
        ]

    def authorised(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.key}"

    def error(self, status: int, *, code: str, message: str) -> Response:
        return JSONResponse({"error": code}, status)

    def _create(self, request: Request) -> Response:
        self.commit("thing.made", str(len(self.ledger) + 1))
        return JSONResponse({"id": len(self.ledger)}, 201)

    def _read(self, request: Request) -> Response:
        return JSONResponse({"things": len(self.ledger)})
