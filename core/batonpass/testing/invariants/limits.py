"""I5: everything is bounded. I7: nothing stays beyond its deadline unseen. I8: a change of the configuration breaks
nothing."""

from __future__ import annotations

from collections.abc import Iterator

from batonpass.testing.history import Expired, History, Violation


def all_is_bounded(history: History) -> Iterator[Violation]:
    """What was measured stayed within its bound; a measurement that is no number did not."""
    for bound in history.bounds:
        if not bound.seen <= bound.most:
            yield Violation(
                invariant="I5", what=f"{bound.seen:g} seen, at most {bound.most:g} allowed", about=bound.name
            )


def deadlines_are_watched(history: History) -> Iterator[Violation]:
    """Whoever is still in a state some time after its deadline has been seen by then: there is an alert."""
    for each in history.expired:
        what = _unwatched(history, each)
        if what:
            yield Violation(
                invariant="I7", what=f"{each.state} beyond its deadline: {what}", about=each.handoff_id
            )


def _unwatched(history: History, each: Expired) -> str | None:
    latest = each.deadline_at + history.alert_within
    if each.left_at is not None and each.left_at <= latest:
        return None
    if each.alerted_at is None:
        due = latest < history.ended_at and not history.still_broken
        return "no alert" if due else None
    late = (each.alerted_at - each.deadline_at).total_seconds()
    return f"the alert came after {late:.0f} s" if each.alerted_at > latest else None


def reloads_fail_nobody(history: History) -> Iterator[Violation]:
    """No request fails because the configuration or a mapping was changed, well or badly."""
    for name, failed in history.failed_by_reload.items():
        if failed:
            yield Violation(invariant="I8", what=f"{failed} requests failed by it", about=name)
