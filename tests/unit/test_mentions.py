"""One e-mail address in text, however it is written there."""

from __future__ import annotations

import html
import json
from urllib.parse import quote

import pytest

from batonpass.store.mentions import MASK, Mentions

ANNA = Mentions("Anna.Lang+vip@example.com")


@pytest.mark.parametrize(
    "text",
    [
        "anna.lang+vip@example.com",
        "ANNA.LANG+VIP@EXAMPLE.COM",
        "<anna.lang+vip@example.com>",
        "mailto:anna.lang+vip@example.com?subject=x",
        "write to anna.lang+vip@example.com.",
        "anna.lang+vip@example.com.Thank you",
        "?email=" + quote("anna.lang+vip@example.com", safe=""),
        "?email=%3Canna.lang%252Bvip%2540example.com%3E",
        json.dumps("hello\nanna.lang+vip@example.com"),
        '"anna.lang\\u002Bvip\\u0040example.com"',
        '"\\"anna.lang\\\\u002bvip\\\\u0040example.com"',
        "anna.lang&#43;vip&#64;example.com",
        "anna.lang&plus;vip&commat;example&period;com",
        "anna.lang&amp;#x2b;vip&amp;#x40;example.com",
        "".join(f"&#{ord(letter)};" for letter in "anna.lang+vip@example.com"),
        html.escape("<anna.lang+vip@example.com>"),
        "邮箱anna.lang+vip@example.com。",
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_d08_address_is_found_and_masked_however_it_is_written(text: str) -> None:
    masked, as_bytes = ANNA.masked(text), ANNA.masked(text.encode())

    assert ANNA.are_in(text)
    assert ANNA.are_in(text.encode())
    assert MASK in masked
    assert not ANNA.are_in(masked)
    assert as_bytes.decode() == masked


@pytest.mark.parametrize(
    "text",
    [
        "joanna.lang+vip@example.com",
        "x-anna.lang+vip@example.com",
        "anna.lang+vip@example.com.au",
        "anna.lang+vip@example.community",
        "anna.lang@example.com",
        "annaxlang+vip@example.com",
        "",
    ],
)
def test_address_of_somebody_else_is_left_alone(text: str) -> None:
    assert not ANNA.are_in(text)
    assert ANNA.masked(text) == text


def test_address_beyond_ascii_is_found() -> None:
    mentions = Mentions("jürgen@müller.example")

    assert mentions.are_in("an JÜRGEN@Müller.example")
    assert mentions.are_in(json.dumps("jürgen@müller.example"))
    assert mentions.are_in(quote("jürgen@müller.example"))


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    kept = b"\xff\x00anna.lang+vip@example.com\xfe"

    assert ANNA.masked(kept) == b"\xff\x00" + MASK.encode() + b"\xfe"
