"""Whether this process is well, for whoever restarts it or sends it work."""

from __future__ import annotations

from batonpass.engine import Engine

STILL_TOO_LONG = 30.0
"""Seconds for which the engine's event loop may stand still; then only a restart helps."""


class Health:
    def __init__(self, engine: Engine | None) -> None:
        """`engine`: None where this process only accepts."""
        self._engine = engine
        self._draining = False

    def drain(self) -> None:
        """No new work from now on: the process is about to end."""
        self._draining = True

    @property
    def draining(self) -> bool:
        return self._draining

    def stuck_for(self) -> float | None:
        """For how many seconds the engine has not moved, where that is too long; None: all is well."""
        still = 0.0 if self._engine is None else self._engine.still_for()
        return still if still > STILL_TOO_LONG else None
