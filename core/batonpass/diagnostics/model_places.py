"""Where in a file and in a model a validation error belongs."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import AliasChoices, BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One error's `loc`, told apart: the path in the data, and the branches of unions taken on the way."""

    where: tuple[str | int, ...]
    branches: tuple[tuple[int, str], ...]
    """(length of the path where the union stands, the branch's name)."""
    missing: str | None = None
    """The key that is not there; the path ends at its table."""
    of_key: bool = False
    """Whether the key itself is wrong, not its value."""


def locate(loc: Sequence[str | int], data: Any, *, misses_key: bool) -> Location:
    """A validation error's place: segments that the data has are its path, the others name branches.

    `misses_key` says that the last segment is a key which is not there.
    """
    where: list[str | int] = []
    branches: list[tuple[int, str]] = []
    here, missing, of_key = data, None, False
    for number, segment in enumerate(loc):
        if misses_key and number == len(loc) - 1:
            missing = str(segment)
        elif _has(here, segment):
            where.append(segment)
            here = here[segment]
        elif segment == "[key]":
            of_key = True
        else:
            branches.append((len(where), str(segment)))
    return Location(where=tuple(where), branches=tuple(branches), missing=missing, of_key=of_key)


def known_keys(model: type[BaseModel], where: Sequence[str | int], branches: Iterable[str] = ()) -> list[str]:
    """The keys that the model takes at this place; of a union, those of the named branches."""
    models = list(_models(_types_at(model, where)))
    named = [candidate for candidate in models if candidate.__name__ in set(branches)]
    return [_name(key, field) for found in named or models for key, field in found.model_fields.items()]


def is_secret(model: type[BaseModel], where: Sequence[str | int]) -> bool:
    """Whether the model keeps the value at this place as a secret."""
    return any(found in {SecretStr, SecretBytes} for found in _types_at(model, where))


def holds_secrets(model: type[BaseModel], where: Sequence[str | int]) -> bool:
    """Whether the table at this place has secrets among its keys."""
    tables = _models(_types_at(model, where))
    fields = (field for table in tables for field in table.model_fields.values())
    return any(found in {SecretStr, SecretBytes} for field in fields for found in _flat(field.annotation))


def _has(here: Any, segment: str | int) -> bool:
    if isinstance(segment, int):
        return isinstance(here, list) and -1 < segment < len(here)
    return isinstance(here, Mapping) and segment in here


def _types_at(model: type[BaseModel], where: Sequence[str | int]) -> list[Any]:
    found: list[Any] = [model]
    for segment in where:
        found = [inner for outer in found for inner in _inside(outer, segment)]
    return found


def _inside(outer: Any, segment: str | int) -> Iterator[Any]:
    if isinstance(outer, type) and issubclass(outer, BaseModel):
        for name, field in outer.model_fields.items():
            if _name(name, field) == segment:
                yield from _flat(field.annotation)
        return
    arguments = [argument for argument in typing.get_args(outer) if argument is not Ellipsis]
    if arguments:
        yield from _flat(arguments[-1])


def _flat(annotation: Any) -> Iterator[Any]:
    """The types of an annotation, unions and `Annotated` opened."""
    origin = typing.get_origin(annotation)
    if isinstance(annotation, typing.TypeAliasType if hasattr(typing, "TypeAliasType") else ()):
        yield from _flat(annotation.__value__)
    elif origin is typing.Annotated:
        yield from _flat(typing.get_args(annotation)[0])
    elif origin in {typing.Union, types.UnionType}:
        for argument in typing.get_args(annotation):
            yield from _flat(argument)
    else:
        yield annotation


def _models(found: Iterable[Any]) -> Iterator[type[BaseModel]]:
    for candidate in found:
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            yield candidate


def _name(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        alias = next((choice for choice in alias.choices if isinstance(choice, str)), None)
    return alias if isinstance(alias, str) else field.alias or name
