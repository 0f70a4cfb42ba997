"""The one way out: an HTTP answer becomes a value or one of our errors.

Every call has a total deadline, a size cap and no redirects, and goes to the connection's own host only.
Nothing here waits or repeats for the caller, but for one confirmation of a 401.

What one call finds out, all calls of all nodes know: limits, refused credentials, operations that fail. Work for which
a customer waits goes first.
"""

from batonpass.transport.calls import Answer, Call, Explanation, Params
from batonpass.transport.client import Transport
from batonpass.transport.condition import ClosedGate, Condition, OperationCount, Outcome
from batonpass.transport.credentials import ClientCredentials, Credentials, FixedCredentials, Token
from batonpass.transport.gate import Hear
from batonpass.transport.judging import Explain
from batonpass.transport.lanes import in_lane
from batonpass.transport.sharing import WELL, Board, LocalBoard, Notice
from batonpass.transport.sockets import open_sockets

__all__ = [
    "WELL",
    "Answer",
    "Board",
    "Call",
    "ClientCredentials",
    "ClosedGate",
    "Condition",
    "Credentials",
    "Explain",
    "Explanation",
    "FixedCredentials",
    "Hear",
    "LocalBoard",
    "Notice",
    "OperationCount",
    "Outcome",
    "Params",
    "Token",
    "Transport",
    "in_lane",
    "open_sockets",
]
