"""The emulator's page for agents: a ticket as they would see it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser

from batonpass_zendesk.emulated_account import Account, EmulatedComment, EmulatedField, EmulatedTicket, Stored

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_TAGS = frozenset(
    {
        "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li",
        "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
        "u", "ul",
    }
)  # fmt: skip
_SILENT = frozenset({"script", "style", "title", "template", "textarea", "iframe", "noscript"})
_VOID = frozenset({"br", "hr"})
_SCHEMES = ("https://", "http://", "mailto:")


class _Sanitiser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.made: list[str] = []
        self._silenced: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silenced.append(tag)
        elif tag in _TAGS and not self._silenced:
            href = next((value for name, value in attrs if name == "href" and value), "")
            link = f' href="{escape(href)}" rel="noreferrer"' if href.lower().startswith(_SCHEMES) else ""
            self.made.append(f"<{tag}{link if tag == 'a' else ''}>")

    def handle_endtag(self, tag: str) -> None:
        if self._silenced:
            if tag == self._silenced[-1]:
                self._silenced.pop()
        elif tag in _TAGS and tag not in _VOID:
            self.made.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._silenced:
            self.made.append(escape(data, quote=False))


def sanitised(html: str) -> str:
    """The HTML with the tags that a comment may have, no attribute but a link's address, and all its text."""
    parser = _Sanitiser()
    parser.feed(html)
    parser.close()
    return "".join(parser.made)


_NOTHING = "none"
_STYLE = """
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: #1f2933; background: #f4f6f8 }
header { background: #03363d; color: #fff; padding: 1rem 2rem } header p { margin: 0; opacity: .8 }
h1 { margin: 0; font-size: 1.3rem } h2 { font-size: 1rem; margin: 0 0 .5rem }
main { display: grid; grid-template-columns: 19rem 1fr; gap: 1.5rem; padding: 1.5rem 2rem; max-width: 76rem }
aside, article { background: #fff; border: 1px solid #d8dcde; border-radius: 6px; padding: 1rem 1.25rem }
article { margin-bottom: 1rem; overflow-wrap: anywhere } article.internal { background: #fff8ec; border-color: #f3c67a }
dt { color: #5c6770; font-size: .85rem; margin-top: .6rem } dd { margin: 0; overflow-wrap: anywhere }
article > p.by { color: #5c6770; font-size: .85rem; margin: 0 0 .5rem } pre { white-space: pre-wrap }
table { border-collapse: collapse } th, td { border: 1px solid #d8dcde; padding: .2rem .6rem; text-align: left }
@media (max-width: 50rem) { main { grid-template-columns: 1fr; padding: 1rem } }
"""


def ticket_page(account: Account, ticket: EmulatedTicket) -> str:
    requester = account.users[ticket.requester_id]
    group = account.groups.get(ticket.group_id or 0)
    facts = [
        ("Requester", requester.name + (f" <{requester.email}>" if requester.email else "")),
        ("Group", group.name if group else _NOTHING),
        ("Priority", ticket.priority or _NOTHING),
        ("Tags", ", ".join(ticket.tags) or _NOTHING),
        *(
            (known.title, _shown(known, ticket.fields.get(known.id)))
            for known in account.fields.values()
            if known.custom and known.active
        ),
    ]
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    comments = "".join(_comment(account, comment) for comment in ticket.comments)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>#{ticket.id} {escape(ticket.subject)}</title>'
        f"<style>{_STYLE}</style></head><body>"
        f"<header><p>Ticket #{ticket.id} · {escape(ticket.status)} · emulated Zendesk</p>"
        f"<h1>{escape(ticket.subject)}</h1></header>"
        f"<main><aside><h2>Ticket</h2><dl>{listed}</dl></aside><section>{comments}</section></main></body></html>"
    )


def _comment(account: Account, comment: EmulatedComment) -> str:
    kind, label = ("public", "public reply") if comment.public else ("internal", "internal note")
    author = account.users[comment.author_id]
    return (
        f'<article class="{kind}"><p class="by">{escape(author.name)} · {label} · '
        f"{comment.at:%Y-%m-%d %H:%M} UTC</p>{sanitised(comment.html)}</article>"
    )


def _shown(known: EmulatedField, value: Stored | None) -> str:
    match value:
        case None | "" | []:
            return _NOTHING
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(known.options.get(tag, tag) for tag in value)
        case _:
            return known.options.get(value, value)
