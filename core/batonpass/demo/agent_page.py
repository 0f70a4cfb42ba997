"""A ticket as a person sees it: read from the helpdesk's own page, whatever the vendor.

An emulator's page for agents has the subject in `h1`, what stands beside the ticket in `dl`, and each comment in
an `article`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_HEADINGS = frozenset({"h2", "h3", "h4"})
_BLOCKS = frozenset({"p", "div", "li", "ul", "ol", "pre", "blockquote", "table", "tr", "br", "hr", *_HEADINGS})
_CELLS = frozenset({"td", "th"})
_SILENT = frozenset({"style", "script", "title"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNote:
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTicket:
    subject: str
    details: tuple[tuple[str, str], ...]
    """Requester, group, priority, tags, then the account's fields: name and value, "–" where there is none."""
    notes: tuple[ShownNote, ...]


def read_page(html: str) -> ShownTicket:
    """The ticket on the page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return ShownTicket(
        subject=" ".join(reader.subject.split()),
        details=tuple(zip(reader.names, reader.values, strict=True)),
        notes=tuple(reader.notes),
    )


@dataclass
class _Lines:
    """Text as it grows, line by line."""

    lines: list[str] = field(default_factory=lambda: [""])

    def add(self, text: str) -> None:
        self.lines[-1] += text

    def end(self, *, blank: bool = False) -> None:
        if self.lines[-1]:
            self.lines.append("")
        if blank and len(self.lines) > 1 and self.lines[-2]:
            self.lines.append("")

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.subject = ""
        self.names: list[str] = []
        self.values: list[str] = []
        self.notes: list[ShownNote] = []
        self._inside: list[str] = []
        self._note: _Lines | None = None
        self._by: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "hr", "meta"}:
            self._inside.append(tag)
        if tag == "article":
            self._note = _Lines()
            self._by = "" if self._by is None else None
        elif tag == "dt":
            self.names.append("")
        elif tag == "dd":
            self.values.append("")
        if self._note is not None:
            self._start_in_note(tag, dict(attrs))

    def _start_in_note(self, tag: str, attributes: dict[str, str | None]) -> None:
        assert self._note is not None
        if tag == "p" and attributes.get("class") == "by":
            self._by = ""
            return
        if tag in _BLOCKS:
            self._note.end(blank=tag in _HEADINGS)
        if tag == "li":
            self._note.add("• ")
        elif tag in _CELLS and self._note.lines[-1]:
            self._note.add("  ")

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass
        if self._note is None:
            return
        if tag == "article":
            self.notes.append(ShownNote(by=(self._author or "").strip(), text=self._note.text))
            self._note = None
        elif tag in _BLOCKS:
            self._note.end()

    def handle_data(self, data: str) -> None:
        if _SILENT & set(self._inside):
            return
        if self._note is not None:
            self._data_in_note(data)
        elif "h1" in self._inside:
            self.subject += data
        elif "dt" in self._inside:
            self.names[-1] += data
        elif "dd" in self._inside:
            self.values[-1] += data
