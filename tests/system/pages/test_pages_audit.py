"""`/audit`: what the past says, for who has signed in."""

from __future__ import annotations

import httpx

from batonpass.store import SyncBook
from batonpass.testing.past_desk import PastDesk, keep
from page_reading import words
from page_rig import InThread


def synced(pages: InThread, desk: PastDesk) -> None:
    service = pages.served.desk.service
    book = SyncBook(service.journal.database, node="test")
    pages.do(keep(book, pages.served.known.name, desk.records(), now=desk.until))


def test_nobody_sees_the_audit_without_signing_in(stranger: httpx.Client) -> None:
    answer = stranger.get("/audit?days=30")

    assert answer.url.path == "/sign-in"
    assert "/audit?days=30" in answer.text


def test_before_anything_is_synced_the_page_says_which_command_is_next(lea: httpx.Client) -> None:
    answer = lea.get("/audit?days=90&zone=Europe/Berlin")

    assert answer.status_code == 200
    assert "batonpass sync run --once --connection zendesk" in words(answer.text)


def test_the_page_shows_the_figures_to_who_may_look(pages: InThread, lea: httpx.Client) -> None:
    now = pages.served.desk.clock.now().replace(microsecond=0)
    desk = PastDesk(3, tickets=300, until=now)
    synced(pages, desk)

    answer = lea.get("/audit?days=90&zone=Europe/Berlin")

    text = words(answer.text)
    assert f"{desk.truth.tickets:,} tickets of zendesk" in text
    assert "Handoff rate" in text
    assert "Days and hours in Europe/Berlin" in text
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_what_cannot_be_asked_for_is_not_there(lea: httpx.Client) -> None:
    for query in (
        "connection=nobody",
        "days=0",
        "days=ten",
        "days=99999",
        "zone=../../etc/passwd",
        "zone=Mars/One",
    ):
        assert lea.get(f"/audit?{query}").status_code == 404, query
