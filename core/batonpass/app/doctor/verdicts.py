"""How an examination comes out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from batonpass.diagnostics import Finding


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Cause(StrEnum):
    """Why something failed: what the exit code is made of."""

    FILES = "files"
    CREDENTIALS = "credentials"
    UNREACHABLE = "unreachable"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was looked at."""

    topic: str
    verdict: Verdict
    says: str
    fix: str | None = None
    cause: Cause | None = None
    """Where `verdict` is FAILED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    rows: tuple[Examined, ...]
    findings: tuple[Finding, ...]
    """Of the files, the live ones (the mapping against the account's fields) included."""


def ok(topic: str, says: str) -> Examined:
    return Examined(topic=topic, verdict=Verdict.OK, says=says)


def warning(topic: str, says: str, fix: str | None = None) -> Examined:
    return Examined(topic=topic, verdict=Verdict.WARNING, says=says, fix=fix)


def failed(topic: str, says: str, fix: str, cause: Cause = Cause.OTHER) -> Examined:
    return Examined(topic=topic, verdict=Verdict.FAILED, says=says, fix=fix, cause=cause)
