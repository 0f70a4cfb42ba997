"""The one way out: an HTTP answer becomes a value or one of our errors.

Every call has a total deadline, a size cap and no redirects, and goes to the connection's own host only.
Nothing here waits or repeats for the caller, but for one confirmation of a 401.
"""

from batonpass.transport.calls import Answer, Call, Explanation, Params
from batonpass.transport.client import Explain, Transport
from batonpass.transport.credentials import ClientCredentials, Credentials, FixedCredentials, Token
from batonpass.transport.sockets import open_sockets

__all__ = [
    "Answer",
    "Call",
    "ClientCredentials",
    "Credentials",
    "Explain",
    "Explanation",
    "FixedCredentials",
    "Params",
    "Token",
    "Transport",
    "open_sockets",
]
