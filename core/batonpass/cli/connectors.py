"""`batonpass connectors`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from batonpass.app.registry import connectors as installed
from batonpass.app.support import Support, as_markdown, support_of
from batonpass.cli.options import AsJson
from batonpass.cli.terminal import print_json, stderr, stdout

AsMarkdown = Annotated[
    bool, typer.Option("--markdown", help="Print the tables of docs/connectors.md on stdout.")
]


def connectors(as_json: AsJson = False, markdown: AsMarkdown = False) -> None:
    """List the installed connectors and what they can do.

    Also what can arrive from each by webhook, and how a delivery proves itself. Calls nobody and reads no
    configuration. Exit codes: 0 always.
    """
    supports = support_of(installed().values())
    if as_json:
        print_json("batonpass.connectors/1", connectors=[_as_json(each) for each in supports])
    elif markdown:
        print(as_markdown(supports))  # noqa: T201 - the data itself, unstyled
    else:
        _show(supports)


def _as_json(support: Support) -> dict[str, object]:
    return {
        "name": support.name,
        "title": support.title,
        "capabilities": sorted(support.capabilities),
        "settings_decide": support.conditional,
        "events": {kind.value: list(words) for kind, words in support.events.items()},
        "signature": support.scheme,
        "hint_only": support.hint_only,
        "needs_public_url": support.needs_public_url,
        "webhooks": support.registered,
    }


def _show(supports: Sequence[Support]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for title in ("connector", "can", "webhooks", "events"):
        table.add_column(title, overflow="fold")
    for each in supports:
        can = ", ".join(sorted(each.capabilities))
        table.add_row(each.name, can, each.registered, ", ".join(each.events))
    stdout().print(table)
    stderr().print("next: batonpass connectors --markdown (every word), or: batonpass init FOLDER")
