"""Links to a handoff's page that need no login: signed, for one handoff, for a while."""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from batonpass.domain.ids import HandoffId

_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{22}")
_UNTIL = re.compile(r"[0-9]{1,12}")
_BYTES = 16
"""Of the signature: nobody guesses 128 bits over a network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedLinks:
    key: bytes
    """The installation's own, the same in all its processes."""
    public_url: str | None
    """None: there is nowhere to lead to, and no links are made."""
    days: int
    """For which a link opens its page."""

    def link(self, handoff_id: HandoffId, asked_at: datetime) -> str | None:
        """The same at every call: what is written again after a crash must be what was written before."""
        if self.public_url is None:
            return None
        until = int((asked_at.astimezone(UTC) + timedelta(days=self.days)).timestamp())
        return (
            f"{self.public_url}/handoffs/{handoff_id}?until={until}&sig={self._signature(handoff_id, until)}"
        )

    def admits(self, handoff_id: str, *, until: str, signature: str, now: datetime) -> bool:
        """Whether the link was made here, for this handoff, and still opens its page."""
        if not _UNTIL.fullmatch(until):
            return False
        # compared also where its time is over, so that the two cannot be told apart
        expected = self._signature(handoff_id, int(until))
        genuine = hmac.compare_digest(
            expected.encode(), (signature if _SIGNATURE.fullmatch(signature) else "").encode()
        )
        return genuine and now.timestamp() < int(until)

    def _signature(self, handoff_id: str, until: int) -> str:
        signed = f"handoff page\n{handoff_id}\n{until}".encode("utf-8", "replace")
        return (
            base64.urlsafe_b64encode(hmac.digest(self.key, signed, "sha256")[:_BYTES]).rstrip(b"=").decode()
        )
