"""Every failpoint that there is, read from the code itself: so none can be forgotten."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import batonpass
from batonpass.domain.handoff import StepKind

_ROOT = Path(batonpass.__file__).parent
_OWN = _ROOT / "testing"
_KIND = "step.kind"
"""The one expression that may stand in a failpoint's name."""


def crash_points(root: Path = _ROOT) -> tuple[str, ...]:
    """The names, sorted; a name with the step's kind in it stands for all kinds. Raises ValueError for a name that
    cannot be told from the code."""
    found = {name for path in sorted(root.rglob("*.py")) if _OWN not in path.parents for name in _in(path)}
    return tuple(sorted(found))


def _in(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if "failpoint(" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "failpoint":
            yield from _names(node.args[0], f"{path.name}:{node.lineno}")


def _names(name: ast.expr, where: str) -> Iterator[str]:
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        yield name.value
        return
    if not isinstance(name, ast.JoinedStr):
        raise ValueError(  # noqa: TRY004 - the code is wrong, not a value's type
            f"{where}: a failpoint's name is a string, or one with {{{_KIND}}} in it"
        )
    for kind in StepKind:
        yield "".join(_part(part, kind, where) for part in name.values)


def _part(part: ast.expr, kind: StepKind, where: str) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    if isinstance(part, ast.FormattedValue) and ast.unparse(part.value) == _KIND:
        return kind.value
    raise ValueError(f"{where}: only {{{_KIND}}} may stand in a failpoint's name")


def kind_of(point: str) -> StepKind | None:
    """The step whose failpoint this is; None where it is no step's."""
    room, _, rest = point.partition(".")
    return StepKind(rest.rpartition(".")[0]) if room == "step" and "." in rest else None
