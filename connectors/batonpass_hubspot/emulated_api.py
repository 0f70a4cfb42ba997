"""What an emulated HubSpot answers about its records, its pipelines and its properties."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.domain.clock import Clock
from batonpass_hubspot import emulated_search
from batonpass_hubspot.emulated_account import EmulatedAccount, StoredRecord
from batonpass_hubspot.emulated_pipelines import pipelines_of
from batonpass_hubspot.emulated_schema import LINKS, OBJECT_TYPES, SINGULAR, stamp
from batonpass_hubspot.emulated_writing import RefusedWriteError

MOST_IN_A_BATCH = 100


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of ours
    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class Refuse(Protocol):
    def __call__(self, status: int, category: str, message: str, **more: Any) -> Response:
        """An error in HubSpot's shape."""
        ...


class Commit(Protocol):
    def __call__(self, kind: str, id: str, *, key: str | None = None) -> None:  # noqa: A002 - the ledger's word
        """Note one effect in the ledger."""
        ...


_MADE = MappingProxyType({"tickets": "ticket.opened", "notes": "note.appended"})
_CHANGED = MappingProxyType({"tickets": "ticket.changed"})
"""Object type → what the ledger calls it; others are `contact.created` and so on."""
_REFERENCE = re.compile(r"ref: batonpass-(?:note|ticket)-([A-Za-z0-9_-]+)(?:<[^<>]*>|\s)*\Z")


class ObjectApi:
    """The endpoints that every object type has. Each takes the request, the object type and the parsed body."""

    def __init__(
        self,
        account: EmulatedAccount,
        clock: Clock,
        *,
        refuse: Refuse,
        commit: Commit,
        search_lag: Callable[[], float],
        search_limits: emulated_search.SearchLimits,
    ) -> None:
        self._account = account
        self._clock = clock
        self._refuse = refuse
        self._commit = commit
        self._search_lag = search_lag
        self._search_limits = search_limits
        self._searches: deque[float] = deque()

    def get(self, request: Request, kind: str, body: Any) -> Response:
        del body
        record = self._only_one(request, kind)
        return JSONResponse(
            self._shown(record, listed(request, "properties"), listed(request, "associations"))
        )

    def create(self, request: Request, kind: str, body: Any) -> Response:
        del request
        return JSONResponse(self._made(kind, body), 201)

    def _made(self, kind: str, body: Any) -> MutableMapping[str, Any]:
        links = [
            (each["associationTypeId"], str(association["to"]["id"]))
            for association in body.get("associations") or ()
            for each in association["types"]
        ]
        for type_id, to in links:
            known = LINKS.get(type_id)
            if known is None or known[0] != kind or (known[1], to) not in self._account.records:
                raise Refusal(self._refuse(400, "VALIDATION_ERROR", "An associated object does not exist"))
        record = self._account.create(kind, body.get("properties", {}))
        for type_id, to in links:
            self._account.link(type_id, record.id, to)
        self._commit(_MADE.get(kind, f"{SINGULAR[kind]}.created"), record.id, key=_key_of(record))
        return self._shown(record, record.properties, ())

    def update(self, request: Request, kind: str, body: Any) -> Response:
        record = self._only_one(request, kind)
        self._account.update(record, body.get("properties", {}))
        self._commit(_CHANGED.get(kind, f"{SINGULAR[kind]}.updated"), record.id)
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
        if len(self._searches) >= self._search_limits.per_second:
            return self._refuse(
                429, "RATE_LIMITS", "You have reached your secondly limit.", policyName="SECONDLY"
            )
        self._searches.append(now)
        limit, after = int(body.get("limit") or 10), int(body.get("after") or 0)
        refused = self._search_limits.refuses(body, limit, after)
        if refused is not None:
            return self._refuse(400, "VALIDATION_ERROR", refused)
        limit = min(limit, self._search_limits.longest_page)
        indexed_until = self._clock.now() - timedelta(seconds=self._search_lag())
        indexed = [each for each in self._account.of_kind(kind) if each.updated_at <= indexed_until]
        found = emulated_search.matching(indexed, body)
        names = body.get("properties") or []
        return page_of(found, str(after), limit, lambda each: self._shown(each, names, ()), total=True)

    def batch_create(self, request: Request, kind: str, body: Any) -> Response:
        """Each input by itself: those that are refused are told beside those that were made, with 207."""
        del request
        return self._batch(body, lambda each: self._made(kind, each), made=201)

    def batch_upsert(self, request: Request, kind: str, body: Any) -> Response:
        """By a unique property, else made."""
        del request
        return self._batch(body, lambda each: self._upserted(kind, each), made=200)

    def _upserted(self, kind: str, each: Any) -> MutableMapping[str, Any]:
        name, key = each.get("idProperty"), str(each["id"])
        self._check_unique(kind, name)
        found = self._account.find(kind, key, name)
        if not found:
            return {**self._made(kind, {"properties": {name: key, **each["properties"]}}), "new": True}
        self._account.update(found[0], each["properties"])
        return {**self._shown(found[0], found[0].properties, ()), "new": False}

    def _batch(self, body: Any, one: Callable[[Any], MutableMapping[str, Any]], *, made: int) -> Response:
        inputs = body.get("inputs", [])
        if not 0 < len(inputs) <= MOST_IN_A_BATCH:
            return self._refuse(400, "VALIDATION_ERROR", f"inputs must have 1 to {MOST_IN_A_BATCH} elements")
        results, errors = [], []
        for each in inputs:
            try:
                results.append(one(each))
            except RefusedWriteError as refused:
                context = {"objectWriteTraceId": [str(each.get("objectWriteTraceId", ""))]}
                errors.append(
                    {
                        "status": "error",
                        "category": "VALIDATION_ERROR",
                        "message": str(refused),
                        "context": context,
                    }
                )
        moment = stamp(self._clock.now())
        told: dict[str, Any] = {
            "status": "COMPLETE",
            "startedAt": moment,
            "completedAt": moment,
            "results": results,
        }
        if errors:
            told |= {"numErrors": len(errors), "errors": errors}
        return JSONResponse(told, 207 if errors else made)

    def list_pipelines(self, request: Request, kind: str, body: Any) -> Response:
        del request, body
        return JSONResponse({"results": pipelines_of(self._account, kind)})

    def list_properties(self, request: Request, kind: str, body: Any) -> Response:
        del request, body
        return JSONResponse({"results": list(self._account.definitions[kind].values())})

    def _only_one(self, request: Request, kind: str) -> StoredRecord:
        self._check_unique(kind, request.query_params.get("idProperty"))
        found = self._account.find(kind, request.path_params["key"], request.query_params.get("idProperty"))
        if not found:
            raise Refusal(self._refuse(404, "OBJECT_NOT_FOUND", "resource not found"))
        if len(found) > 1:
            # HubSpot keeps addresses unique; what it would say otherwise is an assumption.
            raise Refusal(self._refuse(409, "CONFLICT", "More than one object has this value"))
        return found[0]

    def _check_unique(self, kind: str, name: str | None) -> None:
        if name in {None, "", "hs_object_id", "email"}:
            return
        known = self._account.definitions[kind].get(name or "")
        if known is None or not known["hasUniqueValue"]:
            raise Refusal(self._refuse(400, "VALIDATION_ERROR", "This property is not an unique identifier"))

    def _shown(
        self, record: StoredRecord, names: Iterable[str], linked: Iterable[str]
    ) -> MutableMapping[str, Any]:
        return shower(self._account, record.kind, names, linked)(record)


def shower(
    account: EmulatedAccount, kind: str, names: Iterable[str], linked: Iterable[str]
) -> Callable[[StoredRecord], MutableMapping[str, Any]]:
    """How records of a kind are shown: with these properties, as far as they exist, and these links."""
    known = account.definitions[kind]
    asked = [name for name in dict.fromkeys((*names, "hs_object_id", "createdate")) if name in known]
    to_kinds = [to for to in linked if to in OBJECT_TYPES]

    def show(record: StoredRecord) -> MutableMapping[str, Any]:
        stored = record.properties
        told: dict[str, Any] = {
            "id": record.id,
            "properties": {name: stored.get(name) or None for name in asked},
            "createdAt": stamp(record.created_at),
            "updatedAt": stamp(record.updated_at),
            "archived": record.archived_at is not None,
        }
        if record.archived_at is not None:
            told["archivedAt"] = stamp(record.archived_at)
        links = {to: ends for to in to_kinds if (ends := account.linked(kind, record.id, to))}
        if links:
            told["associations"] = {to: {"results": ends} for to, ends in links.items()}
        return told

    return show


def _key_of(record: StoredRecord) -> str | None:
    """The caller's own key of what was made, wherever it stands."""
    key = record.properties.get("batonpass_key")
    written = record.properties.get("hs_note_body") or record.properties.get("content") or ""
    reference = _REFERENCE.search(written)
    return key or (reference[1] if reference else None)


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
