"""How far the context package agrees with the labels of 40 conversations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batonpass.context.citing import Cited
from batonpass.context.package import ContextPackage, build_package
from batonpass.context.reading import read
from batonpass.context.words import count_words
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.facts import Gathered
from batonpass.domain.ids import HandoffId
from labelled.labels import LABELLINGS, Fact, Label, Share, f1, found, labels, total

_QUOTED = re.compile("\N{LEFT DOUBLE QUOTATION MARK}(.*)\N{RIGHT DOUBLE QUOTATION MARK}")
AT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Against one labelling."""

    fact_recall: Share
    fact_precision: Share
    tried_recall: Share
    tried_precision: Share
    with_right_result: Share
    ask: Share


@dataclass(frozen=True, kw_only=True)
class Whole:
    """What needs no labels, over all conversations."""

    conversations: int
    longest_brief: int
    sentences: int
    unsupported: int


def packages(path: Path) -> Mapping[str, ContextPackage]:
    with path.open() as lines:
        talks = [json.loads(line) for line in lines]
    return {talk["id"]: _package(talk) for talk in talks}


def measured(built: Mapping[str, ContextPackage], name: str) -> Figures:
    pairs = [(label, built[talk]) for talk, label in labels(name).items()]
    told = [(label, [Fact(kind=each.kind.value, turn=each.turn, value=each.text) for each in package.given])
            for label, package in pairs]  # fmt: skip
    return Figures(
        fact_recall=total(found(label.given, facts) for label, facts in told),
        fact_precision=total(found(facts, label.given) for label, facts in told),
        tried_recall=total(_tried(label, package, right=False) for label, package in pairs),
        with_right_result=total(_tried(label, package, right=True) for label, package in pairs),
        tried_precision=total(_not_made_up(label, package) for label, package in pairs),
        ask=total(_asked(label, package) for label, package in pairs),
    )


def whole(built: Mapping[str, ContextPackage]) -> Whole:
    told = [(package, each) for package in built.values() for each in package.summary.sentences]
    return Whole(
        conversations=len(built),
        longest_brief=max(count_words(package.brief.text) for package in built.values()),
        sentences=len(told),
        unsupported=sum(not _stands(package, each) for package, each in told),
    )


def agreement() -> tuple[float, float]:
    """(F1 over facts, F1 over attempts with their result) between the two labellings."""
    first, second = (labels(name) for name in LABELLINGS)
    recall = total(found(first[talk].given, second[talk].given) for talk in first)
    precision = total(found(second[talk].given, first[talk].given) for talk in first)
    return f1(recall, precision), f1(_shared(first, second), _shared(second, first))


def report(built: Mapping[str, ContextPackage]) -> Iterator[str]:
    facts, tried = agreement()
    yield f"agreement of the labellings: facts F1 {facts:.3f}, attempts with result F1 {tried:.3f}"
    for name in LABELLINGS:
        figures = measured(built, name)
        yield f"against the {name} labelling:"
        yield f"  facts: recall {figures.fact_recall}, precision {figures.fact_precision}"
        yield f"  attempts: recall {figures.tried_recall}, with the right result {figures.with_right_result}, precision {figures.tried_precision}"
        yield f"  ask: {figures.ask}"
    all_of_them = whole(built)
    yield f"summary sentences without support: {all_of_them.unsupported} of {all_of_them.sentences}"
    yield f"longest brief of {all_of_them.conversations}: {all_of_them.longest_brief} words"


def _package(talk: Mapping[str, Any]) -> ContextPackage:
    return build_package(
        handoff_id=HandoffId("ho_1"),
        asked_at=AT,
        agent_name="helper",
        request=HandoffRequest.model_validate(
            {"conversation": {"turns": talk["turns"]}, "customer": talk["customer"]}
        ),
        gathered=Gathered(),
        url="https://batonpass.example/handoffs/ho_1",
    )


def _tried(label: Label, package: ContextPackage, *, right: bool) -> Share:
    hits = sum(
        any(
            each.turn in item.turns and (not right or item.result.value in each.results)
            for item in package.tried
        )
        for each in label.tried
    )
    return Share(hits=hits, of=len(label.tried))


def _not_made_up(label: Label, package: ContextPackage) -> Share:
    hits = sum(any(each.turn in item.turns for each in label.tried) for item in package.tried)
    return Share(hits=hits, of=len(package.tried))


def _asked(label: Label, package: ContextPackage) -> Share:
    ask = read(package.request.conversation).ask
    return Share(hits=int(ask is not None and ask.turn in label.ask), of=1)


def _stands(package: ContextPackage, each: Cited) -> bool:
    """Whether the words that the sentence quotes stand in the turn that it cites: looked up anew, not by the package."""
    (quoted,) = _QUOTED.findall(each.text)
    (number,) = each.turns
    return _bare(quoted.rstrip("\N{HORIZONTAL ELLIPSIS}")) in _bare(
        package.request.conversation.turns[number - 1].text
    )


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _shared(one: Mapping[str, Label], other: Mapping[str, Label]) -> Share:
    return total(
        Share(
            hits=sum(
                any(
                    each.turn == theirs.turn and each.results & theirs.results for theirs in other[talk].tried
                )
                for each in one[talk].tried
            ),
            of=len(one[talk].tried),
        )
        for talk in one
    )
