"""JSON from outside, parsed in one guarded place.

`json.loads` accepts NaN and duplicate keys, raises `RecursionError` on depth and passes lone surrogates on;
stricter parsers refuse a whole handoff for half an emoji. This one refuses protocol nonsense with a reason and
mends text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from batonpass.domain.text import REPLACEMENT, mend

# What mending could change: an escaped control or surrogate, or a raw control or DEL byte; C1 controls are C2 80-9F.
_SUSPECT = re.compile(
    rb"\\u00[0189]|\\u007f|\\u[dD][89a-fA-F]|\\[rbf]|[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]"
)


class JsonError(ValueError):
    """The bytes are no JSON that we take. The message says why and never quotes them."""


@dataclass(frozen=True, slots=True)
class ParsedJson:
    value: Any
    mended: bool
    """Whether some text held what cannot be stored (NUL, half an emoji, broken UTF-8) and was replaced."""


def parse_json(data: bytes) -> ParsedJson:
    """The value in a request. Raises `JsonError`.

    Duplicate keys, NaN, Infinity, numbers of over 4300 digits and nesting beyond Python's limit are refused.
    """
    text, broken = _decode(data)
    value = _loaded(text, object_pairs_hook=_unique, strict=False)
    if not _SUSPECT.search(data):
        return ParsedJson(value, mended=broken)
    mended = _mended(value)
    return ParsedJson(mended, mended=broken or _marks(mended) != _marks(value))


def parse_answer(data: bytes) -> Any:
    """The value in a vendor's answer, text mended. Raises `JsonError`.

    As `parse_json`, but for duplicate keys: looking for them doubles the cost, and no vendor sends any.
    """
    text, _ = _decode(data)
    value = _loaded(text)
    return _mended(value) if b"\\u" in data and _SUSPECT.search(data) else value


def _loaded(text: str, **how: Any) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, **how)
    except RecursionError:
        raise JsonError("the JSON is nested too deeply") from None
    except JsonError:
        raise
    except json.JSONDecodeError as error:
        raise JsonError(f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError:
        raise JsonError("a number has too many digits") from None


def _decode(data: bytes) -> tuple[str, bool]:
    try:
        return data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        return data.decode("utf-8-sig", errors="replace"), True


def _refuse_constant(name: str) -> NoReturn:
    raise JsonError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise JsonError("an object has the same key twice")
    return made


def _mended(value: Any) -> Any:
    try:
        return _mend(value)
    except RecursionError:  # it takes more of the stack for a level than the parser does
        raise JsonError("the JSON is nested too deeply") from None


def _mend(value: Any) -> Any:
    match value:
        case str():
            return mend(value)
        case dict():
            return {mend(key): _mend(item) for key, item in value.items()}
        case list():
            return [_mend(item) for item in value]
        case _:
            return value


def _marks(value: Any) -> int:
    """How many U+FFFD stand in it: more after mending means that text was lost, not only its line ends changed."""
    return json.dumps(value, ensure_ascii=False).count(REPLACEMENT)
