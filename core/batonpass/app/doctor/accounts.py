"""Each connection, tried: do its credentials work, does the mapping fit what the account has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
        async with connected(connection, clock, through=answered.noted) as opened:
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

    def noted(self, sockets: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        return _Noting(sockets, self._note)

    def _note(self, response: httpx.Response) -> None:
        try:
            told = parsedate_to_datetime(response.headers.get("date", ""))
        except ValueError:
            return
        if told.tzinfo is not None:
            self.ahead = (self._clock.now() - told).total_seconds()


class _Noting(httpx.AsyncBaseTransport):
    """Shows every answer to somebody before it is read."""

    def __init__(self, sockets: httpx.AsyncBaseTransport, show: Callable[[httpx.Response], None]) -> None:
        self._sockets = sockets
        self._show = show

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._sockets.handle_async_request(request)
        self._show(response)
        return response


async def _live_findings(connection: Connection, helpdesk: Helpdesk) -> list[Finding]:
    mapping, _ = load_helpdesk_mapping(connection.mapping)
    return [] if mapping is None else check_schema(mapping, await helpdesk.field_schema())


def _mapping(connection: Connection, findings: list[Finding]) -> Examined:
    if not findings:
        return ok("mapping", f"{connection.mapping} fits the account's fields, options and groups")
    told = (
        f"{connection.mapping}: {len(findings)} lines do not fit the account; what cannot go into a field goes into "
        "the ticket's note"
    )
    return warning("mapping", told, "mend the lines below, or add what is missing in the helpdesk")


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
            where = connection.settings.base_url or f"{connection.manifest.title}'s own address"
            fix = "is the address right, is the network open? It may pass: try again later"
            return failed(connection.name, f"no answer at {where}: {error}", fix, Cause.UNREACHABLE)
        case _:
            return failed(connection.name, str(error), f"check the table [connections.{connection.name}]")


def _secrets(connection: Connection) -> str:
    """The secrets that the connection uses, by their keys in the file."""
    settings = connection.settings
    used = [key for key in settings.secret_keys() if getattr(settings, key) is not None]
    return f"{' and '.join(used)} of [connections.{connection.name}]"
