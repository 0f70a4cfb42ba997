"""What an emulated HubSpot answers about its records, its pipelines and its properties."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.domain.clock import Clock
from batonpass_hubspot import emulated_search
from batonpass_hubspot.emulated_account import EmulatedAccount, StoredRecord, stamp
from batonpass_hubspot.emulated_schema import LINKS, OBJECT_TYPES, SINGULAR

MOST_IN_A_BATCH = 100
SEARCHES_PER_SECOND = 5


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of ours
    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class Refuse(Protocol):
    def __call__(self, status: int, category: str, message: str, **more: Any) -> Response:
        """An error in HubSpot's shape."""
        ...


class ObjectApi:
    """The endpoints that every object type has. Each takes the request, the object type and the parsed body."""

    def __init__(
        self, account: EmulatedAccount, clock: Clock, *, refuse: Refuse, commit: Callable[[str, str], None]
    ) -> None:
        self._account = account
        self._clock = clock
        self._refuse = refuse
        self._commit = commit
        self._searches: deque[float] = deque()

    def list(self, request: Request, kind: str, body: Any) -> Response:
        del body
        limit = int(request.query_params.get("limit", "10"))
        if limit > MOST_IN_A_BATCH:
            return self._refuse(400, "VALIDATION_ERROR", f"The limit must be at most {MOST_IN_A_BATCH}")
        records = self._account.of_kind(kind)
        names = listed(request, "properties")
        linked = listed(request, "associations")
        return page_of(
            records, request.query_params.get("after"), limit, lambda each: self._shown(each, names, linked)
        )

    def get(self, request: Request, kind: str, body: Any) -> Response:
        del body
        record = self._only_one(request, kind)
        return JSONResponse(
            self._shown(record, listed(request, "properties"), listed(request, "associations"))
        )

    def create(self, request: Request, kind: str, body: Any) -> Response:
        del request
        record = self._account.create(kind, body.get("properties", {}))
        for association in body.get("associations") or ():
            for each in association["types"]:
                if each["associationTypeId"] in LINKS:
                    self._account.link(each["associationTypeId"], record.id, str(association["to"]["id"]))
        self._commit(f"{SINGULAR[kind]}.created", record.id)
        return JSONResponse(self._shown(record, record.properties, ()), 201)

    def update(self, request: Request, kind: str, body: Any) -> Response:
        record = self._only_one(request, kind)
        self._account.update(record, body.get("properties", {}))
        self._commit(f"{SINGULAR[kind]}.updated", record.id)
        return JSONResponse(self._shown(record, record.properties, ()))

    def batch_read(self, request: Request, kind: str, body: Any) -> Response:
        del request
        inputs = body.get("inputs", [])
        if not 0 < len(inputs) <= MOST_IN_A_BATCH:
            return self._refuse(400, "VALIDATION_ERROR", f"inputs must have 1 to {MOST_IN_A_BATCH} elements")
        asked = [
            (each["id"], self._account.find(kind, str(each["id"]), body.get("idProperty"))) for each in inputs
        ]
        found = {record.id: record for _, records in asked for record in records}
        missing = [key for key, records in asked if not records]
        moment = stamp(self._clock.now())
        told: dict[str, Any] = {
            "status": "COMPLETE",
            "startedAt": moment,
            "completedAt": moment,
            "results": [self._shown(each, body.get("properties", []), ()) for each in found.values()],
        }
        if missing:
            error = {"status": "error", "category": "OBJECT_NOT_FOUND", "context": {"ids": missing}}
            told |= {"numErrors": 1, "errors": [{**error, "message": f"Could not get some {kind}"}]}
        return JSONResponse(told, 207 if missing else 200)

    def search(self, request: Request, kind: str, body: Any) -> Response:
        del request
        now = self._clock.monotonic()
        while self._searches and self._searches[0] <= now - 1:
            self._searches.popleft()
        if len(self._searches) >= SEARCHES_PER_SECOND:
            return self._refuse(
                429, "RATE_LIMITS", "You have reached your secondly limit.", policyName="SECONDLY"
            )
        self._searches.append(now)
        limit, after = int(body.get("limit") or 10), int(body.get("after") or 0)
        if limit > emulated_search.MOST_ON_A_PAGE or after + limit > emulated_search.MOST_RESULTS:
            return self._refuse(400, "VALIDATION_ERROR", "A search gives 200 results a page, 10,000 in all")
        found = emulated_search.matching(self._account.of_kind(kind), body)
        names = body.get("properties") or []
        return page_of(found, str(after), limit, lambda each: self._shown(each, names, ()), total=True)

    def list_pipelines(self, request: Request, kind: str, body: Any) -> Response:
        del request, body
        return JSONResponse({"results": self._account.pipelines(kind)})

    def list_properties(self, request: Request, kind: str, body: Any) -> Response:
        del request, body
        return JSONResponse({"results": list(self._account.definitions[kind].values())})

    def _only_one(self, request: Request, kind: str) -> StoredRecord:
        found = self._account.find(kind, request.path_params["key"], request.query_params.get("idProperty"))
        if not found:
            raise Refusal(self._refuse(404, "OBJECT_NOT_FOUND", "resource not found"))
        if len(found) > 1:
            # HubSpot keeps addresses unique; what it would say otherwise is an assumption.
            raise Refusal(self._refuse(409, "CONFLICT", "More than one object has this value"))
        return found[0]

    def _shown(
        self, record: StoredRecord, names: Iterable[str], linked: Iterable[str]
    ) -> MutableMapping[str, Any]:
        always = {"hs_object_id", "createdate"}
        asked = [
            name
            for name in dict.fromkeys((*names, *always))
            if name in self._account.definitions[record.kind]
        ]
        told: dict[str, Any] = {
            "id": record.id,
            "properties": {name: record.properties.get(name) or None for name in asked},
            "createdAt": stamp(record.created_at),
            "updatedAt": stamp(record.updated_at),
            "archived": False,
        }
        links = {to: self._account.linked(record.kind, record.id, to) for to in linked if to in OBJECT_TYPES}
        if any(links.values()):
            told["associations"] = {to: {"results": ends} for to, ends in links.items() if ends}
        return told


def listed(request: Request, name: str) -> list[str]:
    """A query parameter's values, repeated or with commas."""
    return [each for value in request.query_params.getlist(name) for each in value.split(",") if each]


def page_of(
    items: Sequence[Any],
    after: str | None,
    limit: int,
    show: Callable[[Any], MutableMapping[str, Any]],
    *,
    total: bool = False,
) -> Response:
    """The cursor is the number of items before the page."""
    start = int(after or 0)
    told: dict[str, Any] = {"total": len(items)} if total else {}
    told["results"] = [show(each) for each in items[start : start + limit]]
    if start + limit < len(items):
        told["paging"] = {"next": {"after": str(start + limit)}}
    return JSONResponse(told)
