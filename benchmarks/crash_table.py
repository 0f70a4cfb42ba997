"""What the runs of the crash test come to, for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from batonpass.testing.crash_points import crash_points, kind_of

Found = dict[str, Any]
SLOWEST = 8


def is_wrong(found: Found) -> bool:
    return bool(found.get("wrong")) or "broken" in found


def repeat_command(found: Found) -> str:
    return (
        f"python benchmarks/crash.py --only {found['point']} --action {found['action']}"
        f" --helpdesk {found['helpdesk']} --store {found['store']} --seed {found['seed']} --keep"
    )


def table(results: Sequence[Found]) -> str:
    """By store and action; the points that never fired; the slowest points; how to repeat what went wrong."""
    rows: defaultdict[tuple[str, str], list[Found]] = defaultdict(list)
    for found in results:
        rows[(found["store"], found["action"])].append(found)
    lines = [
        (
            f"{'store':9} {'action':10} {'runs':>6} {'fired':>6} {'acked':>7} {'tickets':>7} {'lost':>5}"
            f" {'doubled':>7} {'untrue':>6} {'wrong':>6} {'s':>5}"
        )
    ]
    for store, action in sorted(rows):
        lines.append(f"{store:9} {action:10} {_row(rows[(store, action)])}")
    lines.append(f"{'all':20} {_row(results)}")
    lines += ["", "slowest points: " + ", ".join(_slowest(results))]
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
        f"{len(results):6} {sum(bool(found.get('fired')) for found in results):6} {total('acknowledged'):7}"
        f" {total('tickets'):7} {total('lost'):5} {total('doubled'):7} {total('untrue'):6}"
        f" {sum(map(is_wrong, results)):6} {seconds:5.1f}"
    )


def _slowest(results: Sequence[Found]) -> list[str]:
    took: defaultdict[str, list[float]] = defaultdict(list)
    for found in results:
        took[f"{found['point']} {found['action']}"].append(found.get("seconds", 0.0))
    means = sorted(((sum(each) / len(each), name) for name, each in took.items()), reverse=True)
    return [f"{name} {mean:.1f} s" for mean, name in means[:SLOWEST]]


def _never_fired(results: Sequence[Found]) -> list[str]:
    """By helpdesk and store: the points that were tried and never fired, but for steps that are not done there."""
    there: defaultdict[str, set[str]] = defaultdict(set)
    tried: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    fired: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for found in results:
        place = found["helpdesk"], found["store"]
        there[found["helpdesk"]] |= set(found.get("steps", ()))
        tried[place].add(found["point"])
        if found.get("fired"):
            fired[place].add(found["point"])
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
