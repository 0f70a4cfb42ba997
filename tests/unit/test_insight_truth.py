"""The audit of a history whose truth is known: what is counted is so, and the rest lies within its stated error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from batonpass.insight import Audit
from batonpass.insight.audit import By
from batonpass.testing.past_desk import Gaps, PastDesk
from batonpass.testing.past_plans import SATISFIED
from pasts_of_desks import audited

SEEDS = range(4)
TICKETS = 5000
Past = tuple[PastDesk, Audit]


@pytest.fixture(scope="module")
def pasts() -> list[Past]:
    desks = [PastDesk(seed, tickets=TICKETS, gaps=Gaps(ratings_apart=seed % 2 == 1)) for seed in SEEDS]
    return [(desk, audited(desk)) for desk in desks]


def intervals(pasts: list[Past]) -> Iterator[tuple[str, float | None, float | None, float]]:
    """(figure, low, high, the set value)."""
    for desk, audit in pasts:
        for each in audit.figures:
            tally = desk.truth.shares.get(each.name)
            if tally is not None and tally.likely:
                yield each.name, each.low, each.high, tally.rate
            elif each.name in desk.truth.lengths:
                yield each.name, each.low, each.high, desk.truth.lengths[each.name]
            elif each.name == "csat_gap":
                yield each.name, each.low, each.high, SATISFIED[True] - SATISFIED[False]
        of_all = audit.automation.all
        for name, found in (("fully", of_all.fully), ("not", of_all.never)):
            assert found is not None
            yield name, found.low, found.high, desk.truth.shares[name].rate


def test_what_is_counted_is_what_is_so(pasts: list[Past]) -> None:
    for desk, audit in pasts:
        truth = desk.truth
        counted = {
            each.name: (round((each.value or 0) * each.cases), each.cases)
            for each in audit.figures
            if each.name in truth.shares
        }
        of_all = audit.automation.all
        for name, found in (("fully", of_all.fully), ("not", of_all.never)):
            assert found is not None
            counted[name] = round(found.value * found.cases), found.cases

        assert counted == {name: (tally.hits, tally.cases) for name, tally in truth.shares.items()}
        assert audit.figure("tickets").value == audit.tickets == truth.tickets >= TICKETS
        assert audit.figure("unsolved").value == truth.unsolved
        assert sum(n for _, n in audit.rhythm.days) == sum(map(sum, audit.rhythm.hours)) == truth.tickets
        assert len(audit.rhythm.days) == 91


def test_the_set_rates_and_times_lie_within_their_stated_error(pasts: list[Past]) -> None:
    checked = list(intervals(pasts))

    held = [low is not None and high is not None and low <= so <= high for _, low, high, so in checked]

    assert len(checked) == len(SEEDS) * 20
    assert sum(held) / len(held) >= 0.92  # 95 % are meant to; the seeds are fixed
    by_name = {name for (name, *_), ok in zip(checked, held, strict=True) if not ok}
    missed = {
        name: sum(1 for (n, *_), ok in zip(checked, held, strict=True) if n == name and not ok)
        for name in by_name
    }
    assert max(missed.values(), default=0) <= 2


def test_no_stated_error_is_wide_enough_to_hold_anything(pasts: list[Past]) -> None:
    for name, low, high, so in intervals(pasts):
        assert low is not None, name
        assert high is not None, name
        width = high - low
        assert width < (0.2 * so if name.startswith(("first_answer", "resolution")) else 0.13), name


def test_categories_tags_and_topics_are_counted_as_they_are(pasts: list[Past]) -> None:
    for desk, audit in pasts:
        told = {each.name: {p.name: p.tickets for p in each.parts} for each in audit.breakdowns}

        assert told["category"] == desk.truth.by["category"]
        assert told["channel"] == desk.truth.by["channel"]
        assert set(told["topic"]) == {
            "order_status", "account_login", "billing", "refund", "technical", "security", "other",
        }  # fmt: skip
        assert told["tag"] == {"vip": desk.truth.tickets // 10}
        assert audit.by is By.CATEGORY


def test_what_has_not_ended_counts_as_having_waited_so_long() -> None:
    short = PastDesk(11, tickets=1500, days=6)

    audit = audited(short)

    slow = audit.figure("resolution_p90")
    assert (audit.figure("unsolved").value or 0) > 0.05 * audit.tickets
    assert slow.low is not None
    assert slow.low <= short.truth.lengths["resolution_p90"] <= (slow.high or float("inf"))
    of_solved_alone = sorted(each for each in _solved_after(short))
    assert of_solved_alone[int(0.9 * len(of_solved_alone))] < slow.low


def _solved_after(desk: PastDesk) -> Iterator[float]:
    for plan in desk._plans:
        if plan.solved < desk.until:
            yield (plan.solved - plan.created).total_seconds()


def test_hours_are_those_of_the_stated_time_zone() -> None:
    desk = PastDesk(3, tickets=1000)

    utc, berlin = audited(desk).rhythm, audited(desk, zone="Asia/Tokyo").rhythm

    assert [sum(column) for column in zip(*utc.hours, strict=True)] == [
        sum(column) for column in zip(*(row[9:] + row[:9] for row in berlin.hours), strict=True)
    ]


def test_the_same_history_gives_the_same_audit() -> None:
    assert audited(PastDesk(5, tickets=400)) == audited(PastDesk(5, tickets=400))
