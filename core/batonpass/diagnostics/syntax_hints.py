"""What was probably meant where a file is no TOML."""

from __future__ import annotations

import re
from collections.abc import Sequence

from batonpass.diagnostics.secrecy import mask

_KEY_QUOTES = "a name with other signs than a-z, 0-9, - and _ stands in quotes"
_ONE_LINE = (
    "a table in { } stands on one line, its parts with commas between them; "
    "a long one has a [table] of its own"
)
_NO_QUOTE = "the closing quote is missing"
_HINTS = (
    ("Unterminated string", _NO_QUOTE),
    ("Expected '\"'", _NO_QUOTE),
    ("Illegal character '\\n'", _NO_QUOTE),
    ("Unescaped '\\'", "write \\\\ for a backslash, or put the text in single quotes"),
    ("Expected '=' after a key", f"a line is `key = value`; {_KEY_QUOTES}"),
    ("Expected ']' at the end of a table", _KEY_QUOTES),
    ("Expected newline or end of document", "one `key = value` per line"),
    ("Unclosed array", "the comma before this, or the closing ], is missing"),
    ("Unclosed inline table", _ONE_LINE),
    ("Invalid initial character for a key part", _KEY_QUOTES),
)
_MERGE = re.compile(r"(?:<<<<<<<|=======|>>>>>>>|\|\|\|\|\|\|\|)(?: |$)")
_OPEN_TABLE = re.compile(r"[{,]\s*(?:#.*)?$")
_BARE_WORD = re.compile(r"[^\s\"'\[{,}\]#]+")
_QUOTES_OF_WORD_PROCESSORS = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a«»"
_BOOLEAN = re.compile(r"(?:true|false)$", re.IGNORECASE)
_STATEMENT = re.compile(r"\[|[\w\"'.-]{1,200}\s{0,9}=")
_ARRAY = re.compile(r"[^#=\[]{1,200}=\s{0,9}(?=\[)")
_DECIMAL_COMMA = re.compile(r"=\s{0,9}[+-]?\d{1,15}$")


def syntax_hint(message: str, line: str, column: int) -> str | None:
    """`message` is tomllib's, about this column of this line, from 1."""
    if _MERGE.match(line):
        return "left by a merge: keep the lines of one side, and take out those with <<<<<<<, ======= and >>>>>>>"
    start = column - 1
    rest, before = line[start:], line[start - 1 : start] if start else ""
    if rest.startswith(("//", ";")):
        return "a comment begins with #"
    if before in {'"', "'"} and rest[:1].isalpha():
        return f"the text ends at this {before}: put a text with ' in it into double quotes"
    if message.startswith("Invalid value"):
        return _value_hint(line, start)
    if message.startswith("Invalid initial character") and _OPEN_TABLE.search(line) and not rest.strip():
        return _ONE_LINE
    if message.startswith("Expected ']' at the end of a table") and not rest.strip():
        return "the closing ] is missing"
    if rest[:1] == "," and _DECIMAL_COMMA.search(line[:start]):
        return "the decimals of a number stand after a point: 0.5"
    return next((hint for start_of, hint in _HINTS if message.startswith(start_of)), None)


def _value_hint(line: str, start: int) -> str:
    if line[start : start + 1] in _QUOTES_OF_WORD_PROCESSORS and line[start:]:
        return 'these quotes come from a word processor: write " in their place'
    word = _BARE_WORD.match(line, start)
    if word is None:
        return "a value is missing here"
    if _BOOLEAN.match(word[0]):
        return f"write {word[0].lower()}, in small letters"
    return f'text stands in quotes: "{word[0]}"' if mask(line) == line else "text stands in quotes"


def opening_of_array(lines: Sequence[str], number: int, column: int) -> tuple[int, int] | None:
    """Where the list begins that is not closed before the statement at this place, line and column from 1; None where
    something else stands there."""
    if not _STATEMENT.match(lines[number - 1], column - 1):
        return None
    for earlier in range(number - 1, 0, -1):
        found = _ARRAY.match(lines[earlier - 1])
        if found:
            return earlier, found.end() + 1
    return None
