"""What `check_access` asks and says, whichever role a connection has."""

from __future__ import annotations

from collections.abc import Awaitable

from batonpass.domain.errors import ConfigurationError, RefusedError
from batonpass_hubspot.tokens import NEEDED, is_short_lived, wrong_kind
from batonpass_hubspot.wire import Account


def check_token(token: str, name: str) -> None:
    """Raises `ConfigurationError` where it cannot be an access token: then it is never sent."""
    wrong = wrong_kind(token)
    if wrong:
        raise ConfigurationError(
            f"connection {name!r}: access_token is {wrong}; it must be {NEEDED}", code="wrong_key"
        )


def token_warnings(token: str) -> tuple[str, ...]:
    if not is_short_lived(token):
        return ()
    return (f"the access token looks like an OAuth app's, which dies after half an hour; use {NEEDED}",)


def title_of(account: Account) -> str:
    where = f" at {account.ui_domain}" if account.ui_domain else ""
    kind = f", {account.account_type.replace('_', ' ').lower()}" if account.account_type else ""
    return f"HubSpot account {account.portal_id}{where}{kind}"


async def missing_scope(read: Awaitable[object], scope: str, costs: str) -> str | None:
    """What is missing where the token may not do this."""
    try:
        await read
    except RefusedError as error:
        if error.code != "forbidden":
            raise
        return f"the token lacks the scope {scope}: {costs}; add it in HubSpot"
    return None
