"""The two labellings of 40 conversations, and how far anything agrees with one of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LABELLINGS = ("first", "second")


@dataclass(frozen=True, kw_only=True)
class Fact:
    kind: str
    turn: int
    value: str = ""
    """Empty where the label does not repeat the words (a name, an e-mail address, a yes)."""

    def is_told_by(self, other: Fact) -> bool:
        """Whether `other` is the same fact: the same value wherever it was said, or the same turn."""
        if self.kind != other.kind:
            return False
        mine, theirs = _words(self.value), _words(other.value)
        if mine and theirs:
            return _within(mine, theirs) or _within(theirs, mine)
        return self.turn == other.turn


@dataclass(frozen=True, kw_only=True)
class Tried:
    turn: int
    results: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Label:
    ask: frozenset[int]
    """The turns that state what the customer wants in the end."""
    given: tuple[Fact, ...]
    tried: tuple[Tried, ...]


@dataclass(frozen=True, kw_only=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else 1.0

    def __str__(self) -> str:
        return f"{self.value:.1%} ({self.hits} of {self.of})"


def labels(name: str) -> Mapping[str, Label]:
    with (HERE / f"{name}.toml").open("rb") as file:
        read = tomllib.load(file)
    return {
        talk: Label(
            ask=frozenset(map(int, each["ask"].split()[0].split("|"))),
            given=tuple(map(_fact, each["given"])),
            tried=tuple(map(_tried, each["tried"])),
        )
        for talk, each in read.items()
    }


def found(wanted: Iterable[Fact], told: Iterable[Fact]) -> Share:
    """How many of `wanted` are among `told`."""
    told, wanted = list(told), list(wanted)
    return Share(hits=sum(any(each.is_told_by(other) for other in told) for each in wanted), of=len(wanted))


def total(shares: Iterable[Share]) -> Share:
    shares = list(shares)
    return Share(hits=sum(each.hits for each in shares), of=sum(each.of for each in shares))


def f1(recall: Share, precision: Share) -> float:
    both = recall.value + precision.value
    return 2 * recall.value * precision.value / both if both else 0.0


def _fact(line: str) -> Fact:
    kind, turn, *value = line.split(maxsplit=2)
    return Fact(kind=kind, turn=int(turn), value="".join(value))


def _tried(line: str) -> Tried:
    turn, results = line.split()
    return Tried(turn=int(turn), results=frozenset(results.split("|")))


def _words(text: str) -> str:
    return " ".join("".join(each if each.isalnum() else " " for each in text.casefold()).split())


def _within(part: str, whole: str) -> bool:
    return part == whole or f" {part} " in f" {whole} " or (len(part) >= 4 and part.rstrip("s") in whole)
