"""How it ended: at the first contact, again, and to the customer's liking."""

from __future__ import annotations

from collections.abc import Iterable

from batonpass.insight.columns import UNKNOWN, Columns
from batonpass.insight.estimates import difference
from batonpass.insight.figures import Figure, Unit, share
from batonpass.insight.passing import handed_over
from batonpass.insight.repeats import Repeats

_SATISFIED_ABOVE = 50
_NO_RATING = "no ticket has a rating"
_NO_CUSTOMER = "this helpdesk does not tell whose the tickets are, or none was solved a week ago"


def outcomes(columns: Columns, repeats: Repeats) -> tuple[Figure, ...]:
    return (
        _first_contact(columns, repeats),
        _reopened(columns),
        *_again(columns, repeats),
        *_ratings(columns),
    )


def at_first_contact(columns: Columns, repeats: Repeats, n: int) -> bool | None:
    """None where that cannot be told. What this helpdesk tells of no ticket is not asked for."""
    told: list[bool | None] = [_at_most(columns.agent_replies[n], 1), _not(repeats.back[n])]
    if columns.told["reopens"]:
        told.append(_at_most(columns.reopens[n], 0))
    return _all(told)


def _first_contact(columns: Columns, repeats: Repeats) -> Figure:
    done = [n for n in range(len(columns)) if columns.done[n]]
    known = [each for each in (at_first_contact(columns, repeats, n) for n in done) if each is not None]
    without = () if columns.told["reopens"] else ("reopenings are not told: they do not count here",)
    return share(
        "first_contact", "Solved at the first contact",
        "Of the tickets that were solved at least 7 days before the copy was read, those with at most one answer of a person, never reopened, and no new ticket of the same customer within 7 days.",
        sum(known), len(known), left_out=len(done) - len(known), notes=without if known else (),
        missing="this helpdesk does not tell how many answers a ticket took"
        if not columns.told["agent_replies"]
        else _NO_CUSTOMER,
    )  # fmt: skip


def _reopened(columns: Columns) -> Figure:
    told = [columns.reopens[n] for n in range(len(columns)) if columns.done[n]]
    known = [each for each in told if each >= 0]
    return share(
        "reopen_rate", "Reopened", "Of the solved tickets, those that had been solved before and were opened again.",
        sum(each > 0 for each in known), len(known), left_out=len(told) - len(known),
        missing="this helpdesk does not tell whether a ticket was reopened",
    )  # fmt: skip


def _again(columns: Columns, repeats: Repeats) -> Iterable[Figure]:
    of = (
        "Of the tickets that were solved at least 7 days before the copy was read and whose customer is known"
    )
    solved = sum(columns.done)
    for name, title, which, told in (
        ("repeat_rate", "Customer came back", "a new ticket", repeats.back),
        ("repeat_same_rate", "Customer came back for the same", "a new ticket of the same category", repeats.back_same),
    ):  # fmt: skip
        known = [each for each in told if each >= 0]
        yield share(
            name, title, f"{of}, those after which the same customer had {which} within 7 days.",
            sum(known), len(known), left_out=solved - len(known), missing=_NO_CUSTOMER,
        )  # fmt: skip
    known = [each for each in repeats.doubled if each >= 0]
    yield share(
        "doubled_rate", "Opened twice",
        "Of the tickets whose customer is known, those that came less than a day after another one of theirs that was still open.",
        sum(known), len(known), left_out=len(columns) - len(known),
        missing="this helpdesk does not tell whose the tickets are",
    )  # fmt: skip


def _ratings(columns: Columns) -> Iterable[Figure]:
    rated = [n for n, each in enumerate(columns.score) if each >= 0]
    told = bool(rated)
    done = [n for n in range(len(columns)) if columns.done[n]]
    yield share(
        "rated_share", "Tickets with a rating", "Of the solved tickets, those that the customer has rated.",
        sum(columns.score[n] >= 0 for n in done), len(done) if told else 0, missing=_NO_RATING,
    )  # fmt: skip
    yield _satisfied(columns, "csat", "Satisfied customers", "the rated tickets", rated)
    if not told:
        return
    by = {True: list[int](), False: list[int]()}
    for n in rated:
        handed = handed_over(columns, n)
        if handed is not None:
            by[handed].append(n)
    yield _satisfied(
        columns, "csat_handed", "Satisfied, with a handoff",
        "the rated tickets that an AI agent passed to a person", by[True],
    )  # fmt: skip
    yield _satisfied(
        columns, "csat_not_handed", "Satisfied, without one",
        "the rated tickets that an AI agent kept", by[False],
    )  # fmt: skip
    if by[True] and by[False]:
        yield _gap(columns, by[True], by[False])


def _satisfied(columns: Columns, name: str, title: str, of: str, tickets: list[int]) -> Figure:
    return share(
        name, title, f"Of {of}, those with a score above {_SATISFIED_ABOVE} of 100.",
        _satisfied_in(columns, tickets), len(tickets),
        missing=_NO_RATING if name == "csat" else f"none of {of} is known",
    )  # fmt: skip


def _gap(columns: Columns, handed: list[int], kept: list[int]) -> Figure:
    hits = _satisfied_in(columns, handed), _satisfied_in(columns, kept)
    value, low, high = difference(hits, (len(handed), len(kept)))
    return Figure(
        name="csat_gap", title="What a handoff changes",
        says="Satisfied customers with a handoff, less those without one; who is handed over had the harder question.",
        unit=Unit.POINTS, value=value, low=low, high=high, cases=len(handed) + len(kept),
    )  # fmt: skip


def _satisfied_in(columns: Columns, tickets: list[int]) -> int:
    return sum(columns.score[n] > _SATISFIED_ABOVE for n in tickets)


def _at_most(number: int, most: int) -> bool | None:
    return None if number == UNKNOWN else number <= most


def _not(flag: int) -> bool | None:
    return None if flag == UNKNOWN else not flag


def _all(told: Iterable[bool | None]) -> bool | None:
    """None where any of it is unknown: to count the known noes alone would make yes look rarer than it is."""
    found = list(told)
    return None if None in found else all(found)
