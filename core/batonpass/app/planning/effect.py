"""What another mapping would have made of past handoffs, field by field: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from batonpass.app.planning.preview import Previewed
from batonpass.domain.ids import HandoffId

LONGEST_SHOWN = 80
"""Characters of one value."""


class Outcome(StrEnum):
    SAME = "same"
    CHANGED = "changed"
    FAILS = "fails"
    """It has a value that would not reach its place, and did before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEffect:
    """One change of one field, the same for all of these handoffs."""

    field: str
    outcome: Outcome
    before: str | None
    after: str | None
    why: str | None = None
    """Of one that fails."""
    handoffs: tuple[HandoffId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    handoffs: tuple[HandoffId, ...] = ()
    """All that it was tried on, newest first."""
    samples: bool = False
    """Whether they are conversations that nobody had, for want of a past."""
    same: tuple[HandoffId, ...] = ()
    changed: tuple[HandoffId, ...] = ()
    fails: tuple[HandoffId, ...] = ()
    """Tickets in which a value would not reach its place any more; they are opened all the same."""
    fields: Mapping[str, Mapping[Outcome, int]]
    """Field → how many tickets it is the same in, changes in, fails in."""
    changes: tuple[FieldEffect, ...] = ()
    """The most frequent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One handoff, by both mappings."""

    id: HandoffId
    before: Previewed | None
    """None: no mapping was in force."""
    after: Previewed


def effect_of(tried: Sequence[Tried], *, samples: bool = False) -> Effect:
    grouped: dict[tuple[str, Outcome, str | None, str | None, str | None], list[HandoffId]] = {}
    fields: dict[str, Counter[Outcome]] = {}
    verdicts: dict[HandoffId, Outcome] = {}
    for each in tried:
        worst = Outcome.SAME
        for name, outcome, before, after, why in _compared(each):
            fields.setdefault(name, Counter())[outcome] += 1
            if outcome is Outcome.SAME:
                continue
            grouped.setdefault((name, outcome, before, after, why), []).append(each.id)
            worst = Outcome.FAILS if Outcome.FAILS in {worst, outcome} else Outcome.CHANGED
        verdicts[each.id] = worst
    changes = [
        FieldEffect(field=name, outcome=outcome, before=before, after=after, why=why, handoffs=tuple(ids))
        for (name, outcome, before, after, why), ids in grouped.items()
    ]
    return Effect(
        handoffs=tuple(each.id for each in tried),
        samples=samples,
        same=_with(verdicts, Outcome.SAME),
        changed=_with(verdicts, Outcome.CHANGED),
        fails=_with(verdicts, Outcome.FAILS),
        fields={name: dict(counts) for name, counts in sorted(fields.items())},
        changes=tuple(sorted(changes, key=_order)),
    )


def _with(verdicts: Mapping[HandoffId, Outcome], outcome: Outcome) -> tuple[HandoffId, ...]:
    return tuple(id_ for id_, found in verdicts.items() if found is outcome)


def _order(change: FieldEffect) -> tuple[bool, int, str, str, str]:
    first = change.outcome is not Outcome.FAILS
    return first, -len(change.handoffs), change.field, change.before or "", change.after or ""


def _compared(
    tried: Tried,
) -> Iterator[tuple[str, Outcome, str | None, str | None, str | None]]:
    """(Field, outcome, before, after, why it fails) for all that stands in one of the two tickets, or should."""
    before = {} if tried.before is None else tried.before.parts()
    after = tried.after.parts()
    failing = _newly_lost(tried)
    for name in dict.fromkeys((*before, *after, *failing)):
        was, is_ = _short(before.get(name)), _short(after.get(name))
        if name in failing:
            yield name, Outcome.FAILS, was, is_, failing[name]
        elif before.get(name) == after.get(name):
            yield name, Outcome.SAME, was, is_, None
        else:
            yield name, Outcome.CHANGED, was, is_, None


def _newly_lost(tried: Tried) -> dict[str, str]:
    """Field → why, for values that only the new mapping could not bring to their place. One that is cut is there."""
    known = set() if tried.before is None else {(each.field, each.value) for each in tried.before.not_landed}
    return {
        each.field: each.why
        for each in tried.after.not_landed
        if (each.field, each.value) not in known and not each.why.startswith("cut to")
    }


def _short(value: str | None) -> str | None:
    if value is None:
        return None
    line = " ".join(value.split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…"
