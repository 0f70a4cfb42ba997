"""A browser without scripts before the pages, and what a reader reads there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import httpx

from page_rig import PASSWORD, InThread

EDIT, SHOW = "/mappings/zendesk/edit", "/mappings/zendesk"


@contextmanager
def browsing(pages: InThread, name: str | None = None) -> Iterator[httpx.Client]:
    """A browser without scripts, signed in where a name is given."""
    with httpx.Client(base_url=pages.url, timeout=20, trust_env=False, follow_redirects=True) as client:
        if name is not None:
            client.post("/sign-in", data={"name": name, "password": PASSWORD})
        yield client


def until(holds: Any, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError("it did not come to be")
        time.sleep(0.05)


def in_force(pages: InThread, text: str) -> bool:
    """Whether it is, looked at now."""
    mappings = pages.served.desk.service.mappings
    mappings.refresh()
    return text in dict(mappings.in_force["zendesk"].layers).values()


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def fields_of(html: str) -> dict[str, str]:
    """The hidden fields of the form that changes something, and its text."""
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))
    text = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", html, re.DOTALL)
    return {**found, **({"text": unescape(text[1])} if text else {})}


def opened(client: httpx.Client) -> dict[str, str]:
    return fields_of(client.get(EDIT).text)


def saved(client: httpx.Client, form: dict[str, str], **changed: str) -> httpx.Response:
    return client.post(EDIT, data={**form, "do": "save", **changed})
