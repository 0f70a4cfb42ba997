"""Databases made and dropped on a PostgreSQL server that tests may use as they like."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql


def create_database(server_url: str) -> str:
    """A fresh, empty database on the server that `server_url` reaches; gives its URL."""
    name = f"batonpass_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def drop_database(url: str) -> None:
    """Remove what `create_database` gave; whoever is still connected to it is cut off."""
    parts = urlsplit(url)
    name = sql.Identifier(parts.path.removeprefix("/"))
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
