"""What each installed connector supports, from its manifest: the table of `batonpass connectors` and the docs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from batonpass.domain.event import EventKind
from batonpass.ports import Capability, Manifest

REGISTERED_BY_API = "by its API"
REGISTERED_BY_HAND = "by hand"
NO_WEBHOOKS = "none"
_Row = Capability | EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """One connector's row of every table."""

    name: str
    title: str
    capabilities: frozenset[Capability]
    conditional: bool
    """Whether the settings of a connection decide which of them it has."""
    events: Mapping[EventKind, tuple[str, ...]]
    """What can arrive → the vendor's words for it."""
    scheme: str | None
    """How a delivery proves itself; None where nothing is delivered."""
    hint_only: bool
    needs_public_url: bool
    registered: str


def support_of(manifests: Iterable[Manifest]) -> tuple[Support, ...]:
    return tuple(_support(manifest) for manifest in manifests)


def _support(manifest: Manifest) -> Support:
    door = manifest.webhooks
    by_api = Capability.REGISTER_WEBHOOKS in manifest.capabilities
    return Support(
        name=manifest.name,
        title=manifest.title,
        capabilities=manifest.capabilities,
        conditional=manifest.narrow is not None,
        events={} if door is None else _events(door.kinds),
        scheme=None if door is None else door.scheme,
        hint_only=door is not None and door.hint_only,
        needs_public_url=door is not None and door.needs_public_url,
        registered=NO_WEBHOOKS if door is None else REGISTERED_BY_API if by_api else REGISTERED_BY_HAND,
    )


def _events(kinds: Mapping[str, tuple[EventKind, ...]]) -> Mapping[EventKind, tuple[str, ...]]:
    told = {kind: tuple(word for word, means in kinds.items() if kind in means) for kind in EventKind}
    return {kind: words for kind, words in told.items() if words and kind is not EventKind.UNKNOWN}


def as_markdown(supports: Sequence[Support]) -> str:
    """Four tables: what connections can do, what can arrive, how it proves itself, and the vendors' own words."""
    return "\n\n".join(
        (
            "## What a connection can do",
            _grid(supports, Capability, lambda each, row: row in each.capabilities),
            *_conditions(supports),
            "## What can arrive by webhook",
            _grid(supports, _told_kinds(), lambda each, row: row in each.events),
            "## How a delivery proves itself",
            _proofs(supports),
            "## The vendors' own words",
            _words(supports),
        )
    )


def _told_kinds() -> list[EventKind]:
    return [kind for kind in EventKind if kind is not EventKind.UNKNOWN]


def _conditions(supports: Sequence[Support]) -> tuple[str, ...]:
    titles = ", ".join(each.title for each in supports if each.conditional)
    return (f"{titles}: the settings of a connection decide which of these it has.",) if titles else ()


def _grid(supports: Sequence[Support], rows: Iterable[_Row], has: Callable[[Support, _Row], bool]) -> str:
    head = ("", *(each.title for each in supports))
    body = [(f"`{row}`", *("yes" if has(each, row) else "" for each in supports)) for row in rows]
    return _table(head, body)


def _proofs(supports: Sequence[Support]) -> str:
    head = ("", "signature", "webhooks are registered", "")
    return _table(
        head, [(each.title, each.scheme or "", each.registered, _remark(each)) for each in supports]
    )


def _remark(support: Support) -> str:
    remarks = (
        (support.hint_only, "nothing is signed: a delivery is a reason to read, and never believed"),
        (support.needs_public_url, "needs `server.public_url`, which is part of what is signed"),
    )
    return "; ".join(words for is_so, words in remarks if is_so)


def _words(supports: Sequence[Support]) -> str:
    head = ("", "event", "the vendor's words")
    rows = [
        (each.title, f"`{kind}`", ", ".join(f"`{word}`" for word in words))
        for each in supports
        for kind, words in each.events.items()
    ]
    return _table(head, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (_line(head), _line(["--"] * len(head)), *(_line(row) for row in rows))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
