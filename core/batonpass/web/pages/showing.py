"""HTML answers: templates, and the headers without which none of them leaves.

Everything that a template shows is escaped, and hidden characters in it are shown as what they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from batonpass.context.clipping import shown
from batonpass.context.wording import label, value_text
from batonpass.insight.saying import error_words, interval_words, lasting_words, share_words, value_words

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
_STATIC = {
    "pages.css": "text/css; charset=utf-8",
    "audit.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_CITED = r"\[(?P<turns>turns? )(?P<numbers>\d{1,6}(?:(?:, | and |\u2013)\d{1,6}){0,20})\]"
_TIME = r"(?<!\S)\(?(?P<time>(?:(?P<day>\d{4}-\d\d-\d\d) )?(?P<clock>[0-2]\d:[0-5]\d) UTC)\b"
_TOLD = re.compile(f"{_CITED}|{_TIME}")
_NUMBER = re.compile(r"\d+")


class Showing:
    """Renders the templates for one installation."""

    def __init__(self, root: str) -> None:
        """`root`: the path before all of ours, where a proxy puts us under one."""
        self.root = root
        self._templates = Environment(
            loader=PackageLoader("batonpass.web"),
            autoescape=True,
            finalize=_visible,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            when=_when, told=_told, label=label, value=value_text, inert=_inert, raw=_raw
        )
        self._templates.filters.update(
            figure_value=value_words,
            figure_error=error_words,
            share_value=share_words,
            share_error=interval_words,
            lasting=lasting_words,
            topic_name=_topic_name,
        )
        self._templates.globals.update(root=root, static=self._static_url)

    def page(
        self, template: str, /, *, status: int = 200, headers: Mapping[str, str] | None = None, **told: Any
    ) -> HTMLResponse:
        return HTMLResponse(self.text(template, **told), status, headers={**_HEADERS, **(headers or {})})

    def text(self, template: str, /, **told: Any) -> str:
        return self._templates.get_template(template).render(**told)

    def away(self, path: str) -> Response:
        """To another page of ours, to be read anew."""
        return Response(status_code=303, headers={**_HEADERS, "Location": f"{self.root}{path}"})

    def _static_url(self, name: str) -> str:
        return f"{self.root}/pages/{name}?v={_content(name)[1]}"


def static_file(name: str) -> Response | None:
    """One of the files that pages load; None for any other name."""
    kind = _STATIC.get(name)
    if kind is None:
        return None
    headers = {**_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_content(name)[0], media_type=kind, headers=headers)


def style_sheet(name: str) -> Markup:
    """One of our style sheets, to stand within a page."""
    return Markup(_content(name)[0].decode())  # noqa: S704 - our own file


@cache
def _content(name: str) -> tuple[bytes, str]:
    """The file, and a short hash of it: a new release is not mixed with files that a browser keeps."""
    content = (files("batonpass.web") / "static" / name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:12]


def _topic_name(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _visible(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return shown(value)
    return "" if value is None else value


def _when(at: datetime) -> Markup:
    """In UTC, until the browser puts it into its own zone."""
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}">{} UTC</time>').format(
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"), f"{utc:%Y-%m-%d %H:%M}"
    )


def _inert(html: str) -> Markup:
    """The HTML of a note, which is made of a closed list of tags without attributes."""
    return Markup(html)  # noqa: S704 - cleaned when it was made, and here no script runs in any case


def _raw(text: str) -> Markup:
    """Escaped, and nothing else: what an editor shows is what it saves."""
    return escape(text)


def _told(text: str, day: date | None = None) -> Markup:
    """Turns that the text cites lead to them; times in it, with `day` where it names none, follow the reader's zone
    where `day` is given."""
    parts: list[str | Markup] = []
    end = 0
    text = shown(text)
    for found in _TOLD.finditer(text):
        made = _link(found) if found["turns"] else _time_in(found, day)
        if made is not None:
            start, stop = found.span() if found["turns"] else found.span("time")
            parts += [escape(text[end:start]), made]
            end = stop
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def _link(found: re.Match[str]) -> Markup:
    numbers = _NUMBER.sub(lambda each: f'<a href="#turn-{int(each[0])}">{each[0]}</a>', found["numbers"])
    return Markup(f"[{found['turns']}{numbers}]")  # noqa: S704 - of digits and our own words


def _time_in(found: re.Match[str], day: date | None) -> Markup | None:
    if day is None:
        return None
    try:
        at = datetime.fromisoformat(f"{found['day'] or day}T{found['clock']}:00+00:00")
    except ValueError:
        return None
    return _when(at)
