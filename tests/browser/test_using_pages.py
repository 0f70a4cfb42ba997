"""The pages as people use them: by mouse, by keyboard alone, and where no script runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from browser_rig import Watched
from page_rig import PASSWORD, InThread, conversation


@pytest.fixture(autouse=True)
def mapping(pages: InThread) -> Iterator[Path]:
    """The file; as it was before once a test is over."""
    before = pages.served.mapping.read_text()
    yield pages.served.mapping
    pages.served.mapping.write_text(before)


def test_times_are_in_the_readers_zone(window: Watched, pages: InThread) -> None:
    window.page.goto(pages.handed_over(conversation()))

    turn = window.page.locator("#turn-1 time")

    assert turn.inner_text() == "2 Mar 2026, 14:30 GMT+5:30"
    assert turn.get_attribute("title") == "2026-03-02 09:00 UTC"
    assert "UTC" not in window.page.locator("main").inner_text()


def test_without_scripts_times_say_their_zone(scriptless: Watched, pages: InThread) -> None:
    scriptless.page.goto(pages.handed_over(conversation()))

    assert scriptless.page.locator("#turn-1 time").inner_text() == "2026-03-02 09:00 UTC"


def test_a_cited_turn_is_one_click_away(window: Watched, pages: InThread) -> None:
    window.page.goto(pages.handed_over(conversation()))

    cited = window.page.locator("main a[href^='#turn-']", has_not=window.page.locator(".who")).first
    target = cited.get_attribute("href")
    cited.click()

    assert urlsplit(window.page.url).fragment == (target or "").removeprefix("#")
    assert window.page.locator(f"{target}:target").count() == 1


def test_a_finding_leads_to_its_place_in_the_text(window: Watched, pages: InThread, mapping: Path) -> None:
    mapping.write_text(mapping.read_text().replace('"{issue.title}"', '"{issue.titel}"', 1))
    window.signs_in("olga")
    window.page.goto(f"{pages.url}/mappings/zendesk/edit")

    window.page.get_by_role("link", name=re.compile("Line")).first.click()

    chosen = window.page.evaluate(
        "() => { const t = document.activeElement; return t.value.slice(t.selectionStart, t.selectionEnd) }"
    )
    assert chosen == '"{issue.titel}"'


def test_support_ops_edit_check_and_save_by_keyboard_alone(
    window: Watched, pages: InThread, mapping: Path
) -> None:
    page = window.page
    page.goto(f"{pages.url}/mappings/zendesk/edit")
    page.locator("input:focus").wait_for()
    page.keyboard.type("olga")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/edit")
    _tab_to(window, "textarea")
    page.keyboard.press("Control+Home")
    page.keyboard.type("# by keyboard\n")
    page.keyboard.press("Control+Enter")
    page.wait_for_load_state()
    shown = page.locator("textarea").input_value()
    _tab_to(window, "button[value=save]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mappings/zendesk?saved=*")

    assert shown.startswith("# by keyboard\n")
    assert "Saved" in page.get_by_role("status").inner_text()
    assert mapping.read_text().startswith("# by keyboard\n")
    assert window.troubles == []


def test_where_no_script_runs_everything_can_be_done(
    scriptless: Watched, pages: InThread, mapping: Path
) -> None:
    page = scriptless.page
    before = mapping.read_text()
    mappings = pages.served.desk.service.mappings
    mappings.refresh()
    version = mappings.in_force["zendesk"].version
    scriptless.signs_in("olga")
    page.get_by_role("link", name="zendesk").click()
    page.get_by_label("Try it on").select_option("sample-2")
    page.get_by_role("button", name="Show").click()
    sample = page.locator("article.ticket h3").first.inner_text()
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("textbox", name="The text").fill(before.replace('"{issue.title}"', '"{issue.titel}"', 1))
    page.get_by_role("button", name="Save", exact=True).click()
    refused = page.get_by_role("alert").inner_text()
    page.get_by_role("textbox", name="The text").fill(f"# no script\n{before}")
    page.get_by_role("button", name="Save", exact=True).click()
    saved = page.get_by_role("status").inner_text()
    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name=version).last.click()
    page.get_by_role("button", name="Put this one back").click()
    back = page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Sign out").click()

    assert sample
    assert "Not saved: it has errors" in refused
    assert "Saved" in saved
    assert "Saved" in back
    assert mapping.read_text() == before
    assert urlsplit(page.url).path == "/sign-in"


def test_every_control_has_a_name_and_every_page_a_heading(window: Watched, pages: InThread) -> None:
    link = pages.handed_over(conversation())
    window.signs_in("olga")
    paths = ("/mappings", "/mappings/zendesk", "/mappings/zendesk/edit", "/mappings/zendesk/versions")
    nameless = []
    for url in (link, *(f"{pages.url}{path}" for path in paths)):
        window.page.goto(url)
        assert window.page.locator("h1").count() == 1
        assert window.page.locator("html[lang=en]").count() == 1
        nameless += window.page.evaluate(
            """() => [...document.querySelectorAll(
                   "input:not([type=hidden]), select, textarea, button, a[href], summary")]
               .filter((each) => !(each.labels?.length || each.textContent.trim() || each.ariaLabel))
               .map((each) => each.outerHTML)"""
        )

    assert nameless == []


def _tab_to(window: Watched, selector: str) -> None:
    for _ in range(80):
        window.page.keyboard.press("Tab")
        if window.page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")
