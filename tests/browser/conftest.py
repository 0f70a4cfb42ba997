"""A real browser before the pages: Debian's Chromium, driven by playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from browser_rig import HOW, Watched, opened
from page_rig import InThread, pages_in_thread

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For the tests of one file: while it is there, no other event loop runs in this thread."""
    sync = pytest.importorskip("playwright.sync_api", reason=HOW)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip(HOW)
    with sync.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InThread]:
    with pages_in_thread(tmp_path_factory.mktemp("pages")) as served:
        yield served


@pytest.fixture
def window(browser: Browser, pages: InThread) -> Iterator[Watched]:
    yield from opened(browser, pages)


@pytest.fixture
def scriptless(browser: Browser, pages: InThread) -> Iterator[Watched]:
    """A browser that runs no scripts."""
    yield from opened(browser, pages, java_script_enabled=False)
