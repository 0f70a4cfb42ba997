"""E-mail addresses in vendors' records, and records without the address of somebody who has asked to be forgotten: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import unquote

from batonpass.domain.synced import Record
from batonpass.store.mentions import Mentions
from batonpass.store.people import normalised

_ADDRESS = re.compile(r"[^\s@<>()\[\]{},;:\"|\\/=?&]+@[\w.-]+")
_AROUND = "'.-*_"


def addresses_in(record: Record) -> set[str]:
    """As they are compared."""
    texts = [*_texts(record.columns), *_texts(record.document), *(key.value for key in record.keys)]
    return {
        normalised(found.strip(_AROUND))
        for text in map(_with_unescaped, texts)
        if "@" in text
        for found in _ADDRESS.findall(text)
    }


def _with_unescaped(text: str) -> str:
    """The text, and as it reads where URLs and HTML escape what addresses are made of."""
    if "%40" in text:
        text = f"{text} {unquote(text)}"
    return f"{text} {unescape(text)}" if "&#" in text or "&commat;" in text else text


def masked(record: Record, addresses: Sequence[str]) -> Record:
    """The record with a mask in the place of these addresses; known by none of them."""
    for mentions in map(Mentions, addresses):
        record = replace(
            record,
            columns=_masked(record.columns, mentions),
            document=_masked(record.document, mentions),
            keys=tuple(key for key in record.keys if not mentions.are_in(key.value)),
        )
    return record


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _masked(value: Any, mentions: Mentions) -> Any:
    if isinstance(value, str):
        return mentions.masked(value) if mentions.are_in(value) else value
    if isinstance(value, Mapping):
        return {_masked(name, mentions): _masked(each, mentions) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, mentions) for each in value]
    return tuple(_masked(each, mentions) for each in value) if isinstance(value, tuple) else value
