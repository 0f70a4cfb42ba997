"""What each code means, for the person who has one before them: `check --explain CODE`, and the docs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from batonpass.diagnostics.codes import CODES

DOCS = "docs/findings.md"

_INTRODUCTION = """\
# Findings of `batonpass check`

Every finding has a code that keeps its meaning, the file, line and column, and where it can be known what was meant.
`batonpass check --explain CODE` prints one part of this page; `batonpass check --fix` mends what is marked *mended by
--fix*, and nothing else.
"""
_TITLES = (
    ("TF0", "The file itself"),
    ("TF1", "Its shape"),
    ("BC", "`config.toml`"),
    ("HM1", "A helpdesk mapping by itself"),
    ("HM2", "A helpdesk mapping and the account"),
    ("HM3", "A mapping of facts"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    code: str
    means: str
    """One sentence."""
    why: str
    """What happens if it stays as it is."""
    do: str
    """How to mend it."""
    wrong: str = ""
    right: str = ""
    fixed: bool = False
    """Whether `--fix` mends it, at least in some cases."""

    def markdown(self) -> str:
        parts = [f"### {self.code}", self.means, self.why, f"What to do: {self.do}"]
        if self.wrong:
            parts.append(f"```toml\n# finding\n{self.wrong}\n# as it should be\n{self.right}\n```")
        if self.fixed:
            parts.append("*Mended by --fix* where what was meant is certain.")
        return "\n\n".join(parts) + "\n"


def page_of(code: str) -> str:
    """Where in the docs the code is explained."""
    return f"{DOCS}#{code.lower()}"


@cache
def pages() -> Mapping[str, Page]:
    """Every code's page, in the order of the table of codes."""
    written = tomllib.loads(files(__package__).joinpath("pages.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {code: Page(code=code, means=means, **written.get(code, _UNWRITTEN)) for code, means in CODES.items()}
    )


def whole_page() -> str:
    """`docs/findings.md` as it has to stand."""
    parts = [_INTRODUCTION]
    for start, title in _TITLES:
        parts.append(f"## {title}\n")
        parts += [page.markdown() for code, page in pages().items() if code.startswith(start)]
    return "\n".join(parts)


_UNWRITTEN = {"why": "", "do": "see the finding's own words."}
