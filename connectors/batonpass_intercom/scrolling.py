"""The scroll over all companies: the plain list ends at 10,000.

An app has one scroll at a time, and one that is not used for a minute is gone. It goes forward only: whoever asks twice
with one `scroll_param` has to expect that they are given the page after the next. So a place in it is good as long as
this process knows that no more pages have been taken than the place says, or one more, which it remembers.
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/scrolloverallcompanies
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from batonpass.domain.errors import RefusedError, RetryLaterError
from batonpass_intercom import listed_wire
from batonpass_intercom.client import IntercomClient
from batonpass_intercom.moving import expired

IDLE = 60.0
"""Seconds after which a scroll that nobody uses is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """After so many pages of a scroll: a cursor of ours."""

    scroll: str
    pages: int

    def __str__(self) -> str:
        return json.dumps([self.scroll, self.pages])

    @classmethod
    def of(cls, text: str) -> Place:
        """Raises `RetryLaterError` with code `cursor_expired` on what is no cursor of ours."""
        try:
            scroll, pages = json.loads(text)
            return cls(scroll=str(scroll), pages=int(pages))
        except (ValueError, TypeError):
            raise expired("it is of another release") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """The last page that Intercom has given."""

    asked_with: Place | None
    goes_on: Place
    companies: tuple[listed_wire.Company, ...]


class CompanyScroll:
    def __init__(self, client: IntercomClient) -> None:
        self._client = client
        self._last: _Taken | None = None

    async def after(self, place: Place | None) -> tuple[tuple[listed_wire.Company, ...], Place | None]:
        """The companies after this place (None: the first), and where it goes on; None after the last page, which is
        empty: until it has been read the scroll stays open. Raises as `Streams.pages`."""
        last = self._last
        if place is not None and last is not None and last.asked_with == place:
            return _given(last)
        if place is not None and (last is None or last.goes_on != place):
            raise expired("the scroll may have gone on meanwhile")
        taken = await self._take(place)
        self._last = taken
        return _given(taken)

    async def _take(self, place: Place | None) -> _Taken:
        before, self._last = self._last, None
        try:
            told = await self._client.companies(None if place is None else place.scroll)
        except RetryLaterError as error:
            if not error.consumes_attempt:  # Intercom has done nothing
                self._last = before
            raise
        except RefusedError as refused:
            if place is None:  # an open scroll is as it was
                self._last = before
            raise _in_our_words(refused, place) or refused from None
        pages = 1 if place is None else place.pages + 1
        scroll = told.scroll_param or ("" if place is None else place.scroll)
        return _Taken(asked_with=place, goes_on=Place(scroll=scroll, pages=pages), companies=told.listed)


def _given(taken: _Taken) -> tuple[tuple[listed_wire.Company, ...], Place | None]:
    return taken.companies, taken.goes_on if taken.companies and taken.goes_on.scroll else None


def _in_our_words(refused: RefusedError, place: Place | None) -> RetryLaterError | None:
    if place is None and refused.status == 400 and "scroll_exists" in refused.reasons:
        return RetryLaterError(
            "companies.scroll: the app has another scroll open; it is gone after a minute without use",
            retry_after=IDLE,
            code="scroll_exists",
        )
    if place is not None and refused.status in {400, 404}:
        return expired("the scroll was not used for a minute")
    return None
