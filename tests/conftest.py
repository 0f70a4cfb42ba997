"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = ["postgres_server"]

# The same examples in every CI run: a new find belongs to whoever works on the code, not to who submits next.
# How fast examples are made says how busy the machine is, and nothing about the code.
_SLOW = (HealthCheck.too_slow,)
settings.register_profile("ci", derandomize=True, print_blob=True, suppress_health_check=_SLOW)
settings.register_profile("here", suppress_health_check=_SLOW)
settings.load_profile("ci" if os.environ.get("CI") else "here")

_configure = structlog.configure


def _configured_for_a_test(**told: Any) -> None:
    """A command that a test runs in its own process sets logging up; a logger that it caches no later test could read."""
    _configure(**{**told, "cache_logger_on_first_use": False})


structlog.configure = _configured_for_a_test


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: half of the time a test waits, for a server, a clock or a browser."""
    return (os.cpu_count() or 1) + 1
