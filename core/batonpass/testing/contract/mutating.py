"""Answers and deliveries, changed at random as nobody means them to be."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Place = tuple[list[Any] | dict[str, Any], Any]
"""A container, and the key or index of one value in it."""


def mutated_json(value: Any, chance: random.Random) -> Any:
    """A copy with one to three things changed in it."""
    changed = [copy.deepcopy(value)]
    for _ in range(chance.randint(1, 3)):
        places = list(_places(changed))
        container, key = chance.choice(places[1:] or places) if chance.random() < 0.97 else places[0]
        _CHANGES[chance.randrange(len(_CHANGES))](container, key, chance)
        if not changed:
            changed.append(None)
    return changed[0]


def _places(container: list[Any] | dict[str, Any]) -> Iterator[Place]:
    items: Sequence[tuple[Any, Any]] = (
        list(container.items()) if isinstance(container, dict) else list(enumerate(container))
    )
    for key, value in items:
        yield container, key
        if isinstance(value, list | dict):
            yield from _places(value)


def _remove(container: Any, key: Any, chance: random.Random) -> None:
    del chance
    del container[key]


def _replace(container: Any, key: Any, chance: random.Random) -> None:
    container[key] = _junk(chance)


def _retype(container: Any, key: Any, chance: random.Random) -> None:
    """Numbers as text, text as numbers, one thing as a list of it."""
    value = container[key]
    kinds: Sequence[Callable[[Any], Any]] = (
        str,
        lambda each: [each],
        lambda each: {"value": each},
        lambda each: (
            int(each) if isinstance(each, str) and each.isdecimal() and len(each) < 1000 else len(str(each))
        ),
        lambda each: not each,
        lambda each: -each if isinstance(each, int | float) else None,
    )
    container[key] = chance.choice(kinds)(value)


def _new_word(container: Any, key: Any, chance: random.Random) -> None:
    del chance
    container[key] = "a_new_value" if isinstance(container[key], str) else container[key]


def _more(container: Any, key: Any, chance: random.Random) -> None:
    if isinstance(container, dict):
        container[f"new_key_{chance.randrange(100)}"] = _junk(chance)
    else:
        container.insert(0, copy.deepcopy(container[key]) if chance.random() < 0.5 else _junk(chance))


_CHANGES = (_remove, _replace, _replace, _retype, _retype, _new_word, _more)


def _deep() -> list[Any]:
    nested: list[Any] = []
    for _ in range(80):
        nested = [nested]
    return nested


_JUNK: Sequence[Any] = (
    None, "", " ", 0, -1, 1, 1.5, 1e308, 10**30, 2**63, True, False, [], {}, [None], {"": None}, [[]], "0", "null",
    "a_new_value", "1970-01-01", "2026-02-30T99:00:00Z", "0001-01-01T00:00:00+23:59", "99999-01-01", "x" * 5000, "\u202e",
    "{{7*7}}", "<script>", "http://169.254.169.254/", _deep(), {"id": {"id": {}}}, ["a", 1, None, {}],
)  # fmt: skip


def _junk(chance: random.Random) -> Any:
    """A copy: what is changed in it next must not be changed in every later one."""
    return copy.deepcopy(chance.choice(_JUNK))


def mutated_bytes(value: bytes, chance: random.Random) -> bytes:
    """Another text: bytes flipped, put in, taken out, or moved."""
    changed = bytearray(value)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0 if changed:
                changed[place % len(changed)] ^= 1 << chance.randrange(8)
            case 1:
                changed[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 4)))
            case 2:
                del changed[place : place + chance.randint(1, 4)]
            case _:
                changed = changed[place:] + changed[:place]
    return bytes(changed) if bytes(changed) != value else value + b" "


def mutated_text(value: str, chance: random.Random) -> str:
    """A header's value with a letter that stands for something replaced by another, or put in its middle."""
    place = chance.randrange(max(1, len(value) - 3)) if value else 0
    old = value[place : place + 1].casefold()
    letters = [letter for letter in _LETTERS if letter.casefold() != old]
    return f"{value[:place]}{chance.choice(letters)}{value[place + chance.randrange(2) :]}"


_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzXYZ/+-_.:;=\u00e9\u00ff\x00"
