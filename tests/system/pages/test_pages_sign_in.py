"""Who sees the pages of the mappings, and who may change anything."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from page_reading import EDIT, SHOW, browsing, fields_of, opened, words
from page_rig import PASSWORD, InThread, pages_in_thread


@pytest.mark.parametrize("path", ["/mappings", SHOW, EDIT, f"{SHOW}/versions", f"{SHOW}/versions/x"])
def test_a03_nobody_sees_a_mapping_without_signing_in(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)

    assert answer.url.path == "/sign-in"
    assert "fields" not in words(answer.text)


def test_who_signs_in_is_where_they_were_going(stranger: httpx.Client) -> None:
    form = stranger.get(f"{SHOW}?handoff=sample-1")
    to = fields_of(form.text)["to"]

    answer = stranger.post("/sign-in", data={"name": "lea", "password": PASSWORD, "to": to})

    assert str(answer.url).endswith(f"{SHOW}?handoff=sample-1")
    assert "The ticket it makes" in answer.text


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/mappings\\..\\",
        "javascript:alert(1)",
        "/mappings\r\nX: y",
    ],
)
def test_a03_nobody_is_led_away(pages: InThread, to: str) -> None:
    with browsing(pages) as client:
        answer = client.post(
            "/sign-in", data={"name": "lea", "password": PASSWORD, "to": to}, follow_redirects=False
        )

    assert (answer.status_code, answer.headers["location"]) == (303, "/mappings")


def test_a03_the_cookie_is_for_this_server_alone_and_no_script_reads_it(pages: InThread) -> None:
    with browsing(pages) as client:
        answer = client.post("/sign-in", data={"name": "lea", "password": PASSWORD}, follow_redirects=False)

    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Max-Age=43200" in cookie


def test_a03_over_https_the_cookie_is_secure(tmp_path: Path) -> None:
    told = {"public_url": "https://handoff.example.com"}
    with pages_in_thread(tmp_path, server=told) as pages, browsing(pages) as client:
        answer = client.post("/sign-in", data={"name": "lea", "password": PASSWORD}, follow_redirects=False)

    assert answer.headers["set-cookie"].startswith("__Host-batonpass=")
    assert "Secure" in answer.headers["set-cookie"]


def test_a_wrong_password_says_nothing_about_the_name(stranger: httpx.Client) -> None:
    known = stranger.post("/sign-in", data={"name": "lea", "password": "wrong"})
    unknown = stranger.post("/sign-in", data={"name": "nobody", "password": "wrong"})

    assert (known.status_code, unknown.status_code) == (401, 401)
    assert known.text == unknown.text


def test_without_users_the_pages_say_how_to_add_one_and_show_nothing(tmp_path: Path) -> None:
    with pages_in_thread(tmp_path, users="") as pages, browsing(pages) as client:
        answers = [client.get(path) for path in ("/mappings", SHOW, "/sign-in")]
        answers.append(client.post("/sign-in", data={"name": "olga", "password": PASSWORD}))

    assert {each.status_code for each in answers} == {403}
    assert len({each.text for each in answers}) == 1
    assert "batonpass user add" in answers[0].text


def test_who_signs_out_is_out(olga: httpx.Client) -> None:
    form = fields_of(olga.get("/mappings").text)

    olga.post("/sign-out", data=form)

    assert olga.get("/mappings").url.path == "/sign-in"


def test_a_lead_may_look_and_not_edit(lea: httpx.Client, mapping: Path) -> None:
    before = mapping.read_text()
    token = fields_of(lea.get("/mappings").text)["form_token"]
    form = {"form_token": token, "text": "", "opened": "", "do": "save"}

    answers = [
        lea.get(EDIT),
        lea.post(EDIT, data=form),
        lea.post(f"{SHOW}/versions/x", data=form),
    ]

    assert {each.status_code for each in answers} == {403}
    assert "Edit</a>" not in lea.get(SHOW).text
    assert mapping.read_text() == before


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        (None, {}),
        ("0" * 64, {}),
        ("lea's", {}),
        ("own", {"Sec-Fetch-Site": "cross-site"}),
        ("own", {"Sec-Fetch-Site": "same-site"}),
        ("own", {"Origin": "https://evil.example"}),
        ("own", {"Origin": "null"}),
    ],
    ids=["no-token", "made-up", "another's", "cross-site", "same-site", "other-origin", "no-origin"],
)
def test_a03_a_form_of_another_page_changes_nothing(
    olga: httpx.Client, lea: httpx.Client, mapping: Path, token: str | None, headers: dict[str, str]
) -> None:
    form = opened(olga)
    if token == "lea's":
        form["form_token"] = fields_of(lea.get("/mappings").text)["form_token"]
    elif token != "own":
        form["form_token"] = token or ""
    before = mapping.read_text()

    answer = olga.post(EDIT, data={**form, "text": f"# new\n{before}", "do": "save"}, headers=headers)

    assert answer.status_code == 403
    assert mapping.read_text() == before
