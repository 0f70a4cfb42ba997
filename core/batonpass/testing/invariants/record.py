"""I9: what is over stays over, and a result is written once. I10: the same inputs are decided alike."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from batonpass.domain.handoff import HandoffRecord, StepKind, StepStatus
from batonpass.testing.history import History, StateSeen, Violation
from batonpass.testing.invariants.tickets import OVER

_SENT = ("fields", "priority", "group", "tags")
"""What of a new ticket the mapping has decided."""


def the_end_is_the_end(history: History) -> Iterator[Violation]:
    """Returned and abandoned are never left. Between two looks at the store, the result of a step that was done is the
    same, and so is the ticket."""
    seen: defaultdict[str, list[StateSeen]] = defaultdict(list)
    for each in sorted(history.states_seen, key=lambda state: state.at):
        seen[each.handoff_id].append(each)
    for record in history.kept.values():
        last = StateSeen(handoff_id=record.id, state=record.state, at=history.ended_at)
        seen[record.id].append(last)
    for handoff, states in seen.items():
        for one, next_ in pairwise(states):
            if one.state in OVER and next_.state is not one.state:
                yield _changed(handoff, f"was {one.state}, then {next_.state}")
    for id_, before in history.kept_before.items():
        if id_ in history.kept:
            yield from (_changed(id_, what) for what in _rewritten(before, history.kept[id_]))


def _changed(about: str, what: str) -> Violation:
    return Violation(invariant="I9", what=what, about=about)


def _rewritten(before: HandoffRecord, after: HandoffRecord) -> Iterator[str]:
    if before.state in OVER and after.state is not before.state:
        yield f"was {before.state}, then {after.state}"
    if before.ticket_id is not None and after.ticket_id != before.ticket_id:
        yield f"its ticket was {before.ticket_id} and is {after.ticket_id}"
    steps = {step.name: step for step in after.steps}
    for step in before.steps:
        if step.status is not StepStatus.DONE:
            continue
        now = steps.get(step.name)
        if now is None:
            yield f"{step.name} was done and is gone"
        elif now.status is not StepStatus.DONE:
            yield f"{step.name} was done and is {now.status}"
        elif now.result != step.result:
            yield f"the result of {step.name} was written twice"


def the_same_is_decided_alike(history: History) -> Iterator[Violation]:
    """Two handoffs that asked for the same, about whom the same was known, by the same mapping version: their tickets
    were sent with the same values. Each version is one that was in force."""
    alike: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    hashes = {each.handoff_id: each.request_hash for each in history.acknowledged if each.request_hash}
    for record in history.kept.values():
        opened = record.result_of(StepKind.OPEN_TICKET)
        if opened is None:
            continue
        if history.config_versions and opened.get("mapping") not in history.config_versions:
            yield _otherwise(record.id, f"made by mapping version {opened.get('mapping')}, never in force")
        if record.id in hashes:
            sent = {name: opened.get(name) for name in _SENT}
            inputs = [opened.get("mapping"), opened.get("not_landed"), _known(record)]
            asked = hashes[record.id], _plain(inputs, record)
            alike[asked].setdefault(_plain(sent, record), record.id)
    for by_values in alike.values():
        first, *others = by_values.values()
        yield from (_otherwise(other, f"other values than {first}, from the same inputs") for other in others)


def _otherwise(about: str, what: str) -> Violation:
    return Violation(invariant="I10", what=what, about=about)


def _known(record: HandoffRecord) -> list[Any]:
    """What the sources had said when the ticket was made, whenever they said it."""
    reports = (record.result_of(StepKind.GATHER_FACTS) or {}).get("reports", ())
    return [
        (
            report.get("source"),
            report.get("standing"),
            [(fact.get("name"), fact.get("value")) for fact in report.get("facts", ())],
        )
        for report in reports
    ]


def _plain(value: Mapping[str, Any] | list[Any], record: HandoffRecord) -> str:
    """As text, without the handoff's own id, which a mapping may send."""
    return json.dumps(value, sort_keys=True, default=str).replace(record.id, "")
