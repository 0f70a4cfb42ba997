"""How a connection proves who it is: an OAuth client, or an API token while there are any."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable

from batonpass.domain.errors import RefusedError
from batonpass.ports import Connecting
from batonpass.transport import Call, ClientCredentials, Credentials, FixedCredentials, Token, Transport
from batonpass.transport.gate import Gate
from batonpass_zendesk import ZendeskSettings, wire
from batonpass_zendesk.refusals import explain

HOSTS = (".zendesk.com",)
_SHORTEST_LIFE = 300.0
"""Seconds; for an account whose tokens carry no lifetime."""


def credentials_for(settings: ZendeskSettings, connecting: Connecting) -> Credentials:
    if settings.api_token is not None:
        login = f"{settings.email}/token:{settings.api_token.get_secret_value()}"
        return FixedCredentials({"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"})
    transport = connecting.open_transport(
        base_url=settings.address, hosts=HOSTS, credentials=FixedCredentials({}), explain=explain
    )
    gate = Gate(connecting.name, connecting.clock)
    return ClientCredentials(_token_fetcher(settings, transport, gate), connecting.clock)


def _token_fetcher(
    settings: ZendeskSettings, transport: Transport, gate: Gate
) -> Callable[[], Awaitable[Token]]:
    """https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/

    A wrong client is answered 401 or 400. `gate` gives the latter the meaning of the former: credentials that are
    refused, and one probe a minute until a person has renewed them.
    """
    assert settings.client_secret is not None
    call = Call(
        operation="oauth.token",
        method="POST",
        path="/oauth/tokens",
        json={
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret.get_secret_value(),
            "scope": settings.scope,
        },
    )

    async def fetch() -> Token:
        probe = gate.enter()
        try:
            answer = (await transport.call(call)).read_as(wire.TokenAnswer)
        except RefusedError as refused:
            raise (gate.unauthorised() if refused.status in {400, 403} else refused) from None
        finally:
            gate.leave(probe)
        gate.succeeded()
        return Token(value=answer.access_token, lifetime=answer.expires_in or _SHORTEST_LIFE)

    return fetch
