"""How Stripe reads a request: parameters, pages, expansion, and what it says when it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any
from urllib.parse import parse_qsl

from batonpass_stripe.emulated_objects import Made
from batonpass_stripe.emulated_shelves import Shelf

DEEPEST_EXPANSION = 4
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_RANGES: Mapping[str, Callable[[int], tuple[int, int | None]]] = {
    "": lambda value: (value, value + 1),
    "gt": lambda value: (value + 1, None),
    "gte": lambda value: (value, None),
    "lt": lambda value: (0, value),
    "lte": lambda value: (0, value + 1),
}
"""What stands in the brackets of `created` → (the first second, the one after the last)."""
_PAGING = frozenset({"limit", "starting_after", "ending_before"})

Find = Callable[[str], Made | None]
"""The object with this id; None where there is none."""


@dataclass(slots=True)
class RequestRefusedError(Exception):
    """What becomes Stripe's error body: https://docs.stripe.com/api/errors"""

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    type: str = "invalid_request_error"


def missing(kind: str, id: str, *, param: str = "id", status: int = 400) -> RequestRefusedError:  # noqa: A002
    return RequestRefusedError(status, f"No such {kind}: '{id}'", "resource_missing", param)


def check_version(version: str | None) -> None:
    if version is not None and not _VERSION.fullmatch(version):
        raise RequestRefusedError(400, f"Invalid Stripe API version: {version}")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one request: `expand[]=…` and `created[gte]=…` by the name before the bracket."""

    pairs: tuple[tuple[str, str, str], ...]
    """(name, what stands in its brackets, value)"""

    @staticmethod
    def parse(encoded: str, known: Collection[str]) -> Parameters:
        """Raises `RequestRefusedError` on a name that is not `known`."""
        pairs = []
        for full, value in parse_qsl(encoded, keep_blank_values=True):
            found = _NAME.fullmatch(full)
            name, brackets = (found[1], found[2]) if found else (full, "")
            if name not in known:
                raise RequestRefusedError(
                    400, f"Received unknown parameter: {name}", "parameter_unknown", name
                )
            pairs.append((name, brackets.strip("[]"), value))
        return Parameters(tuple(pairs))

    def get(self, name: str) -> str | None:
        return next((value for each, _, value in self.pairs if each == name), None)

    @property
    def expansions(self) -> list[str]:
        return [path for _, path in self.all("expand")]

    def all(self, name: str) -> list[tuple[str, str]]:
        return [(inside, value) for each, inside, value in self.pairs if each == name]

    def created(self) -> tuple[int, int | None]:
        """(the first second, the one after the last) that `created` asks for."""
        since, before = 0, None
        for inside, value in self.all("created"):
            if not value.isdecimal() or inside not in _RANGES:
                raise RequestRefusedError(400, "Invalid created", "parameter_invalid_integer", "created")
            first, end = _RANGES[inside](int(value))
            since = max(since, first)
            before = end if before is None or (end is not None and end < before) else before
        return since, before

    def whole(self, name: str, *, otherwise: int) -> int:
        value = self.get(name)
        if value is None:
            return otherwise
        if not re.fullmatch(r"-?\d{1,18}", value):
            raise RequestRefusedError(400, f"Invalid integer: {value}", "parameter_invalid_integer", name)
        return int(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list endpoint: whose objects, by what they can be filtered, and what `status` may be."""

    kind: str
    filters: tuple[str, ...]
    statuses: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        return _PAGING | {"expand", "created", *self.filters}

    def page(self, shelf: Shelf, find: Find, asked: Parameters, path: str) -> Made:
        """The page that was asked for, of what is on the shelf and is there (`find`)."""
        limit = asked.whole("limit", otherwise=10)
        if not 1 <= limit <= 100:
            raise RequestRefusedError(
                400, "Limit must be between 1 and 100", "parameter_invalid_integer", "limit"
            )
        self._check_status(asked)
        since, before = asked.created()
        after, until = (self._known(name, shelf, find, asked) for name in ("starting_after", "ending_before"))
        ids = shelf.newest_first(since=since, before=before, after=after)
        if until is not None:
            ids = takewhile(lambda each: each != until, ids)
        there = (made for each in ids if (made := find(each)) is not None and self._matches(made, asked))
        if until is None:
            found = list(islice(there, limit + 1))
            data = found[:limit]
        else:
            found = list(there)
            data = found[-limit:]
        return {"object": "list", "url": path, "has_more": len(found) > limit, "data": data}

    def _known(self, name: str, shelf: Shelf, find: Find, asked: Parameters) -> str | None:
        place = asked.get(name)
        if place is not None and (place not in shelf or find(place) is None):
            raise missing(self.kind, place, param=name)
        return place

    def _check_status(self, asked: Parameters) -> None:
        status = asked.get("status") if "status" in self.filters else None
        if status is not None and status not in self.statuses:
            raise RequestRefusedError(
                400, f"Invalid status: must be one of {', '.join(self.statuses)}", param="status"
            )

    def _matches(self, made: Made, asked: Parameters) -> bool:
        for name in self.filters:
            wanted = asked.get(name)
            if name == "status":
                if not self._has_status(made, wanted):
                    return False
            elif wanted is not None and made.get(name) != wanted:
                return False
        return True

    def _has_status(self, made: Made, status: str | None) -> bool:
        if self.kind == "subscription" and status in {None, "all", "ended"}:
            ended: bool = made["status"] in {"canceled", "incomplete_expired"}
            return {None: bool(made["status"] != "canceled"), "all": True, "ended": ended}[status]
        return status in {None, made["status"]}


def expanded(answer: Made, paths: Sequence[str], find: Find) -> Made:
    """The answer with the ids at `paths` (`data.customer`) replaced by their objects."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST_EXPANSION:
            raise RequestRefusedError(
                400, f"You cannot expand more than 4 levels of a property. Property: {path}", param="expand"
            )
        answer = _expanded(answer, steps, path, find)
    return answer


def _expanded(here: Any, steps: list[str], path: str, find: Find) -> Any:
    if isinstance(here, list):
        return [_expanded(each, steps, path, find) for each in here]
    step, rest = steps[0], steps[1:]
    if not isinstance(here, dict) or step not in here:
        raise RequestRefusedError(400, f"This property cannot be expanded ({path}).", param="expand")
    inner = here[step]
    if isinstance(inner, str):
        inner = find(inner)
        if inner is None:
            raise RequestRefusedError(400, f"This property cannot be expanded ({path}).", param="expand")
    return {**here, step: _expanded(inner, rest, path, find) if rest and inner is not None else inner}
