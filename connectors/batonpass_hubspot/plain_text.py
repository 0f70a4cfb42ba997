"""HubSpot's rich text → plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BREAKS = frozenset({"br", "p", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "h4", "pre", "ul", "ol"})
_HIDDEN = frozenset({"script", "style", "head", "title"})
_BLANK_LINES = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")


def plain(text: str | None, rich: str | None) -> str:
    """The plain form where HubSpot gives one, else that of the rich one."""
    if text is not None and text.strip():
        return text.strip()
    return without_markup(rich or "")


def without_markup(html: str) -> str:
    """What a reader sees: no tags, entities decoded, a line for each block."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = "".join(reader.seen).replace("\N{NO-BREAK SPACE}", " ")
    return _BLANK_LINES.sub("\n\n", lines).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._hidden += tag in _HIDDEN
        if tag in _BREAKS:
            self.seen.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _HIDDEN))
        if tag in _BREAKS:
            self.seen.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.seen.append(data)
