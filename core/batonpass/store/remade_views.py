"""Making the views anew where this release defines them otherwise. A store without them works all the same."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import structlog

from batonpass.store.views import VIEWS, View, is_ours, mark_of

if TYPE_CHECKING:  # an extra
    from psycopg import AsyncConnection

    from batonpass.store.transaction import Row

log = structlog.get_logger()


def on_sqlite(connection: sqlite3.Connection) -> list[str]:
    """In one transaction; gives the names of those that were made. `connection` commits by itself."""
    found = connection.execute("SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view')")
    known = {name: (type_, text) for name, type_, text in found}
    due = [view for view in VIEWS.values() if _is_due(connection, view, *known.get(view.name, ("view", "")))]
    if not due:
        return []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for view in due:
            select = view.on_sqlite()
            connection.execute(f'DROP VIEW IF EXISTS "{view.name}"')
            connection.execute(f'CREATE VIEW "{view.name}" AS /* {mark_of(select)} */ {select}')
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        connection.rollback()
        log.warning("views_not_made", detail=str(error))
        return []
    return [view.name for view in due]


def _is_due(connection: sqlite3.Connection, view: View, type_: str, text: str) -> bool:
    if type_ != "view":
        log.warning("view_not_made", view=view.name, why="there is a table of this name")
        return False
    if mark_of(view.on_sqlite()) in text:
        return False
    try:
        columns = connection.execute(f"SELECT name FROM pragma_table_info('{view.name}')").fetchall()
    except sqlite3.Error:
        return True  # it names what is not there any more
    return is_ours(view, (name for (name,) in columns))


async def on_postgres(connection: AsyncConnection[Row]) -> list[str]:
    """Each in a transaction of its own; gives the names of those that were made.

    What others have built on a view, and who may read it, stays: columns are added at its end.
    """
    from psycopg import Error, sql  # noqa: PLC0415 - an extra

    made = []
    known = await _known(connection)
    for view in VIEWS.values():
        mark = mark_of(view.on_postgres())
        kind, comment, before = known.get(view.name, ("v", None, []))
        if kind != "v":
            log.warning("view_not_made", view=view.name, why="there is a table of this name")
        if kind != "v" or comment == mark or not is_ours(view, before):
            continue
        try:
            async with connection.transaction():
                select = view.on_postgres(before)
                await connection.execute(sql.SQL(f'CREATE OR REPLACE VIEW "{view.name}" AS {select}'))
                await connection.execute(sql.SQL(f"COMMENT ON VIEW \"{view.name}\" IS '{mark}'"))
        except Error as error:
            if connection.closed:
                raise
            log.warning("view_not_made", view=view.name, why=error.diag.message_primary)
        else:
            made.append(view.name)
    return made


async def _known(connection: AsyncConnection[Row]) -> dict[str, tuple[str, str | None, list[str]]]:
    """Of our names: name → (what it is, its comment, its columns in their order)."""
    cursor = await connection.execute(
        "SELECT c.relname::text, c.relkind::text, obj_description(c.oid, 'pg_class'),"
        " array(SELECT a.attname::text FROM pg_attribute AS a"
        " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)"
        " FROM pg_class AS c WHERE c.relname = ANY(%s) AND c.relnamespace = current_schema()::regnamespace",
        (list(VIEWS),),
    )
    found = await cursor.fetchall()
    await connection.commit()
    return {name: (kind, comment, columns) for name, kind, comment, columns in found}
