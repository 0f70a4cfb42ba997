"""What the runs of the crash test come to, for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from batonpass.testing.crash_plan import Case, Shot
from batonpass.testing.crash_points import crash_points, kind_of

Found = dict[str, Any]


def is_wrong(found: Found) -> bool:
    return bool(found.get("wrong")) or "broken" in found


def repeat_command(found: Found) -> str:
    return f"python benchmarks/crash.py --keep --case '{found['case']}'"


def table(results: Sequence[Found]) -> str:
    """By helpdesk and store; what fired; the points that never did; how to repeat what went wrong."""
    rows: defaultdict[tuple[str, str], list[Found]] = defaultdict(list)
    for found in results:
        _, helpdesk, store, _ = found["case"].split()
        rows[(helpdesk, store)].append(found)
    lines = [
        (
            f"{'helpdesk':16} {'store':9} {'runs':>6} {'acked':>7} {'tickets':>7} {'lost':>5} {'doubled':>7}"
            f" {'untrue':>6} {'wrong':>6} {'s':>5}"
        )
    ]
    for helpdesk, store in sorted(rows):
        lines.append(f"{helpdesk:16} {store:9} {_row(rows[(helpdesk, store)])}")
    lines += [f"{'all':26} {_row(results)}", "", *_fired(results)]
    lines += [f"never fired: {each}" for each in _never_fired(results)]
    wrong = [found for found in results if is_wrong(found)]
    lines += ["", f"{len(wrong)} runs went wrong" if wrong else "all is well"]
    lines += [repeat_command(found) for found in wrong]
    return "\n".join(lines)


def _row(results: Sequence[Found]) -> str:
    def total(name: str) -> int:
        return sum(found.get(name, 0) for found in results)

    seconds = sum(found.get("seconds", 0.0) for found in results) / max(1, len(results))
    return (
        f"{len(results):6} {total('acknowledged'):7} {total('tickets'):7} {total('lost'):5} {total('doubled'):7}"
        f" {total('untrue'):6} {sum(map(is_wrong, results)):6} {seconds:5.1f}"
    )


def _shots(found: Found) -> Iterator[tuple[Shot, bool]]:
    shots = Case.named(found["case"]).shots
    yield from zip(shots, found.get("fired", [False] * len(shots)), strict=True)


def _fired(results: Sequence[Found]) -> Iterator[str]:
    counts: defaultdict[str, list[bool]] = defaultdict(list)
    for found in results:
        for shot, fired in _shots(found):
            counts[shot.action].append(fired)
    for action, fired_ in sorted(counts.items()):
        yield f"{action:10} at {len(fired_):6} points, fired at {sum(fired_):6}"


def _never_fired(results: Sequence[Found]) -> list[str]:
    """By helpdesk and store: the points that were tried and never fired, but for steps that are not done there."""
    there: defaultdict[str, set[str]] = defaultdict(set)
    tried: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    fired: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for found in results:
        _, helpdesk, store, _ = found["case"].split()
        there[helpdesk] |= set(found.get("steps", ()))
        for shot, has_fired in _shots(found):
            tried[(helpdesk, store)].add(shot.point)
            if has_fired:
                fired[(helpdesk, store)].add(shot.point)
    lines = []
    for place in sorted(tried):
        missing = [
            point
            for point in crash_points()
            if point in tried[place] - fired[place]
            and ((kind := kind_of(point)) is None or kind.value in there[place[0]])
        ]
        if missing:
            lines.append(f"{' '.join(place)}: {', '.join(missing)}")
        absent = {kind.value for point in tried[place] if (kind := kind_of(point))} - there[place[0]]
        if absent:
            lines.append(f"{' '.join(place)} has no step {', '.join(sorted(absent))}")
    return lines
