"""Where the reading of a stream begins, goes on and ends, as the text that is kept of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from batonpass.domain.errors import RetryLaterError
from batonpass_hubspot.searching import Place

LIST, CHANGED, ARCHIVED = "list", "changed", "archived"


def text_of(told: dict[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":"))


def read(text: str) -> dict[str, Any]:
    """Raises `RetryLaterError` (`cursor_expired`) for what no release of ours wrote."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise unreadable()
    return told


def unreadable() -> RetryLaterError:
    return RetryLaterError("HubSpot: the kept place cannot be read; begun anew", code="cursor_expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the next round begins. All times are milliseconds since 1970."""

    changed: int
    """All that changed before has been given; by HubSpot's clock, which may differ from ours."""
    newest: int | None
    """The newest change that the index knew."""
    seen: int
    """When that was known first, by our clock."""
    archived: int
    """What was deleted before has been told."""

    @classmethod
    def of(cls, text: str | None) -> Position | None:
        """None too for what no release of ours wrote: then everything is read."""
        try:
            return None if text is None else cls(**read(text))
        except (TypeError, RetryLaterError):
            return None

    def after(self, newest: int | None, *, now: int, archived: int, lag: int) -> Position:
        """Of the round that begins here: so much of what the index knows by then may still grow. Where nothing has
        changed for longer than the index lags, nothing is given twice."""
        if newest is None or newest == self.newest:
            is_settled = newest is not None and now - self.seen >= lag
            changed = max(self.changed, newest + 1) if is_settled and newest is not None else self.changed
            return replace(self, changed=changed, archived=archived)
        return Position(changed=max(self.changed, newest - lag), newest=newest, seen=now, archived=archived)


def of_changes(place: Place) -> str:
    return text_of({CHANGED: [place.at, place.above]})


def place_in(told: dict[str, Any]) -> Place:
    at, above = told[CHANGED]
    return Place(at=at, above=above)
