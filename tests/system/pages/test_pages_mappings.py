"""`/mappings`: looked at, tried on a handoff, changed and put back by those who may."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from helpdesks import HELPDESKS, Known
from page_reading import EDIT, SHOW, browsing, fields_of, in_force, opened, saved, until, words
from page_rig import PASSWORD, USERS, InThread, conversation, pages_in_thread
from scene import playing

MINUS = "\N{MINUS SIGN}"


def test_the_overview_says_how_each_file_stands(olga: httpx.Client) -> None:
    read = words(olga.get("/mappings").text)

    assert "mappings/zendesk.toml" in read
    assert "✓ as it stands" in read


def test_a_finding_stands_at_its_line_with_what_was_meant(olga: httpx.Client, mapping: Path) -> None:
    good = mapping.read_text()
    mapping.write_text(good.replace('{issue.title}"\n', '{issue.titel}"\n', 1))
    line = next(n for n, text in enumerate(mapping.read_text().split("\n"), 1) if text.startswith("subject"))

    html = olga.get(SHOW).text

    (row,) = re.findall(rf'<tr id="line-{line}".*?</tr>', html, re.DOTALL)
    assert "✗ error" in words(row)
    assert 'did you mean "issue.title"?' in words(row)
    assert "<mark>" in row
    assert "not in force" in words(html)


def test_the_accounts_fields_are_there_to_choose_from(olga: httpx.Client) -> None:
    read = words(olga.get(SHOW).text)

    assert "Customer tier" in read
    assert "Enterprise" in read
    assert "Technical" in read


def test_a_secret_that_stands_in_a_file_is_not_shown(olga: httpx.Client, mapping: Path) -> None:
    key = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    mapping.write_text(f"{mapping.read_text()}\n# {key}\n")

    html = olga.get(SHOW).text

    assert key not in html
    assert "a secret stands here" in words(html)


async def test_a_mapping_of_facts_has_a_page_too(tmp_path: Path) -> None:
    async with playing(tmp_path, more=USERS) as scene:
        client = scene.http
        await client.post("/sign-in", data={"name": "lea", "password": PASSWORD})
        overview = words((await client.get("/mappings")).text)
        shown = await client.get("/mappings/hubspot")

    assert "which facts it tells" in overview
    assert "account.tier" in words(shown.text)
    assert "The tickets that they come to are shown with the helpdesk's mapping" in words(shown.text)


def test_unknown_things_are_nowhere(olga: httpx.Client) -> None:
    for path in (
        "/mappings/nobody",
        "/mappings/nobody/edit",
        f"{SHOW}/versions/000000000000",
        "/pages/..%2f..%2fapi.py",
        "/pages/nobody.css",
        "/mappings/..%2f..%2fconfig",
    ):
        assert olga.get(path).status_code == 404


@pytest.mark.parametrize("known", HELPDESKS, ids=lambda known: known.name)
def test_the_preview_of_a_past_handoff_is_the_ticket_that_it_got(known: Known, tmp_path: Path) -> None:
    with pages_in_thread(tmp_path, known=known) as pages, browsing(pages, "lea") as client:
        link = pages.handed_over(conversation())
        handoff_id = link.partition("?")[0].rpartition("/")[2]
        record = pages.do(pages.served.desk.record(handoff_id))
        sent = next(step.result for step in record.steps if step.result and "fields" in step.result)
        ticket = pages.do(pages.served.desk.service.journal.handoff(handoff_id)).ticket_id
        (note,) = [
            each
            for each in pages.served.desk.emulator.internal_notes(ticket)
            if "Conversation History" in each
        ]

        html = client.get(f"/mappings/{known.name}?handoff={handoff_id}").text

    read = words(html)
    assert "I was charged twice for my plan this month" in read
    for field in sent["fields"]:
        assert f"{field['name']} " in read
    said = words(note).split("Conversation History")[0]
    assert said[:400] in read
    assert re.search(f'value="{handoff_id}" [^>]* selected', html)


def test_a_sample_can_be_chosen_where_there_is_no_past(olga: httpx.Client) -> None:
    html = olga.get(f"{SHOW}?handoff=sample-2").text

    assert 'value="sample-2" selected' in html
    assert '<article class="ticket"' in html


def test_what_does_not_land_is_said(olga: httpx.Client) -> None:
    form = opened(olga)
    changed = form["text"].replace("group = {", 'group = "Nowhere" # {')

    answer = olga.post(EDIT, data={**form, "text": changed, "do": "check", "handoff": "sample-1"})

    read = words(answer.text)
    assert 'the helpdesk has no group "Nowhere"' in read
    assert "; the note says so" in read
    lost = re.search(r'<div class="lost">.*?</div>', answer.text, re.DOTALL)
    assert lost is not None
    assert "Group : Nowhere" in words(lost[0])


def test_a_change_is_checked_saved_in_force_and_signed(
    pages: InThread, olga: httpx.Client, mapping: Path
) -> None:
    before = mapping.read_text()
    form = opened(olga)

    answer = saved(olga, form, text=form["text"].replace('"ai_handoff"', '"from_ai"').replace("\n", "\r\n"))

    assert "✓ Saved" in words(answer.text)
    assert mapping.read_text() == before.replace('"ai_handoff"', '"from_ai"')
    service = pages.served.desk.service
    until(lambda: "from_ai" in str(service.mappings.in_force["zendesk"].layers))
    until(lambda: "✓ in force" in words(olga.get(SHOW).text))
    assert "olga" in words(re.search(r"<tbody>(.*?)</tr>", olga.get(f"{SHOW}/versions").text, re.DOTALL)[1])  # type: ignore[index]


def test_with_errors_nothing_is_saved_and_they_stand_in_place(olga: httpx.Client, mapping: Path) -> None:
    before = mapping.read_text()
    form = opened(olga)
    wrong = form["text"].replace('subject = "{issue.title}"', 'subject = "{issue.titel}"')

    answer = saved(olga, form, text=wrong)

    assert answer.status_code == 409
    assert "Not saved: it has errors" in words(answer.text)
    assert 'did you mean "issue.title"?' in words(answer.text)
    assert fields_of(answer.text)["text"] == wrong
    assert mapping.read_text() == before


def test_checking_saves_nothing(olga: httpx.Client, mapping: Path) -> None:
    before = mapping.read_text()
    form = opened(olga)

    answer = olga.post(EDIT, data={**form, "text": f"# mine\n{form['text']}", "do": "check"})

    assert fields_of(answer.text)["text"].startswith("# mine\n")
    assert mapping.read_text() == before


def test_a_file_that_moved_is_not_overwritten_and_the_difference_shown(
    olga: httpx.Client, mapping: Path
) -> None:
    form = opened(olga)
    theirs = f"# theirs\n{form['text']}"
    mapping.write_text(theirs)
    mine = form["text"].replace('"ai_handoff"', '"from_ai"')

    answer = saved(olga, form, text=mine)
    kept = mapping.read_text()
    again = saved(olga, fields_of(answer.text))

    assert answer.status_code == 409
    assert "was changed by somebody else" in words(answer.text)
    assert f"{MINUS} # theirs" in words(answer.text)
    assert kept == theirs
    assert "✓ Saved" in words(again.text)
    assert mapping.read_text() == mine


def test_a_version_is_compared_and_put_back(pages: InThread, olga: httpx.Client, mapping: Path) -> None:
    before = mapping.read_text()
    service = pages.served.desk.service
    assert in_force(pages, before)
    version = service.mappings.in_force["zendesk"].version
    until(lambda: version in olga.get(f"{SHOW}/versions").text)
    form = opened(olga)
    saved(olga, form, text=form["text"].replace('"ai_handoff"', '"from_ai"'))

    shown = olga.get(f"{SHOW}/versions/{version}")
    answer = olga.post(f"{SHOW}/versions/{version}", data=fields_of(shown.text))

    assert '+ tags = ["ai_handoff"' in words(shown.text)
    assert f'{MINUS} tags = ["from_ai"' in words(shown.text)
    assert "✓ Saved" in words(answer.text)
    assert mapping.read_text() == before


def test_text_that_a_browser_would_change_comes_back_as_it_was(olga: httpx.Client, mapping: Path) -> None:
    odd = f"\n# </textarea><script>1</script> &amp; \u202e \u200b {{{{ 7*7 }}}}\n{mapping.read_text()}"
    mapping.write_text(odd)

    form = opened(olga)

    assert form["text"] == odd


def test_a_form_that_is_too_large_is_refused(olga: httpx.Client, mapping: Path) -> None:
    before = mapping.read_text()
    form = opened(olga)

    answer = saved(olga, form, text="#" * 4_100_000)

    assert answer.status_code == 413
    assert mapping.read_text() == before
