"""Where in a file and in a model a validation error belongs."""

from __future__ import annotations

import re
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


def elsewhere(model: type[BaseModel], table: Sequence[str | int], key: str, value: Any = None) -> str | None:
    """Where a key that this table does not take would stand, or None: a line belongs to the last [table] above it."""
    top = known_keys(model, ())
    for other in _models(_types_at(model, table)):
        if key in {_name(name, field) for name, field in other.model_fields.items()}:
            return f'"{key}" goes with {_required_of(other)}'
    if table and key in top and isinstance(value, Mapping):
        return f"[{key}] is a table of its own, in no other one"
    if table and key in top:
        return f"{key} stands at the top of the file, above the first [table]"
    home = next((each for each in top if key in known_keys(model, (each,))), None)
    if home is not None:
        return f"a line belongs to the last [table] above it; this one stands under [{home}]"
    of_any_name = len(table) == 2 and not known_keys(model, table[:1])
    if of_any_name and re.search(r"[A-Z\s]", key):
        return f'a line belongs to the last [table] above it; for one of its own write [{table[0]}."{key}"] above it'
    return None


def parts_of_table(model: type[BaseModel], where: Sequence[str | int]) -> str | None:
    """How a table at this place is written, as far as it must have keys; None where it need not."""
    required = next((_required_of(each) for each in _models(_types_at(model, where))), "")
    return f"a table stands in braces, with {required}" if required else None


def _required_of(model: type[BaseModel]) -> str:
    named = [_name(name, field) for name, field in model.model_fields.items() if field.is_required()]
    return " and ".join(f'"{each}"' for each in named)


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
