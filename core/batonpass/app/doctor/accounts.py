"""Each connection, tried: do its credentials work, does the mapping fit what the account has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from batonpass.app.config import Connection
from batonpass.app.doctor.verdicts import Cause, Examined, failed, ok, warning
from batonpass.app.wiring import connected
from batonpass.diagnostics import Finding
from batonpass.domain.clock import Clock
from batonpass.domain.errors import (
    BatonpassError,
    ConfigurationError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    RefusedError,
    RetryLaterError,
)
from batonpass.mapping import check_schema, load_helpdesk_mapping
from batonpass.ports import Helpdesk, Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One connection, examined."""

    name: str
    rows: tuple[Examined, ...]
    findings: tuple[Finding, ...] = ()
    ahead: float | None = None
    """How many seconds our clock is ahead of the vendor's; None where no answer had a date."""


async def account_examined(connection: Connection, clock: Clock) -> Account:
    """Never raises for what the vendor does."""
    answered = _Dates(clock)
    findings: list[Finding] = []
    rows: list[Examined] = []
    try:
        async with connected(connection, clock, on_answer=answered.note) as opened:
            if isinstance(opened, Probe):
                access = await opened.check_access()
                rows.append(ok(connection.name, f"{access.account}: credentials accepted"))
                rows += [warning(connection.name, each) for each in access.warnings]
            if isinstance(opened, Helpdesk):
                findings = await _live_findings(connection, opened)
                rows.append(_mapping(connection, findings))
    except BatonpassError as error:
        rows.append(_refused(connection, error))
    return Account(name=connection.name, rows=tuple(rows), findings=tuple(findings), ahead=answered.ahead)


class _Dates:
    """Compares our clock with the `Date` of the vendor's last answer, which has whole seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead: float | None = None

    async def note(self, response: httpx.Response) -> None:
        try:
            told = parsedate_to_datetime(response.headers.get("date", ""))
        except ValueError:
            return
        if told.tzinfo is not None:
            self.ahead = _seconds_between(told, self._clock.now())


def _seconds_between(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds()


async def _live_findings(connection: Connection, helpdesk: Helpdesk) -> list[Finding]:
    mapping, _ = load_helpdesk_mapping(connection.mapping)
    return [] if mapping is None else check_schema(mapping, await helpdesk.field_schema())


def _mapping(connection: Connection, findings: list[Finding]) -> Examined:
    topic = str(connection.mapping)
    if not findings:
        return ok(topic, "fits the account's fields, options and groups")
    told = f"{len(findings)} lines do not fit the account; what cannot go into a field goes into the ticket's note"
    return warning(topic, told, "mend the lines below, or add what is missing in the helpdesk")


def _refused(connection: Connection, error: BatonpassError) -> Examined:
    match error:
        case CredentialsRefusedError():
            fix = f"put valid credentials into {_secrets(connection)}"
            return failed(connection.name, f"credentials refused: {error}", fix, Cause.CREDENTIALS)
        case ConfigurationError():
            return failed(connection.name, str(error), f"change {_secrets(connection)}", Cause.CREDENTIALS)
        case RefusedError(code="forbidden"):
            fix = "give the key the permission that is named here"
            return failed(connection.name, f"permission missing: {error}", fix, Cause.CREDENTIALS)
        case RetryLaterError() | OutcomeUnknownError():
            fix = f"is the address right, the network open? Then try again: {connection.settings.base_url or 'see [connections]'}"
            return failed(connection.name, f"no answer: {error}", fix, Cause.UNREACHABLE)
        case _:
            return failed(connection.name, str(error), f"check the table [connections.{connection.name}]")


def _secrets(connection: Connection) -> str:
    """The secrets that the connection uses, by their keys in the file."""
    settings = connection.settings
    used = [key for key in settings.secret_keys() if getattr(settings, key) is not None]
    return f"{' and '.join(used)} of [connections.{connection.name}]"


