"""Addresses that look like others: where a link really leads stands beside it, in ASCII.

A name with a Cyrillic letter that looks like an "a" is `xn--pple-43d.com`, and `https://shop.example@evil.example` leads to
`evil.example`. The text stays as it was written; no address in it is ever made a link.
"""

from __future__ import annotations

import re

import idna

from batonpass.domain.conversation import HandoffRequest, PageVisit, Turn

_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|\bwww\.|@)(?P<authority>[^\s/?#\\<>\"'()\[\]{},;]{1,300})(?P<rest>[/?#\\][^\s<>\"']{0,2000})?",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?<![\w@/.-])(?P<authority>(?:[\w-]{1,63}[.\u3002\uff0e]){1,4}(?:com|net|org|info|biz|io|co|app|dev|shop|store|online|site|xyz|me|de|uk|fr|es|it|nl|eu|us|ru|cn|br|in))(?![\w-]|\.\w)(?P<rest>/[^\s<>\"']{0,2000})?",
    re.IGNORECASE,
)
_MOST_IN_A_TEXT = 20
_LONGEST_HOST = 253


def with_real_hosts(request: HandoffRequest) -> HandoffRequest:
    """The request with the ASCII form beside every address that hides where it leads."""
    turns = tuple(map(_turn, request.conversation.turns))
    pages = tuple(map(_page, request.pages))
    changed: dict[str, object] = {}
    if any(new is not old for new, old in zip(turns, request.conversation.turns, strict=True)):
        changed["conversation"] = request.conversation.model_copy(update={"turns": turns})
    if any(new is not old for new, old in zip(pages, request.pages, strict=True)):
        changed["pages"] = pages
    if request.summary and (summary := real_hosts(request.summary)) != request.summary:
        changed["summary"] = summary
    name = request.customer.name
    if name and (shown := real_hosts(name)) != name:
        changed["customer"] = request.customer.model_copy(update={"name": shown})
    return request.model_copy(update=changed) if changed else request


def real_hosts(text: str) -> str:
    """The text with where a link leads beside each one that hides it."""
    if text.isascii():
        return _LINK.sub(_beside, text, count=_MOST_IN_A_TEXT) if "://" in text and "@" in text else text
    text = _LINK.sub(_beside, text, count=_MOST_IN_A_TEXT)
    return _BARE.sub(_beside, text, count=_MOST_IN_A_TEXT) if "." in text else text


def _turn(turn: Turn) -> Turn:
    text = real_hosts(turn.text)
    return turn if text == turn.text else turn.model_copy(update={"text": text})


def _page(page: PageVisit) -> PageVisit:
    url, title = real_hosts(page.url), real_hosts(page.title) if page.title else page.title
    return (
        page
        if (url, title) == (page.url, page.title)
        else page.model_copy(update={"url": url, "title": title})
    )


def _beside(found: re.Match[str]) -> str:
    authority = found["authority"].rstrip(".:!")
    host = authority.rpartition("@")[2]
    bare = re.sub(r":\d{0,5}$", "", host)
    if not bare or (bare.isascii() and host == authority):
        return found[0]
    return f"{found[0]} [{ascii_host(bare)}]"


def ascii_host(host: str) -> str:
    """As the name is looked up; "no valid name" where it cannot be."""
    if host.isascii():
        return host.lower()
    if len(host) > _LONGEST_HOST:
        return "no valid name"
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return _label_by_label(host)


def _label_by_label(host: str) -> str:
    """Names that no registry gives out, such as those with signs or mixed directions, still show what they are made of."""
    labels = [
        label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
        for label in host.lower().split(".")
        if len(label) <= 63
    ]
    return ".".join(labels) or "no valid name"
