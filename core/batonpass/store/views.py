"""The views that people may query: one of each kind of the vendors' records, and one of the handoffs' times.

The same names and columns on both databases: texts, whole numbers, booleans as 0 or 1, lists as JSON, times as
`2026-11-21T10:42:00Z`. Deleted and forgotten records are left out.

They are no part of a migration, for those never change: whoever opens a store makes those anew whose definition is
another one (`remade`). So a new column in `COLUMNS` is in its view after the next start. Columns are only ever added: the
release before this one leaves a view alone that has columns which it does not know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from batonpass.domain.synced import COLUMNS, RecordKind
from batonpass.store.synced import THERE

TEXT, INTEGER, BOOLEAN, LIST, TIME = "text", "integer", "boolean", "list", "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewColumn:
    name: str
    type: str
    """`text`, `integer`, `boolean`, `list` or `time`."""
    sqlite: str
    """The expression that it is."""
    postgres: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    name: str
    kind: RecordKind | None
    """None: of handoffs."""
    columns: tuple[ViewColumn, ...]
    sqlite_from: str
    postgres_from: str
    key: tuple[str, ...]
    """What tells its rows apart, in the order in which they can be read fast."""
    connection: str
    """The column with the connection's name."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.columns)

    def on_sqlite(self) -> str:
        columns = ", ".join(f'{each.sqlite} AS "{each.name}"' for each in self.columns)
        return f"SELECT {columns} FROM {self.sqlite_from}"

    def on_postgres(self, before: Sequence[str] = ()) -> str:
        """`before`: the columns that it has already, which stay in their places."""
        order = {name: place for place, name in enumerate(before)}
        columns = sorted(self.columns, key=lambda each: order.get(each.name, len(order)))
        told = ", ".join(f'{each.postgres} AS "{each.name}"' for each in columns)
        return f"SELECT {told} FROM {self.postgres_from}"


def mark_of(select: str) -> str:
    """Tells one definition from another."""
    return f"batonpass {hashlib.sha256(select.encode()).hexdigest()[:16]}"


def is_ours(view: View, columns: Iterable[str]) -> bool:
    """Whether a view with these columns may be made anew by this release: a later one knows others, too."""
    return set(columns) <= set(view.names)


def as_text(at: datetime) -> str:
    """As a view shows it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


# What they are made of ------------------------------------------------------------------------------------------------


def _time(name: str, ms: str, ms_on_postgres: str | None = None) -> ViewColumn:
    on_postgres = f"to_timestamp(({ms_on_postgres or ms}) / 1000) AT TIME ZONE 'UTC'"
    return ViewColumn(
        name=name,
        type=TIME,
        sqlite=f"strftime('%Y-%m-%dT%H:%M:%SZ', ({ms}) / 1000, 'unixepoch')",
        postgres=f"""to_char({on_postgres}, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
    )


def _same(name: str, expression: str) -> ViewColumn:
    return ViewColumn(name=name, type=TEXT, sqlite=expression, postgres=expression)


_ON_POSTGRES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        TEXT: ("text", '{0}."{1}"'),
        LIST: ("text", '{0}."{1}"'),
        # What is no number after all must not spoil the whole table.
        INTEGER: (
            "jsonb",
            """CASE WHEN jsonb_typeof({0}."{1}") = 'number' THEN trunc({0}."{1}"::numeric)::bigint END""",
        ),
        BOOLEAN: (
            "jsonb",
            """CASE WHEN jsonb_typeof({0}."{1}") = 'boolean' THEN ({0}."{1}"::boolean)::integer END""",
        ),
    }
)
"""Type → as which it is taken out of the JSON document, and what is made of it."""


def _of_record(name: str, type_: str) -> ViewColumn:
    return ViewColumn(
        name=name,
        type=TIME if name.endswith("_at") or name in {"at", "answer_by"} else type_,
        sqlite=f"json_extract(data, '$.{name}')",
        postgres=_ON_POSTGRES[type_][1].format("d", name),
    )


def _of_records(name: str, kind: RecordKind) -> View:
    columns = COLUMNS[kind]
    taken = ", ".join(f'"{each}" {_ON_POSTGRES[type_][0]}' for each, type_ in columns.items())
    where = f"s.kind = '{kind.value}' AND s.deleted = {THERE}"
    # PostgreSQL has no U+0000 in a text.
    document = r"replace(s.data, '\u0000', '\ufffd')::jsonb"
    return View(
        name=name,
        kind=kind,
        columns=(
            _same("connection", "s.connection"),
            _same("id", "s.id"),
            _time("changed_at", "s.changed_at"),
            _time("read_at", "s.read_at"),
            *(_of_record(each, type_) for each, type_ in columns.items()),
        ),
        sqlite_from=f"synced AS s WHERE {where}",
        postgres_from=f"synced AS s CROSS JOIN LATERAL jsonb_to_record({document}) AS d({taken}) WHERE {where}",
        key=("connection", "id"),
        connection="connection",
    )


def _step_done(*kinds: str) -> str:
    named = ", ".join(f"'{each}'" for each in kinds)
    return (
        "SELECT min(done_at) FROM steps"
        f" WHERE steps.handoff_id = h.id AND steps.kind IN ({named}) AND steps.status = 'done'"
    )


def _life(first: str, kind: str) -> str:
    return f"SELECT {first}(at) FROM life WHERE life.handoff_id = h.id AND life.kind = '{kind}'"


_HANDOFFS = View(
    name="handoff_times",
    kind=None,
    columns=(
        _same("id", "h.id"),
        _same("helpdesk", "h.helpdesk"),
        _same("ticket_id", "h.ticket_id"),
        _same("ai_agent", "h.ai_agent"),
        _same("state", "h.state"),
        _same("reason", "h.reason"),
        _time("changed_at", "h.updated_at"),
        _time("asked_at", "h.created_at"),
        _time("ticketed_at", _step_done("open_ticket", "pass_conversation", "enrich_ticket")),
        _time("announced_at", _step_done("announce")),
        _time("accepted_at", _life("min", "accepted")),
        _time("resolved_at", _life("max", "resolved")),
    ),
    sqlite_from="handoffs AS h",
    postgres_from="handoffs AS h",
    key=("id",),
    connection="helpdesk",
)

_NAMES: Mapping[RecordKind, str] = MappingProxyType(
    {
        RecordKind.CUSTOMER: "customers",
        RecordKind.COMPANY: "companies",
        RecordKind.DEAL: "deals",
        RecordKind.TICKET: "tickets",
        RecordKind.AGENT: "agents",
        RecordKind.GROUP: "groups",
        RecordKind.FIELD: "fields",
        RecordKind.RATING: "ratings",
        RecordKind.SUBSCRIPTION: "subscriptions",
        RecordKind.INVOICE: "invoices",
        RecordKind.DISPUTE: "disputes",
    }
)

VIEWS: Mapping[str, View] = MappingProxyType(
    {name: _of_records(name, kind) for kind, name in _NAMES.items()} | {_HANDOFFS.name: _HANDOFFS}
)
"""By name."""
