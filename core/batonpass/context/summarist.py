"""Asks a language model for a summary. What goes wrong there costs the model's sentences and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from batonpass.context.citing import Cited
from batonpass.context.model_summary import believed, question
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.errors import BatonpassError
from batonpass.transport import Call, Transport

log = structlog.get_logger()

PATH = "/chat/completions"


class Summarist(Protocol):
    """Writes a summary of a redacted request."""

    async def write(self, request: HandoffRequest) -> tuple[Cited, ...]:
        """The sentences that their turns support; none where there is no answer in time. Raises nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummarist:
    """Any server with OpenAI's chat completions: the base URL ends before `/chat/completions`."""

    transport: Transport
    model: str
    deadline: float = field(default=4.0)
    """Seconds, for everything."""

    async def write(self, request: HandoffRequest) -> tuple[Cited, ...]:
        call = Call(
            operation="summary.write",
            method="POST",
            path=PATH,
            json=question(request, model=self.model),
            deadline=self.deadline,
        )
        try:
            async with asyncio.timeout(self.deadline):
                answer = await self.transport.call(call)
        except TimeoutError:
            log.info("no_model_summary", code="late")
            return ()
        except BatonpassError as error:
            log.info("no_model_summary", code=error.code)
            return ()
        written = believed(answer.data, request.conversation.turns)
        if not written:
            log.info("no_model_summary", code="unsupported")
        return written
