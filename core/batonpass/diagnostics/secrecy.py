"""Keeps secrets that were written into a file out of what we print about it."""

from __future__ import annotations

import re
from collections.abc import Callable

# The start of a key only, so that a long line costs linear time.
_KEY = r"""(?<![\w"'.\-])(?P<key>[\w"'.\-]+\s*=\s*)"""
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"?|'[^']*'?""")
_PAIR = re.compile(rf"{_KEY}(?P<value>{_STRING.pattern}|[^,{{}}\[\]\s][^,}}\]]*)")
_LIST = re.compile(rf"{_KEY}(?P<value>\[[^\]]*)")
_SECRET_WORD = re.compile(
    r"secret|token|passw|api_?key|private_?key|access_?key|credential|authorization|signing", re.IGNORECASE
)
_REFERENCE = re.compile(r"""["']?(?:env|file):""")
_TOKEN = re.compile(r"[A-Za-z0-9_\-+=]{20,}")
_URL_PASSWORD = re.compile(r"(://[^\s:/@\"']*:)([^\s@\"']{1,200})(@)")


def looks_secret(text: str) -> bool:
    """Whether the text has the shape of a key or token: long, without spaces, letters and digits mixed."""
    return any(_is_random(found[0]) for found in _TOKEN.finditer(text))


def mask(line: str) -> str:
    """The line with everything that may be a secret as asterisks of the same number; other columns stay."""
    line = _URL_PASSWORD.sub(lambda found: found[1] + "*" * len(found[2]) + found[3], line)
    line = _PAIR.sub(lambda found: _if_secret(found, _hidden), line)
    line = _LIST.sub(lambda found: _if_secret(found, _hidden_texts), line)
    return _STRING.sub(lambda found: _without_tokens(found[0]), line)


def mask_all(line: str, column: int, length: int) -> str:
    """The line with every text on it and these characters hidden, but for references (`"env:NAME"`)."""
    line = _hidden_texts(line)
    start, end = column - 1, column - 1 + length
    return line[:start] + _hidden(line[start:end]) + line[end:]


def _if_secret(found: re.Match[str], hide: Callable[[str], str]) -> str:
    return found["key"] + (hide(found["value"]) if _SECRET_WORD.search(found["key"]) else found["value"])


def _hidden_texts(values: str) -> str:
    return _STRING.sub(lambda found: _hidden(found[0]), values)


def _hidden(value: str) -> str:
    if _REFERENCE.match(value) or value.strip() in {"", "true", "false", "{", "["}:
        return value
    quoted = len(value) >= 2 and value[0] in "\"'" and value[-1] == value[0]
    return value[0] + "*" * (len(value) - 2) + value[-1] if quoted else "*" * len(value)


def _without_tokens(string: str) -> str:
    if _REFERENCE.match(string):
        return string
    return _TOKEN.sub(lambda found: "*" * len(found[0]) if _is_random(found[0]) else found[0], string)


def _is_random(text: str) -> bool:
    return any(char.isdigit() for char in text) and any(char.isalpha() for char in text)
