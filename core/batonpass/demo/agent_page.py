"""A ticket as a person sees it: read from the helpdesk's own page, whatever the vendor.

An emulator's page for agents has the subject in `h1`, what stands beside the ticket in `dl`, and each comment in
an `article` whose first line says who wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

_HEADINGS = frozenset({"h2", "h3", "h4"})
_BLOCKS = frozenset(
    {"p", "div", "li", "ul", "ol", "pre", "blockquote", "table", "tr", "br", "hr", *_HEADINGS}
)
_CAUGHT = {"h1": "subject", "dt": "name", "dd": "value"}


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    heading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNote:
    by: str
    """Who wrote it, whether customers see it, when."""
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTicket:
    subject: str
    details: tuple[tuple[str, str], ...]
    """Requester, group, priority, tags, then the account's fields: name and value as the page shows them."""
    notes: tuple[ShownNote, ...]


def read_page(html: str) -> ShownTicket:
    """The ticket on the page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    caught = reader.caught
    return ShownTicket(
        subject=" ".join(caught["subject"]),
        details=tuple(zip(caught["name"], caught["value"], strict=True)),
        notes=tuple(_note(lines) for lines in reader.articles),
    )


def _note(lines: list[Line]) -> ShownNote:
    by, *rest = lines or [Line("")]
    return ShownNote(by=by.text, lines=tuple(rest))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.caught: dict[str, list[str]] = {kind: [] for kind in _CAUGHT.values()}
        self.articles: list[list[Line]] = []
        self._in_article = False
        self._text: str = ""
        """Of the line that is being read."""
        self._verbatim = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag == "article":
            self.articles.append([])
            self._in_article = True
        if tag in _CAUGHT:
            self._text = ""
        elif tag in _BLOCKS:
            self._end_line()
        if tag == "li":
            self._text = "• "
        self._verbatim = tag == "pre" or (self._verbatim and tag not in _BLOCKS)

    def handle_endtag(self, tag: str) -> None:
        if tag in _CAUGHT:
            self.caught[_CAUGHT[tag]].append(self._text.strip())
            self._text = ""
        elif tag in _BLOCKS or tag == "article":
            self._end_line(heading=tag in _HEADINGS)
        if tag == "article":
            self._in_article = False
        self._verbatim = self._verbatim and tag != "pre"

    def handle_data(self, data: str) -> None:
        self._text += data if self._verbatim else data.replace("\n", " ")

    def _end_line(self, *, heading: bool = False) -> None:
        text = self._text.replace("\N{NO-BREAK SPACE}", " ").rstrip()
        self._text = ""
        if not self._in_article or not text:
            return
        self.articles[-1].extend(Line(each, heading) for each in text.split("\n"))
