"""`batonpass check --watch`: again whenever a file changes, until it is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from watchfiles import Change, watch

_OURS = (".toml", ".schema.json")
_TICK = 200
"""Milliseconds until a watch that sees nothing says that it has begun."""

Again = Callable[[frozenset[Path]], None]
"""Check, after these files have changed."""
Folders = Callable[[], tuple[Path, ...]]
"""The folders whose files matter now."""
Changes = Callable[[tuple[Path, ...]], Iterable[frozenset[Path]]]
"""Folders → once they are watched, and then each time, the files in them that have changed."""


def whenever_changed(again: Again, folders: Folders, changes: Changes) -> None:
    """Check as soon as the folders are watched, so that no change is missed, and after each change."""
    changed: frozenset[Path] = frozenset()
    while True:
        watched = folders()
        for more in changes(watched):
            changed |= more
            if folders() != watched:
                break
            again(changed)
            changed = frozenset()
        else:
            return


def changes(folders: tuple[Path, ...]) -> Iterator[frozenset[Path]]:
    """Ends with `KeyboardInterrupt`. Editors' own files beside ours are no change."""
    kept = [each for each in (*folders, *(each / ".batonpass" for each in folders)) if each.is_dir()]
    begun = False
    for batch in watch(*kept, watch_filter=_ours, recursive=False, rust_timeout=_TICK, yield_on_timeout=True):
        if batch or not begun:
            begun = True
            yield frozenset(Path(path).resolve() for _, path in batch)


def _ours(_change: Change, path: str) -> bool:
    return path.endswith(_OURS) and not Path(path).name.startswith(".")
