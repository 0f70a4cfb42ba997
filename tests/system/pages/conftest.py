"""A served batonpass with users, and those who look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from page_reading import browsing, in_force, until
from page_rig import InThread, pages_in_thread


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InThread]:
    with pages_in_thread(tmp_path_factory.mktemp("pages")) as served:
        yield served


@pytest.fixture
def mapping(pages: InThread) -> Iterator[Path]:
    """The file; as it was before once a test is over."""
    before = pages.served.mapping.read_text()
    yield pages.served.mapping
    if pages.served.mapping.read_text() != before:
        pages.served.mapping.write_text(before)
        until(lambda: in_force(pages, before))


@pytest.fixture
def olga(pages: InThread) -> Iterator[httpx.Client]:
    """May edit."""
    with browsing(pages, "olga") as client:
        yield client


@pytest.fixture
def lea(pages: InThread) -> Iterator[httpx.Client]:
    """May look."""
    with browsing(pages, "lea") as client:
        yield client


@pytest.fixture
def stranger(pages: InThread) -> Iterator[httpx.Client]:
    with browsing(pages) as client:
        yield client
