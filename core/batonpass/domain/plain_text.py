"""HTML as plain text: what a person reads there."""

from __future__ import annotations

import re
from collections.abc import Collection
from html.parser import HTMLParser

_LINES = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "tr",
        "pre",
        "table",
        "ul",
        "ol",
        "blockquote",
        "section",
        "article",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ]
)
_VOID = frozenset({"br", "img", "hr", "input", "meta", "link", "area", "base", "col", "wbr", "source"})
_UNSEEN = frozenset({"script", "style", "head", "title", "template"})
_BLANK = re.compile(r"[ \t\xa0]+")
_GAP = re.compile(r"\n{3,}")


def plain_text(html: str | None, *, quotes: Collection[str] = ()) -> str:
    """No tags, entities decoded, one line for each block. Elements whose class contains one of `quotes` are left out:
    what a mail program repeats of the messages before."""
    reader = _Reader(quotes)
    reader.feed(html or "")
    reader.close()
    lines = (_BLANK.sub(" ", line).strip() for line in "".join(reader.parts).split("\n"))
    return _GAP.sub("\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self, quotes: Collection[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._quotes = quotes
        self.parts: list[str] = []
        self._skipped: list[str] = []
        """The open elements from the first unseen one inwards."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = next((value or "" for name, value in attrs if name == "class"), "")
        if tag in _VOID:
            self._line(tag)
        elif self._skipped or tag in _UNSEEN or any(quote in classes for quote in self._quotes):
            self._skipped.append(tag)
        else:
            self._line(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag in self._skipped:  # what was left open inside ends with it
            while self._skipped.pop() != tag:
                pass
        else:
            self._line(tag)

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(data.replace("\n", " "))

    def _line(self, tag: str) -> None:
        if self._skipped or tag not in _LINES:
            return
        if tag == "br" or (self.parts and not self.parts[-1].endswith("\n")):
            self.parts.append("\n")
