"""Lists that change while they are read: whether they go on, and whether a place in them is still good."""

from __future__ import annotations

from collections.abc import Container
from datetime import timedelta

from batonpass.domain.errors import RefusedError, RetryLaterError

NEWEST_EXPORTED = timedelta(seconds=61)
"""The exports take no start within the last minute, and withhold what changed in it.
https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api/"""
BAD_CURSOR = frozenset({400, 410, 422})


def next_place(operation: str, after: str | None, seen: Container[str | None]) -> str:
    """The cursor of the next page, where there is one and it has not been there before."""
    if after is None or after in seen:
        raise RetryLaterError(f"{operation}: the list does not go on: its pages repeat", code="page_repeats")
    return after


def expired(operation: str, refused: RefusedError, cursor: str | None) -> Exception:
    """A cursor that was good a moment ago is good no more: the list is to be read again from its beginning."""
    if cursor is None or refused.status not in BAD_CURSOR:
        return refused
    return RetryLaterError(f"{operation}: the place in the list has expired", code="cursor_expired")
