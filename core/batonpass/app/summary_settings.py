"""The language model that writes summaries: `[summary]` of `config.toml`. Without it the summary is made by rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from batonpass.context.summarist import ModelSummarist, Summarist
from batonpass.domain.clock import Clock
from batonpass.ports import WithSecrets
from batonpass.transport import FixedCredentials, Transport, open_sockets

_USUALLY = 4.0
"""Seconds."""
_MOST_BYTES = 200_000


class SummaryConfig(WithSecrets):
    url: str | None = None
    """Of an OpenAI-compatible server, as far as `/v1`; None: no model is asked."""
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    key: SecretStr | None = None
    deadline: Annotated[float, Field(gt=0, le=30)] | None = None
    """Seconds; None: 4, but never longer than the facts may take."""

    @field_validator("url")
    @classmethod
    def _by_https(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")
        if value is not None and (
            not parts.hostname
            or not (parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname)))
        ):
            raise PydanticCustomError(
                "address", "needs https://, or http:// on this machine: conversations go there"
            )
        return value

    @model_validator(mode="after")
    def _names_the_model(self) -> SummaryConfig:
        if (self.url is None) is not (self.model is None):
            raise PydanticCustomError(
                "belong_together", "url and model belong together: give both, or neither"
            )
        return self

    def deadline_within(self, facts_deadline: float) -> float:
        return min(_USUALLY, facts_deadline) if self.deadline is None else self.deadline


def _is_here(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"}


@asynccontextmanager
async def summarist_of(
    summary: SummaryConfig, *, facts_deadline: float, clock: Clock
) -> AsyncIterator[Summarist | None]:
    """Who writes summaries while this is open; None where nobody is configured."""
    if summary.url is None or summary.model is None:
        yield None
        return
    key = summary.key.get_secret_value() if summary.key else ""
    deadline = summary.deadline_within(facts_deadline)
    async with open_sockets(connections=20) as sockets:
        transport = Transport(
            connection="summary",
            base_url=summary.url,
            hosts=(urlsplit(summary.url).hostname or "",),
            http=sockets,
            credentials=FixedCredentials({"Authorization": f"Bearer {key}"} if key else {}),
            clock=clock,
            deadline=deadline,
            most_bytes=_MOST_BYTES,
        )
        yield ModelSummarist(transport=transport, model=summary.model, deadline=deadline)
