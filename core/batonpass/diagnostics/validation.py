"""A file against a pydantic model: every error as a finding at its place, none with a secret in it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from batonpass.diagnostics.findings import Finding
from batonpass.diagnostics.model_places import (
    Location,
    elsewhere,
    holds_secrets,
    is_secret,
    known_keys,
    locate,
    parts_of_table,
)
from batonpass.diagnostics.nearest import did_you_mean, nearest
from batonpass.diagnostics.secrecy import looks_secret
from batonpass.diagnostics.toml_file import TomlFile

M = TypeVar("M", bound=BaseModel)

# https://docs.pydantic.dev/latest/errors/validation_errors/: the type of an error → what was expected
_EXPECTED = {
    "string_type": "text",
    "string_sub_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "bool_type": "true/false",
    "bool_parsing": "true/false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dataclass_type": "a table",
    "date_type": "a date",
    "date_parsing": "a date",
    "date_from_datetime_parsing": "a date",
    "datetime_type": "a date and time",
    "datetime_parsing": "a date and time",
    "time_type": "a time",
    "path_type": "a path",
}
_GOT = (
    (bool, "true/false"),
    (str, "text"),
    (int, "a number"),
    (float, "a number"),
    (datetime, "a date and time"),
    (date, "a date"),
    (time, "a time"),
    (list, "a list"),
    (dict, "a table"),
)
_QUOTED = re.compile(r"'([^']*)'")


class _Problem(NamedTuple):
    error: ErrorDetails
    at: Location


def validated(
    file: TomlFile, model: type[M], *, at: Sequence[str | int] = (), context: Any = None
) -> tuple[M | None, list[Finding]]:
    """The model with the file's data (or the part of it `at` a path), or all that is wrong with it.

    A file that could not be read gives None and no findings of its own: `file.findings` has them.
    """
    if not file.readable:
        return None, []
    data = _part(file.data, at)
    try:
        return model.model_validate(data, context=context), []
    except ValidationError as error:
        problems = [_located(item, data) for item in error.errors(include_url=False)]
    told = _Telling(file, model, data, tuple(at))
    return None, [told.finding(problem) for problem in _without_echoes(_likely(problems), model)]


def _part(data: Any, at: Sequence[str | int]) -> Any:
    for step in at:
        data = data.get(step, {}) if isinstance(data, Mapping) else data[step]
    return data


def _located(error: ErrorDetails, data: Any) -> _Problem:
    return _Problem(error, locate(error["loc"], data, misses_key=error["type"] == "missing"))


def _likely(problems: list[_Problem], depth: int = 0) -> list[_Problem]:
    """Of each union the errors of one branch: the one that the person most likely meant."""
    kept = [problem for problem in problems if len(problem.at.branches) <= depth]
    unions: dict[tuple[str | int, ...], dict[str, list[_Problem]]] = defaultdict(lambda: defaultdict(list))
    for problem in problems:
        if len(problem.at.branches) > depth:
            length, branch = problem.at.branches[depth]
            unions[problem.at.where[:length]][branch].append(problem)
    for union, branches in unions.items():
        right_kind = [found for found in branches.values() if not _wrong_kind(found, union)]
        if right_kind:
            kept += _likely(min(right_kind, key=len), depth + 1)
        else:
            kept.append(_merged(list(branches.values())))
    return kept


def _wrong_kind(problems: list[_Problem], union: tuple[str | int, ...]) -> bool:
    return any(
        problem.at.where == union and problem.at.missing is None and problem.error["type"] in _EXPECTED
        for problem in problems
    )


def _merged(branches: list[list[_Problem]]) -> _Problem:
    first = branches[0][0]
    wanted = dict.fromkeys(
        _EXPECTED[item.error["type"]]
        for found in branches
        for item in found
        if item.error["type"] in _EXPECTED
    )
    if "a number" in wanted:
        wanted.pop("a whole number", None)
    *some, last = wanted
    kinds = f"{', '.join(some)} or {last}" if some else last
    return _Problem({**first.error, "ctx": {"expected_kinds": kinds}}, first.at)


def _without_echoes(problems: list[_Problem], model: type[BaseModel]) -> list[_Problem]:
    """Without "x is missing" where the same table has an unknown key that is x with a slip of the pen."""
    unknown: dict[tuple[str | int, ...], list[str]] = defaultdict(list)
    for problem in problems:
        if problem.error["type"] == "extra_forbidden":
            *table, key = problem.at.where
            meant = nearest(str(key), known_keys(model, table))
            unknown[tuple(table)].append(meant or "")
    return [item for item in problems if item.at.missing not in unknown.get(item.at.where, ())]


class _Telling:
    """Puts the errors of one validation into words."""

    def __init__(self, file: TomlFile, model: type[BaseModel], data: Any, at: tuple[str | int, ...]) -> None:
        self._file = file
        self._model = model
        self._data = data
        self._at = at

    def finding(self, problem: _Problem) -> Finding:
        kind = problem.error["type"]
        if problem.at.missing is not None:
            return self._missing(problem)
        if kind == "extra_forbidden":
            return self._unknown_key(problem)
        if kind in {"enum", "literal_error", "union_tag_invalid"}:
            return self._not_allowed(problem)
        if kind in _EXPECTED:
            return self._wrong_type(problem)
        return self._not_accepted(problem)

    def _unknown_key(self, problem: _Problem) -> Finding:
        *table, key = problem.at.where
        branches = [branch for _, branch in problem.at.branches]
        known = known_keys(self._model, table, branches)
        meant = nearest(str(key), known)
        message = f'unknown key "{key}"'
        # Unless another key was meant, it may be a secret under a misspelt name.
        secret = self._secret(problem) or (
            holds_secrets(self._model, table) and (meant is None or is_secret(self._model, (*table, meant)))
        )
        hint = None
        if not self._at and (meant is None or key in known_keys(self._model, table)):
            hint = elsewhere(self._model, table, str(key), problem.error["input"])
        hint = hint or did_you_mean(str(key), known)
        return self._file.finding(
            self._path(problem), message, code="TF101", hint=hint, key=True, secret=secret
        )

    def _wrong_type(self, problem: _Problem) -> Finding:
        expected = problem.error.get("ctx", {}).get("expected_kinds") or _EXPECTED[problem.error["type"]]
        message = f"expected {expected}, got {_kind_of(problem.error['input'])}"
        single = expected == "a list" and isinstance(problem.error["input"], str)
        hint = "a list stands in brackets, one part too" if single else None
        if expected == "a table" and not self._at:
            hint = parts_of_table(self._model, problem.at.where)
        return self._told(problem, message, code="TF102", hint=hint)

    def _missing(self, problem: _Problem) -> Finding:
        message = f'"{problem.at.missing}" is missing'
        secret = self._secret(problem)
        return self._file.finding(self._path(problem), message, code="TF103", secret=secret)

    def _not_allowed(self, problem: _Problem) -> Finding:
        context = problem.error.get("ctx", {})
        allowed = _allowed(context)
        value = context.get("tag", problem.error["input"])
        where = (*self._path(problem), *_QUOTED.findall(context.get("discriminator", "")))
        if not isinstance(value, str):
            message = f"expected one of {', '.join(allowed)}, got {_kind_of(value)}"
            return self._told(problem, message, code="TF104")
        secret = is_secret(self._model, problem.at.where) or looks_secret(value)
        shown = "this value" if secret else f'"{value}"'
        meant = None if secret else nearest(value, allowed)
        return self._file.finding(
            where,
            f"{shown} is not one of {', '.join(allowed)}",
            code="TF104",
            hint=f'did you mean "{meant}"?' if meant else None,
            secret=secret,
            key=problem.at.of_key,
        )

    def _not_accepted(self, problem: _Problem) -> Finding:
        message = problem.error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        message = message.replace("Input should", "should", 1).replace("String should", "should", 1)
        return self._told(problem, message[:1].lower() + message[1:], code="TF105")

    def _told(self, problem: _Problem, message: str, *, code: str, hint: str | None = None) -> Finding:
        secret, key = self._secret(problem), problem.at.of_key
        return self._file.finding(self._path(problem), message, code=code, hint=hint, secret=secret, key=key)

    def _path(self, problem: _Problem) -> tuple[str | int, ...]:
        return (*self._at, *problem.at.where)

    def _secret(self, problem: _Problem) -> bool:
        """Whether the line may show a secret: the value is one, or the whole table stands on the line."""
        where = problem.at.where
        if is_secret(self._model, where):
            return True
        table = where if problem.at.missing is not None else where[:-1]
        line = self._file.line(self._file.span(self._path(problem)).line)
        return "{" in line and holds_secrets(self._model, table)


def _kind_of(value: Any) -> str:
    return next((name for kind, name in _GOT if isinstance(value, kind)), "nothing")


def _allowed(context: Mapping[str, Any]) -> list[str]:
    """The allowed values, from `'a', 'b' or 'c'` as pydantic's messages have them."""
    return _QUOTED.findall(str(context.get("expected") or context.get("expected_tags") or ""))
