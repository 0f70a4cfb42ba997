"""The links that open a handoff's page."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from batonpass.app.signed_links import SignedLinks
from batonpass.domain.ids import HandoffId
from fakes import NOON

LINKS = SignedLinks(key=b"k" * 32, public_url="https://handoff.example.com", days=30)
ID = HandoffId("ho_01")


def parts(link: str) -> tuple[str, str, str]:
    """(id, until, signature)."""
    found = urlsplit(link)
    asked = parse_qs(found.query)
    return found.path.rpartition("/")[2], asked["until"][0], asked["sig"][0]


def test_a_link_opens_its_page_until_its_days_are_over() -> None:
    id_, until, signature = parts(LINKS.link(ID, NOON) or "")

    last = NOON + timedelta(days=30) - timedelta(seconds=1)
    assert LINKS.admits(id_, until=until, signature=signature, now=last)
    assert not LINKS.admits(id_, until=until, signature=signature, now=last + timedelta(seconds=1))


def test_a_link_is_the_same_at_every_attempt() -> None:
    again = SignedLinks(key=LINKS.key, public_url=LINKS.public_url, days=30)

    assert LINKS.link(ID, NOON) == again.link(ID, NOON)


def test_without_an_address_there_is_no_link() -> None:
    assert SignedLinks(key=b"k", public_url=None, days=30).link(ID, NOON) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"handoff_id": "ho_02"},
        {"until": "9999999999"},
        {"until": "-1"},
        {"until": "1e9"},
        {"until": "٩٩٩٩٩٩٩٩٩٩"},
        {"until": ""},
        {"until": "9" * 5000},
        {"signature": ""},
        {"signature": "A" * 22},
        {"signature": "é" * 22},
        {"signature": "A" * 100_000},
    ],
    ids=lambda changed: "-".join(f"{key}-{value[:4] or 'none'}" for key, value in changed.items()),
)
def test_a_link_that_was_changed_opens_nothing(changed: dict[str, str]) -> None:
    id_, until, signature = parts(LINKS.link(ID, NOON) or "")
    told = {"handoff_id": id_, "until": until, "signature": signature, **changed}

    assert not LINKS.admits(told["handoff_id"], until=told["until"], signature=told["signature"], now=NOON)


def test_d05_a_link_of_another_installation_opens_nothing() -> None:
    other = SignedLinks(key=b"o" * 32, public_url=LINKS.public_url, days=30)

    id_, until, signature = parts(other.link(ID, NOON) or "")

    assert not LINKS.admits(id_, until=until, signature=signature, now=NOON)
