"""HTML as plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batonpass.domain.plain_text import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (None, ""),
        ("", ""),
        ("plain", "plain"),
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("Fish &amp; chips &lt;b&gt;&nbsp;now", "Fish & chips <b> now"),
        ("<script>alert(1)</script>Hello<style>p {}</style>", "Hello"),
        ("<div>a<div>b</div></div>c", "a\nb\nc"),
        ("<p>never closed", "never closed"),
        ("</p></div>never opened", "never opened"),
        ("<img src=x onerror=alert(1)>picture", "picture"),
    ],
)
def test_what_a_person_reads(html: str | None, text: str) -> None:
    assert plain_text(html) == text


def test_quoted_mail_is_left_out_with_whatever_was_left_open_in_it() -> None:
    html = '<p>New</p><div class="gmail_quote">Old <b>words<div>more</div></div><p>After</p>'

    assert plain_text(html, quotes=("gmail_quote",)) == "New\nAfter"


@given(st.text())
def test_nothing_breaks_it(html: str) -> None:
    assert isinstance(plain_text(html, quotes=("q",)), str)
