"""How an emulated HubSpot lists its records, and what belongs to them."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.domain.clock import Clock
from batonpass_hubspot.emulated_account import EmulatedAccount, StoredRecord
from batonpass_hubspot.emulated_api import Refusal, Refuse, listed, page_of, shower
from batonpass_hubspot.emulated_schema import stamp

MOST_LISTED = 100
MOST_OWNERS = 500
MOST_LINKED = 1000
"""https://developers.hubspot.com/changelog/bug-fix-batch-read-limit-for-hubspot-associations-api"""
LINKS_PER_PAGE = 500
PRIMARY = frozenset({1, 2, 5, 6})
"""The types of the links with a primary company."""


class ListingApi:
    """Each takes the request, the object type and the parsed body."""

    def __init__(self, account: EmulatedAccount, clock: Clock, *, refuse: Refuse) -> None:
        self._account = account
        self._clock = clock
        self._refuse = refuse
        self.by_id = True
        """Whether records are listed in the order of their ids, and a page is named by the id before it. HubSpot
        does so and documents neither; False: the newest first, with cursors that say nothing."""

    def list(self, request: Request, kind: str, body: Any) -> Response:
        del body
        given = request.query_params.get("limit", "10")
        limit = int(given) if given.isdecimal() else 0
        if not 1 <= limit <= MOST_LISTED:
            return self._refuse(400, "VALIDATION_ERROR", f"The limit must be 1 to {MOST_LISTED}")
        archived = request.query_params.get("archived", "").lower() == "true"
        records = self._account.deleted(kind) if archived else self._account.of_kind(kind)
        after = request.query_params.get("after") or None
        start = 0 if after is None else self._start(records, after)
        page = records[start : start + limit]
        show = shower(self._account, kind, listed(request, "properties"), listed(request, "associations"))
        if not self.by_id:
            page = records[::-1][start : start + limit]
        told: dict[str, Any] = {"results": [show(each) for each in page]}
        if start + limit < len(records):
            told["paging"] = {"next": {"after": page[-1].id if self.by_id else _unreadable(start + limit)}}
        return JSONResponse(told)

    def owners(self, request: Request, body: Any) -> Response:
        """Those who are active users, or those who are not any more."""
        del body
        asked = request.query_params
        given = asked.get("limit", "100")
        limit = int(given) if given.isdecimal() else 0
        if not 1 <= limit <= MOST_OWNERS:
            return self._refuse(400, "VALIDATION_ERROR", f"The limit must be 1 to {MOST_OWNERS}")
        archived = asked.get("archived", "").lower() == "true"
        found = [
            each
            for each in self._account.owners.values()
            if each["archived"] is archived and asked.get("email") in {None, each["email"]}
        ]
        return page_of(found, asked.get("after"), limit, dict)

    def _start(self, records: Sequence[StoredRecord], after: str) -> int:
        """How many records come before the page."""
        if not self.by_id:
            return self._place(after)
        if not after.isdecimal():
            raise Refusal(self._refuse(400, "VALIDATION_ERROR", "The after cursor is invalid"))
        return bisect_right(records, int(after), key=lambda each: int(each.id))

    def _place(self, after: str) -> int:
        try:
            return int(base64.b64decode(after, validate=True).removeprefix(b"place "))
        except (ValueError, binascii.Error):
            raise Refusal(self._refuse(400, "VALIDATION_ERROR", "The after cursor is invalid")) from None

    def links(self, request: Request, kind: str, body: Any) -> Response:
        """The associations of up to a thousand records with records of one type; those without any are told as
        errors."""
        to, inputs = request.path_params["to"], body.get("inputs", [])
        if not 0 < len(inputs) <= MOST_LINKED:
            return self._refuse(400, "VALIDATION_ERROR", f"inputs must have 1 to {MOST_LINKED} elements")
        results = [told for each in inputs if (told := self._links_of(kind, to, each)) is not None]
        moment = stamp(self._clock.now())
        answer: dict[str, Any] = {
            "status": "COMPLETE",
            "startedAt": moment,
            "completedAt": moment,
            "results": results,
        }
        missing = len(inputs) - len(results)
        if missing:
            error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": f"No {to} for some {kind}"}
            answer |= {
                "numErrors": 1,
                "errors": [{**error, "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND", "context": {}}],
            }
        return JSONResponse(answer, 207 if missing else 200)

    def _links_of(self, kind: str, to: str, asked: Any) -> dict[str, Any] | None:
        key = str(asked["id"])
        ends = dict.fromkeys(link["id"] for link in self._account.linked(kind, key, to))
        start = int(asked.get("after") or 0)
        shown = list(ends)[start : start + LINKS_PER_PAGE]
        if not shown:
            return None
        told: dict[str, Any] = {
            "from": {"id": key},
            "to": [{"toObjectId": int(end), "associationTypes": self._types(key, end)} for end in shown],
        }
        if start + LINKS_PER_PAGE < len(ends):
            told["paging"] = {"next": {"after": str(start + LINKS_PER_PAGE), "link": ""}}
        return told

    def _types(self, start: str, end: str) -> Sequence[dict[str, Any]]:
        return [
            {"category": "HUBSPOT_DEFINED", "typeId": each, "label": "Primary" if each in PRIMARY else None}
            for each in self._account.link_types(start, end)
        ]


def _unreadable(place: int) -> str:
    return base64.b64encode(f"place {place}".encode()).decode()
