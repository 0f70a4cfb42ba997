"""The PostgreSQL server that tests and benchmarks start for themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from batonpass.testing import process_tree
from batonpass.testing.postgres import PostgresFailedError, PostgresNotFoundError, PostgresServer
from batonpass.testing.postgres_databases import create_database, drop_database
from batonpass.testing.postgres_programs import environment, programs

OWNER = """
import time
from batonpass.testing.postgres import PostgresServer

with PostgresServer(fsync=False) as server:
    print(server.url, flush=True)
    time.sleep(600)
"""


def _said(url: str, question: str) -> list[object]:
    with psycopg.connect(url, connect_timeout=10) as connection:
        return [value for (value,) in connection.execute(question)]  # type: ignore[arg-type]


def _with_table(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('committed')")


def _vanishes(folder: Path) -> bool:
    for _ in range(200):
        if not folder.exists():
            return True
        time.sleep(0.1)
    return False


def test_two_databases_of_the_shared_server_know_nothing_of_each_other(
    postgres_url: str, postgres_server_url: str
) -> None:
    _with_table(postgres_url)

    assert postgres_url != postgres_server_url
    assert _said(postgres_server_url, "SELECT tablename FROM pg_tables WHERE tablename = 'kept'") == []
    assert _said(postgres_url, "SHOW server_encoding") == ["UTF8"]
    assert _said(postgres_url, "SHOW fsync") == ["off"]


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_gets_an_empty_database(postgres_url: str, turn: str) -> None:
    assert _said(postgres_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []

    _with_table(postgres_url)


def test_a_crash_keeps_what_was_committed_and_nothing_else_at_the_same_address(
    own_postgres: PostgresServer,
) -> None:
    first, second = own_postgres.new_database(), own_postgres.new_database()
    _with_table(first)
    with psycopg.connect(first) as connection:
        connection.execute("INSERT INTO kept VALUES ('not committed')")

        own_postgres.kill()

        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first, connect_timeout=5)

    own_postgres.start()
    own_postgres.restart()

    assert _said(first, "SELECT word FROM kept") == ["committed"]
    assert _said(second, "SELECT tablename FROM pg_tables WHERE tablename = 'kept'") == []
    assert _said(first, "SHOW fsync") == ["on"]


def test_a_paused_server_answers_only_after_it_is_resumed(own_postgres: PostgresServer) -> None:
    with ThreadPoolExecutor() as others:
        own_postgres.pause()
        asked = others.submit(_said, own_postgres.url, "SELECT 1")
        with pytest.raises(TimeoutError):
            asked.result(timeout=0.5)

        own_postgres.resume()

        assert asked.result() == [1]


def test_a_smart_stop_waits_for_clients_and_says_so_where_they_stay(own_postgres: PostgresServer) -> None:
    with psycopg.connect(own_postgres.url) as connection:
        with pytest.raises(PostgresFailedError, match=r"still runs 0\.3 s after stop\('smart'\)"):
            own_postgres.stop("smart", within=0.3)

        assert connection.execute("SELECT 1").fetchone() == (1,)

    own_postgres.kill()


def test_a_dropped_database_is_gone_although_a_client_was_in_it(postgres_server_url: str) -> None:
    url = create_database(postgres_server_url)
    with psycopg.connect(url) as connection:
        drop_database(url)

        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_nothing_is_left_after_an_error_even_in_a_paused_server(postgres_server_url: str) -> None:
    with pytest.raises(ZeroDivisionError), PostgresServer() as server:  # noqa: PT012 - the error is the point
        folder = Path(str(_said(server.url, "SHOW data_directory")[0])).parent
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        processes = [pid, *process_tree.children(pid)]
        server.pause()
        raise ZeroDivisionError

    assert not folder.exists()
    assert process_tree.gone(processes, within=10)
    with pytest.raises(PostgresFailedError, match="call start"):
        server.new_database()


def test_a_killed_owner_takes_its_server_along(postgres_server_url: str) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    url = owner.stdout.readline().strip()
    folder = Path(str(_said(url, "SHOW data_directory")[0])).parent
    pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])

    owner.kill()
    owner.wait()
    owner.stdout.close()

    assert process_tree.gone([pid], within=20)
    assert _vanishes(folder)


def test_a_server_that_cannot_start_says_what_its_log_says(postgres_server_url: str) -> None:
    server = PostgresServer(max_connections=10_000_000)

    with pytest.raises(PostgresFailedError, match="max_connections"), server:
        pass


def test_without_postgresql_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("batonpass.testing.postgres_programs._DEBIAN", tmp_path)

    with pytest.raises(PostgresNotFoundError) as refused:
        PostgresServer().start()

    assert str(refused.value) == "PostgreSQL is not installed here; on Debian: apt-get install postgresql"


def test_an_environment_made_for_another_server_does_not_lead_astray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "xx_XX.nowhere")

    given = environment()

    assert "PGDATA" not in given
    assert (given["LC_ALL"], given["PATH"]) == ("C", os.environ["PATH"])


def test_the_newest_version_of_debian_wins_over_an_older_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for version in ("9", "17", "16"):
        (tmp_path / version / "bin").mkdir(parents=True)
        for name in ("initdb", "postgres"):
            shutil.copy("/bin/sh", tmp_path / version / "bin" / name)
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr("batonpass.testing.postgres_programs._DEBIAN", tmp_path)

    assert programs() == tmp_path / "17" / "bin"
