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
# What the keys of services begin with; each is followed by signs that no word or name is made of.
_KNOWN_KEY = re.compile(
    r"(?<![A-Za-z0-9_\-])(?:"
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|bp_[A-Za-z0-9_\-]{30,}"
    r"|pat-[a-z]{2}\d-[0-9a-f\-]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
    r"|xox[abeoprs]-[A-Za-z0-9\-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_\-]{30,}"
    r"|sk-[A-Za-z0-9_\-]{20,}|SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}|glpat-[A-Za-z0-9_\-]{16,}"
    r"|eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-.]{10,}|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
    r")"
)
_WRITTEN_BEHIND = re.compile(
    r"(?:(?:secret|token|passw(?:or)?d|pwd|api[ _\-]?key)[\"']?\s{0,3}[:=]\s{0,3}[\"']?|bearer\s{1,3})"
    r"(?P<value>[A-Za-z0-9_\-+/=.!$%&*]{8,200})",
    re.IGNORECASE,
)
_LONG_KEY = re.compile(r"[A-Za-z0-9+/=]{32,}")
_URL_PASSWORD = re.compile(r"(://[^\s:/@\"']*:)([^\s@\"']{1,200})(@)")


def looks_secret(text: str) -> bool:
    """Whether the text has the shape of a key or token: long, without spaces, letters and digits mixed."""
    return any(_is_random(found[0]) for found in _TOKEN.finditer(text))


def secrets_in(line: str) -> tuple[tuple[int, int], ...]:
    """Where (from, to) a line of a file has what is surely a key, a token or a password, in a comment too."""
    found = {(each.start(), each.end()) for each in _KNOWN_KEY.finditer(line)}
    found |= {(each.start(2), each.end(2)) for each in _URL_PASSWORD.finditer(line)}
    found |= {
        (each.start("value"), each.end("value"))
        for each in _WRITTEN_BEHIND.finditer(line)
        if _is_random(each["value"])
    }
    found |= {
        (each.start(), each.end()) for each in _LONG_KEY.finditer(line) if len(set(_kinds(each[0]))) == 3
    }
    return tuple(_apart(sorted(found)))


def without_secrets(text: str) -> str:
    """Words of ours about a file, with what may be a secret as asterisks."""
    return _TOKEN.sub(lambda found: "*" * len(found[0]) if _is_random(found[0]) else found[0], _starred(text))


def mask(line: str) -> str:
    """The line with everything that may be a secret as asterisks of the same number; other columns stay."""
    line = _starred(line)
    line = _URL_PASSWORD.sub(lambda found: found[1] + "*" * len(found[2]) + found[3], line)
    line = _PAIR.sub(lambda found: _if_secret(found, _hidden), line)
    line = _LIST.sub(lambda found: _if_secret(found, _hidden_texts), line)
    return _STRING.sub(lambda found: _without_tokens(found[0]), line)


def mask_all(line: str, column: int, length: int) -> str:
    """The line with every text on it and these characters hidden, but for references (`"env:NAME"`)."""
    line = _hidden_texts(line)
    start, end = column - 1, column - 1 + length
    return line[:start] + _hidden(line[start:end]) + line[end:]


def _starred(line: str) -> str:
    for start, end in secrets_in(line):
        line = line[:start] + "*" * (end - start) + line[end:]
    return line


def _apart(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places that overlap as one."""
    apart: list[tuple[int, int]] = []
    for start, end in places:
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def _kinds(text: str) -> str:
    return "".join(
        "0" if each.isdigit() else "A" if each.isupper() else "a" for each in text if each.isalnum()
    )


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
