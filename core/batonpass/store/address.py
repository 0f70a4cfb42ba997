"""Where a store is, as `store.url` says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A file on this machine's disk, or a PostgreSQL database."""

    path: Path | None
    url: str
    """Of PostgreSQL: with its password, so never shown."""

    @classmethod
    def file(cls, path: Path) -> StoreAddress:
        return cls(path, f"{SQLITE}{path}")

    @classmethod
    def parse(cls, url: str, *, folder: Path) -> StoreAddress:
        """Raises ValueError for anything but `sqlite:///PATH` (relative to `folder`) and `postgresql://…`."""
        if url.startswith(SQLITE) and len(url) > len(SQLITE):
            return cls(folder / url.removeprefix(SQLITE), url)
        if url.startswith(POSTGRES) and urlsplit(url).path.strip("/"):
            return cls(None, url)
        raise ValueError("sqlite:///PATH or postgresql://USER@HOST/DATABASE")

    @property
    def name(self) -> str:
        """For people: without a password."""
        if self.path is not None:
            return str(self.path)
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return f"postgresql://{parts.hostname or 'localhost'}{port}{parts.path}"
