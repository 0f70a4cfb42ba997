"""A new folder to work in: `config.toml` and the mapping files, from the templates that ship with batonpass."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import batonpass
from batonpass.domain.errors import ConfigurationError

AI_AGENT = "ai-agent"
"""The AI agent that the template names."""
CONFIG = "config.toml"
CALLBACK_SECRET = "callback.secret"  # noqa: S105 - the name of the file that holds it

Changes = Mapping[tuple[str, str], str | int | float]
"""(table, key) → value, for keys that the template has, commented out or not."""

_EXAMPLE = "config.example.toml"
_TABLE = re.compile(r"\[([A-Za-z0-9_.-]+)\]")
_PART = re.compile(r"# ---- (?:Helpdesk(?:s|: (?P<helpdesk>[a-z]+))\b)?.* ----")
"""What begins a part of the template: one helpdesk's, words about them, or whatever comes after them."""


class FolderInUseError(ConfigurationError):
    """Files that would be written are there already. Nothing was written."""

    code = "files_exist"

    def __init__(self, existing: tuple[Path, ...]) -> None:
        names = ", ".join(str(path) for path in existing)
        super().__init__(f"{names}: already there, and nothing is ever overwritten")
        self.existing = existing


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFolder:
    config: Path
    files: tuple[Path, ...]
    """All files that were written."""
    api_key: str
    """The AI agent's key; it stands nowhere else, `config.toml` has its SHA-256."""
    callback_secret: Path | None


def write_folder(
    folder: Path,
    *,
    ai_agent: str = AI_AGENT,
    callback_url: str | None = None,
    helpdesk: str | None = None,
    changes: Changes | None = None,
) -> NewFolder:
    """Write `config.toml` with one helpdesk (None: the template's own), the mapping files of its connections and,
    with a `callback_url`, the secret that signs what goes there.

    Raises `FolderInUseError` where one of them is there, `ConfigurationError` where the folder cannot be written.
    """
    api_key = f"bp_{secrets.token_urlsafe(32)}"
    agent = f"agents.{AI_AGENT}"
    wanted: dict[tuple[str, str], str | int | float] = {(agent, "key_sha256"): sha256(api_key)}
    contents: dict[Path, str] = {}
    secret_path = None
    if callback_url is not None:
        secret_path = folder / CALLBACK_SECRET
        wanted |= {
            (agent, "callback_url"): callback_url,
            (agent, "callback_secret"): f"file:{CALLBACK_SECRET}",
        }
        contents[secret_path] = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}\n"
    source = template_folder()
    config = filled(for_helpdesk(_text(source / _EXAMPLE), helpdesk), {**wanted, **(changes or {})})
    contents[folder / CONFIG] = config.replace(f"[{agent}]", f"[agents.{ai_agent}]")
    mapped = [Path("mappings") / f"{name}.toml" for name in sorted(_connections(config))]
    contents |= {folder / each: _text(source / each) for each in mapped}
    _write(contents, private=secret_path)
    return NewFolder(
        config=folder / CONFIG, files=tuple(contents), api_key=api_key, callback_secret=secret_path
    )


def sha256(api_key: str) -> str:
    """What `config.toml` keeps of an API key."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def helpdesks() -> tuple[str, ...]:
    """Those for which the template has a part, the one that is taken unless another is chosen first."""
    return _helpdesks(_text(template_folder() / _EXAMPLE))


def template_connections(helpdesk: str | None = None) -> tuple[str, ...]:
    """The names of the connections that a new folder has."""
    return tuple(_connections(for_helpdesk(_text(template_folder() / _EXAMPLE), helpdesk)))


def for_helpdesk(template: str, helpdesk: str | None = None) -> str:
    """The template with one helpdesk's part in use and without those of the others."""
    known = _helpdesks(template)
    if helpdesk is not None and helpdesk not in known:
        raise ConfigurationError(f"{helpdesk!r} is no helpdesk of the template; it has: {', '.join(known)}")
    lines: list[str] = []
    kept = in_use = True
    for line in template.splitlines():
        part = _PART.fullmatch(line)
        if part is not None:
            about_helpdesks = line.startswith("# ---- Helpdesk")
            in_use = part["helpdesk"] == (helpdesk or known[0])
            kept = in_use or not about_helpdesks
            if about_helpdesks:
                continue
        if kept:
            lines.append(line[1:] if in_use and re.match(r"#[^ #]", line) else line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _helpdesks(template: str) -> tuple[str, ...]:
    found = (_PART.fullmatch(line) for line in template.splitlines())
    return tuple(part["helpdesk"] for part in found if part is not None and part["helpdesk"] is not None)


def _connections(config: str) -> list[str]:
    return list(tomllib.loads(config).get("connections", {}))


def template_folder() -> Path:
    """Where `config.example.toml` and `mappings/` are: a source checkout, else what the wheel has installed."""
    checkout = Path(batonpass.__file__).resolve().parents[2]
    installed = _installed_example()
    for folder in (checkout, *([installed.parent] if installed else [])):
        if (folder / _EXAMPLE).is_file() and any((folder / "mappings").glob("*.toml")):
            return folder
    raise ConfigurationError(
        f"the templates ({_EXAMPLE}, mappings/) are not installed; install batonpass again from its wheel",
        code="templates_missing",
    )


def _installed_example() -> Path | None:
    """The wheel's record knows where its data went, whatever kind of installation it was."""
    try:
        recorded = files("batonpass") or []
    except PackageNotFoundError:
        return None
    return next((Path(str(each.locate())).resolve() for each in recorded if each.name == _EXAMPLE), None)


def filled(template: str, changes: Changes) -> str:
    """The template with these keys set: a line that has the key, or has it commented out, is written anew."""
    left = dict(changes)
    lines: list[str] = []
    table = ""
    for line in template.splitlines():
        header = _TABLE.match(line)
        table = header[1] if header else table
        key = re.match(r"(?:# )?([a-z0-9_]+) = ", line)
        value = left.pop((table, key[1]), None) if key else None
        lines.append(line if key is None or value is None else f"{key[1]} = {json.dumps(value)}")
    if left:
        raise LookupError(f"the template has no such keys: {sorted(left)}")
    return "\n".join(lines) + "\n"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None


def _write(contents: Mapping[Path, str], *, private: Path | None) -> None:
    existing = tuple(path for path in contents if path.exists() or path.is_symlink())
    if existing:
        raise FolderInUseError(existing)
    try:
        for path, text in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o600 if path == private else 0o644
            with os.fdopen(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8"
            ) as file:
                file.write(text)
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: cannot be written: {error.strerror}") from None
