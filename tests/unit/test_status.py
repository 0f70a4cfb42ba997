"""What people and AI agents may see of a handoff."""

from __future__ import annotations

from batonpass.app import status
from batonpass.domain.handoff import StepKind


def test_every_kind_of_step_says_what_may_be_seen_of_its_result():
    assert set(status._REDACTED) == set(StepKind)
