"""`/handoffs/{id}`: for the agent who has the link of the ticket's note, and for nobody else."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import httpx

from batonpass.app.forgetting import Forgetter
from batonpass.app.signed_links import SignedLinks
from batonpass.domain.ids import HandoffId
from page_reading import words
from page_rig import ASK, InThread, conversation


def id_of(link: str) -> HandoffId:
    return HandoffId(urlsplit(link).path.rpartition("/")[2])


def test_the_link_in_the_tickets_note_opens_the_page(pages: InThread, stranger: httpx.Client) -> None:
    link = pages.handed_over(conversation())
    desk = pages.served.desk

    async def notes() -> list[str]:
        return desk.emulator.internal_notes(await desk.ticket_of(id_of(link)))

    (note,) = [unescape(each) for each in pages.do(notes()) if "Conversation History" in each]
    assert link in note
    answer = stranger.get(link)
    assert answer.status_code == 200
    assert ASK in words(answer.text)
    assert "identity verified" in words(answer.text)
    assert "Open the ticket" in answer.text


def test_nothing_from_elsewhere_may_load_and_nothing_may_be_kept(
    pages: InThread, stranger: httpx.Client
) -> None:
    headers = stranger.get(pages.handed_over(conversation())).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "noindex" in headers["x-robots-tag"]


def test_the_page_has_no_script_and_no_style_of_its_own(pages: InThread, stranger: httpx.Client) -> None:
    html = stranger.get(pages.handed_over(conversation())).text

    assert re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", html) == []


def test_d05_forged_expired_and_unknown_look_the_same(pages: InThread, stranger: httpx.Client) -> None:
    link = pages.handed_over(conversation())
    other = pages.handed_over(conversation())
    path, query = f"{pages.url}{urlsplit(link).path}", urlsplit(link).query
    service = pages.served.desk.service
    over = SignedLinks(key=service.page_key, public_url=pages.url, days=30)
    long_ago = service.clock.now() - timedelta(days=31)

    closed = [
        stranger.get(url)
        for url in (
            path,
            f"{path}?{query[:-1]}{'A' if query[-1] != 'A' else 'B'}",
            f"{pages.url}{urlsplit(other).path}?{query}",
            over.link(id_of(link), long_ago) or "",
            over.link(HandoffId("ho_nobody"), service.clock.now()) or "",
            f"{pages.url}/handoffs/ho_nobody",
        )
    ]

    assert {each.status_code for each in closed} == {404}
    assert len({each.text for each in closed}) == 1
    assert "Sign in" in closed[0].text
    assert "30 days" in words(closed[0].text)


def test_a_link_that_the_note_has_cut_is_whole_on_the_page(pages: InThread, stranger: httpx.Client) -> None:
    turns = [f"sentence number {n} " + "and so on " * 60 for n in range(400)]

    html = stranger.get(pages.handed_over(conversation(*turns))).text

    read = words(html)
    missing = [n for n in range(400) if f"sentence number {n} and so on" not in read]
    assert missing == []
    assert "omitted" not in read
    assert html.count('<li id="turn-') == 400


def test_d08_who_was_forgotten_is_not_on_the_page(pages: InThread, stranger: httpx.Client) -> None:
    body = conversation("My order is lost", "Let me see")
    body["customer"] = {"name": "Zoe Forgotten", "email": "zoe@example.com", "identity": "verified"}
    link = pages.handed_over(body)
    service = pages.served.desk.service
    forgetter = Forgetter(
        service.journal.database,
        service.installation,
        service.clock,
        legal_hold=False,
        forget=service.engine.forget,
    )

    pages.do(forgetter.erase("zoe@example.com", cancel_open=True))

    answer = stranger.get(link)
    assert answer.status_code == 200
    assert "no longer kept" in words(answer.text)
    assert "Zoe" not in answer.text
    assert "My order" not in answer.text


def test_x03_x06_hidden_characters_are_shown_and_placeholders_stay_literal(
    pages: InThread, stranger: httpx.Client
) -> None:
    hostile = "pay \u202eevil\u202c {{ 7*7 }} {% if 1 %} {{ticket.requester.email}} <b>bold</b> \U000e0041"

    html = stranger.get(pages.handed_over(conversation(hostile, "No."))).text

    read = words(html)
    assert "[U+202E]evil[U+202C]" in read
    assert "{{ 7*7 }} {% if 1 %} {{ticket.requester.email}}" in read
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "[U+E0041]" in read
    assert "\u202e" not in html
