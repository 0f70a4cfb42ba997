"""Changes of a few characters in a file: made by place, so that comments, order and layout stay as they are."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass

from batonpass.diagnostics.secrecy import mask

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is to stand at one place of a file, on one line, as TOML."""

    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    was: str
    """What stands there now: where it no longer does, nothing is changed."""
    becomes: str


def rewritten(raw: str, text: str, *, key: bool = False) -> str | None:
    """The text as TOML in the manner of what stands there (`"a"`, `'a'`, a bare key); None where that is no such
    text, or one of several lines."""
    if key and _BARE.fullmatch(raw):
        return text if _BARE.fullmatch(text) else _quoted(text)
    if len(raw) < 2 or raw.startswith(('"""', "'''")) or raw[0] not in "\"'" or raw[-1] != raw[0]:
        return None
    try:
        tomllib.loads(f"{raw} = 0" if key else f"x = {raw}")
    except tomllib.TOMLDecodeError:
        return None
    if raw[0] == "'" and "'" not in text and text.isprintable():
        return f"'{text}'"
    return _quoted(text)


def mended(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made. One whose place has another content by now, or that reaches into a place which
    has been changed already, is left out."""
    lines = text.split("\n")
    free: dict[int, int] = {}
    for edit in sorted(set(edits), key=lambda each: (each.line, each.column, each.becomes), reverse=True):
        if not 0 < edit.line <= len(lines):
            continue
        line = lines[edit.line - 1]
        start, end = edit.column - 1, edit.column - 1 + len(edit.was)
        if line[start:end] != edit.was or end > free.get(edit.line, len(line)):
            continue
        lines[edit.line - 1] = line[:start] + edit.becomes + line[end:]
        free[edit.line] = start
    return "\n".join(lines)


def difference(name: str, before: str, after: str) -> str:
    """What was changed, as a unified diff; secrets in it are masked. Empty where nothing was."""
    told = difflib.unified_diff(
        before.splitlines(), after.splitlines(), fromfile=name, tofile=f"{name} (mended)", lineterm="", n=1
    )
    return "\n".join(mask(line) for line in told)


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's; DEL alone has to be escaped in TOML too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
