"""The audit's page as a lead sees it: wide and narrow, on the server and as a file, without a word of complaint."""

from __future__ import annotations

from pathlib import Path

import pytest

from batonpass.store import SyncBook
from batonpass.testing.past_desk import PastDesk, keep
from batonpass.web.pages.audit_pages import audit_file
from browser_rig import Watched
from page_rig import InThread
from pasts_of_desks import audited


@pytest.fixture(scope="module", autouse=True)
def past(pages: InThread) -> PastDesk:
    service = pages.served.desk.service
    desk = PastDesk(1, tickets=400, until=service.clock.now().replace(microsecond=0))
    book = SyncBook(service.journal.database, node="test")
    pages.do(keep(book, pages.served.known.name, desk.records(), now=desk.until))
    return desk


@pytest.mark.parametrize("width", [1200, 400])
def test_everything_fits_and_nothing_complains(window: Watched, pages: InThread, width: int) -> None:
    window.page.set_viewport_size({"width": width, "height": 900})
    window.signs_in("lea")

    window.page.goto(f"{pages.url}/audit?zone=Europe/Berlin")

    assert window.page.get_by_role("heading", name="What stands out").is_visible()
    assert window.page.evaluate("document.documentElement.scrollWidth") <= width
    narrowest = window.page.evaluate(
        "Math.min(...[...document.querySelectorAll('svg.chart')].map((e) => e.getBoundingClientRect().width))"
    )
    assert narrowest >= 40
    assert window.troubles == []


def test_another_time_is_chosen_without_a_script(scriptless: Watched, pages: InThread) -> None:
    scriptless.signs_in("lea")
    scriptless.page.goto(f"{pages.url}/audit")

    scriptless.page.get_by_label("Days").select_option("30")
    scriptless.page.get_by_role("button", name="Show").click()

    assert "days=30" in scriptless.page.url
    assert scriptless.page.get_by_role("heading", name="At a glance").is_visible()


def test_the_file_needs_nothing_but_itself(window: Watched, past: PastDesk, tmp_path: Path) -> None:
    file = tmp_path / "audit.html"
    file.write_text(audit_file(audited(past)), encoding="utf-8")

    window.page.goto(file.as_uri())

    colour = "getComputedStyle(document.querySelector('rect.fully')).fill"
    assert window.page.evaluate(colour) == "rgb(47, 158, 107)"
    assert window.complaints == []
