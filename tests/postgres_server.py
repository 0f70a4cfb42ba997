"""PostgreSQL for the tests: one server for the whole run, and one of a test's own to crash. Skips where there is none."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from batonpass.testing.postgres import PostgresNotFoundError, PostgresServer
from batonpass.testing.postgres_cluster import remove_cluster, server_folder
from batonpass.testing.postgres_databases import create_database, drop_database
from batonpass.testing.postgres_programs import programs

FOLDER = "postgres_folder"
OWNER = "postgres_owner"
_folder = pytest.StashKey[Path]()
_server = pytest.StashKey[PostgresServer]()


def pytest_configure(config: pytest.Config) -> None:
    """Whoever starts the run names the folder; the first test that needs the server starts it there."""
    if not hasattr(config, "workerinput"):
        config.stash[_folder] = server_folder()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[FOLDER] = str(node.config.stash[_folder])
    node.workerinput[OWNER] = os.getpid()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last act of the run. A worker leaves the server it started to whoever started the run."""
    if folder := config.stash.get(_folder, None):
        if server := config.stash.get(_server, None):
            server.close()
        remove_cluster(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def postgres_server_url(pytestconfig: pytest.Config) -> str:
    """The one server of this run, which does not wait for the disk: the first worker that asks starts it."""
    _skip_without_postgres()
    given: dict[str, Any] = getattr(pytestconfig, "workerinput", {})
    folder = Path(given[FOLDER]) if given else pytestconfig.stash[_folder]
    address = folder / "address"
    with _locked(folder):
        if not address.exists():
            server = PostgresServer(
                fsync=False, max_connections=300, folder=folder, owner=given.get(OWNER, os.getpid())
            )
            pytestconfig.stash[_server] = server
            server.start()
            address.write_text(server.url)
    return address.read_text()


@pytest.fixture
def postgres_url(postgres_server_url: str) -> Iterator[str]:
    """A fresh, empty database on the shared server."""
    url = create_database(postgres_server_url)
    yield url
    drop_database(url)


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A running server of the test's own, which keeps what it has committed through any crash."""
    _skip_without_postgres()
    with PostgresServer() as server:
        yield server


def _skip_without_postgres() -> None:
    try:
        programs()
    except PostgresNotFoundError as error:
        pytest.skip(str(error))
