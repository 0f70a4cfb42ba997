"""Errors, named by what the caller must do.

No message here carries a secret, an e-mail address or the text of a conversation: messages reach logs,
the status page and `problem+json` answers as they are.
"""

from __future__ import annotations

from collections.abc import Callable


class BatonpassError(Exception):
    """The root of every error that batonpass raises on purpose.

    `code` is a stable word for machines (`rate_limited`, `redirect_refused`, …).
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.request_id = request_id
        """The vendor's own id of the request, for their support desk; None where there is none."""


class ConfigurationError(BatonpassError):
    """A person must change a file; repeating cannot help until then."""

    code = "configuration"


class RejectedDeliveryError(BatonpassError):
    """A webhook delivery that we refuse: its signature, time or form is wrong."""

    code = "rejected_delivery"


class RetryLaterError(BatonpassError):
    """Nothing happened at the other side. Try again, not before `retry_after` seconds where that is given.

    `consumes_attempt` is False where the fault says nothing about this piece of work: a rate limit, an open
    breaker, credentials that are refused for everybody.
    """

    code = "retry_later"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        consumes_attempt: bool = True,
        code: str | None = None,
        request_id: str | None = None,
        still: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.retry_after = retry_after
        self.consumes_attempt = consumes_attempt
        self.still = still
        """Raises the error anew while what caused it lasts; None: that cannot be told without trying."""


class CredentialsRefusedError(RetryLaterError):
    """The vendor refused our credentials. Work is kept; it goes on once a person has renewed them."""

    code = "credentials_refused"


class RefusedError(BatonpassError):
    """The other side understood and refused; repeating the same call cannot help.

    `status` is the HTTP status, None where there was none. `fields` names what the vendor complained about,
    in the vendor's own keys; `reasons` are the vendor's codes (never its free text, which may quote input).
    """

    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        fields: tuple[str, ...] = (),
        reasons: tuple[str, ...] = (),
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.status = status
        self.fields = fields
        self.reasons = reasons


class OutcomeUnknownError(BatonpassError):
    """No clear answer to a call that may have taken effect. Look before repeating."""

    code = "outcome_unknown"
