"""Where PostgreSQL is installed, and as whom it may run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypedDict

_DEBIAN = Path("/usr/lib/postgresql")


class PostgresNotFoundError(Exception):
    """There is no PostgreSQL server on this machine; the message is the one line that says how to get it."""


class _Account(TypedDict, total=False):
    user: str
    group: int
    extra_groups: list[str]


def _folders() -> Iterator[Path]:
    if asked := shutil.which("pg_config"):
        answer = subprocess.run(  # noqa: S603 - a fixed command
            [asked, "--bindir"], check=False, capture_output=True, text=True
        )
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    numbered = (folder for folder in _DEBIAN.glob("*") if folder.name.isdecimal())
    for version in sorted(numbered, key=lambda folder: int(folder.name), reverse=True):
        yield version / "bin"
    yield from (Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder)


def programs() -> Path:
    """The folder that holds `initdb` and `postgres`; raises PostgresNotFoundError where there is none."""
    for folder in _folders():
        # pg_config comes with the client's headers too: it may name a folder without a server in it.
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    raise PostgresNotFoundError("PostgreSQL is not installed here; on Debian: apt-get install postgresql")


def account() -> pwd.struct_passwd | None:
    """Whom the server runs as, or None for whoever we are: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def as_account() -> _Account:
    """The same for `subprocess`."""
    who = account()
    return {} if who is None else {"user": who.pw_name, "group": who.pw_gid, "extra_groups": []}


def environment() -> Mapping[str, str]:
    """Ours without PGDATA, PGPORT and their like, which would point the programs at another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
