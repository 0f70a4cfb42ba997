"""Each connection, tried: do its credentials work, does the mapping fit what the account has."""

from __future__ import annotations

from dataclasses import dataclass

from batonpass.app.checking_live import findings_against
from batonpass.app.config import Config, Connection
from batonpass.app.doctor.answers import Answers, Ending
from batonpass.app.doctor.fields import own_fields_examined, start_examined
from batonpass.app.doctor.verdicts import Cause, Examined, failed, ok, warning
from batonpass.app.doctor.webhooks import webhooks_examined
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
from batonpass.ports import Helpdesk, Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One connection, examined."""

    name: str
    rows: tuple[Examined, ...]
    findings: tuple[Finding, ...] = ()
    ahead: float | None = None
    """How many seconds our clock is ahead of the vendor's; None where no answer had a date."""


async def account_examined(config: Config, connection: Connection, clock: Clock) -> Account:
    """Never raises for what the vendor does."""
    answers = Answers(clock)
    findings: list[Finding] = []
    rows: list[Examined] = []
    try:
        async with connected(connection, clock, through=answers.noted) as opened:
            if isinstance(opened, Probe):
                access = await opened.check_access()
                rows.append(ok(connection.name, f"{access.account}: credentials accepted"))
                rows += [warning(connection.name, each) for each in access.warnings]
            rows += [each async for each in webhooks_examined(config, connection, opened)]
            if isinstance(opened, Helpdesk):
                schema = await opened.field_schema()
                rows += [
                    *own_fields_examined(connection, opened, schema),
                    *start_examined(connection, schema),
                ]
                fitting = findings_against(config, connection, schema)
                if fitting is not None:  # else the file's own errors stand above
                    findings = fitting
                    rows.append(_mapping(connection, findings))
    except BatonpassError as error:
        rows.append(_refused(connection, error))
    rows += [_ending(connection, each) for each in answers.endings]
    return Account(name=connection.name, rows=tuple(rows), findings=tuple(findings), ahead=answers.ahead)


def _ending(connection: Connection, ending: Ending) -> Examined:
    since = "" if ending.deprecated is None else f" (deprecated: {ending.deprecated})"
    when = "ends without a date told" if ending.ends is None else f"ends on {ending.ends}"
    told = f"{connection.manifest.title} says that {ending.endpoint} {when}{since}"
    return warning("end date", told, "a newer batonpass before that day: pip install --upgrade batonpass")


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
