"""What the system tests share."""

from __future__ import annotations

import pytest
import structlog
from structlog.testing import LogCapture

from batonpass.app import mappings, webhook_intake
from batonpass.engine import execute, ticketing, world
from scene import Logged


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Logged:
    """What is logged meanwhile, however logging was set up before."""
    capture = LogCapture()
    for module in (execute, ticketing, world, mappings, webhook_intake):
        monkeypatch.setattr(
            module,
            "log",
            structlog.wrap_logger(
                None, processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(0)
            ),
        )
    return capture.entries
