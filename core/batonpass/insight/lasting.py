"""How long customers wait: for the first answer, and for the solution.

What had not ended when it was seen last is counted as having waited at least so long (Kaplan and Meier): leaving it out
would make every queue look shorter than it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from batonpass.insight.columns import Columns
from batonpass.insight.estimates import Curve, survival
from batonpass.insight.figures import Figure, length

PARTS = (
    (0.5, "median", "median", "half"),
    (0.75, "p75", "75th percentile", "three of four"),
    (0.9, "p90", "90th percentile", "nine of ten"),
)
_STILL = "{n:,} still wait and are counted as having waited so long"


def lasting(columns: Columns) -> tuple[Figure, ...]:
    return (*_first_answers(columns), *_solutions(columns))


def solutions(columns: Columns, tickets: Iterator[int] | None = None) -> Curve | None:
    """How long tickets take to be solved; None where the helpdesk does not tell."""
    if not columns.told["solved_at"]:
        return None
    chosen = range(len(columns)) if tickets is None else tickets
    return survival(_until_solved(columns, chosen))


def _until_solved(columns: Columns, tickets: range | Iterator[int]) -> Iterator[tuple[float, bool]]:
    for n in tickets:
        solved = columns.solved[n]
        if solved >= 0:
            yield (solved - columns.created[n]) / 1000, True
        elif not columns.done[n]:
            yield (columns.seen[n] - columns.created[n]) / 1000, False


def _solutions(columns: Columns) -> Iterator[Figure]:
    curve = solutions(columns)
    untimed = sum(done and solved < 0 for done, solved in zip(columns.done, columns.solved, strict=True))
    yield from _figures(
        "resolution", "Time to resolution", "have their (last) solution", curve, left_out=untimed,
        missing="this helpdesk does not tell when a ticket was solved",
    )  # fmt: skip


def _first_answers(columns: Columns) -> Iterator[Figure]:
    told = columns.told["first_reply_at"] > 0
    waits = [_until_answered(columns, n) for n in range(len(columns))] if told else []
    known = [each for each in waits if each is not None]
    yield from _figures(
        "first_answer", "Time to first answer", "have a first answer of a person", survival(known) if told else None,
        left_out=len(waits) - len(known),
        left_out_says="{n:,} left out: solved without an answer, or the time of the answer is not told",
        missing="this helpdesk does not tell when a ticket was first answered",
    )  # fmt: skip


def _until_answered(columns: Columns, n: int) -> tuple[float, bool] | None:
    answered = columns.first_reply[n]
    if answered >= 0:
        return max(0, answered - columns.created[n]) / 1000, True
    if columns.done[n] or columns.agent_replies[n] > 0:
        return None
    return (columns.seen[n] - columns.created[n]) / 1000, False


def _figures(
    name: str,
    title: str,
    what: str,
    curve: Curve | None,
    *,
    left_out: int,
    missing: str,
    left_out_says: str = "{n:,} left out: solved, but when is not told",
) -> Iterator[Figure]:
    notes: list[str] = []
    if curve is not None and curve.cases > curve.ended:
        notes.append(_STILL.format(n=curve.cases - curve.ended))
    if left_out and curve is not None:
        notes.append(left_out_says.format(n=left_out))
    for part, word, titled, said in PARTS:
        found = None if curve is None else curve.quantile(part)
        never = "there is no ticket to be counted" if curve is None or not curve.cases else (
            f"fewer than {said} tickets have come so far yet"
        )  # fmt: skip
        yield length(
            f"{name}_{word}", f"{title}, {titled}",
            f"After so long {said} of the tickets {what}, around the clock.",
            found, 0 if curve is None else curve.cases, left_out=left_out, notes=tuple(notes),
            missing=missing if curve is None else never,
        )  # fmt: skip
