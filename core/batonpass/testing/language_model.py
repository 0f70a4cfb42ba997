"""A server with OpenAI's chat completions as an ASGI application: what it says is planned, or it quotes the turns."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.testing.emulator import Emulator, Operation

KEY = "emulated-model-key"


@dataclass
class LanguageModelEmulator(Emulator):
    """Answers with `said` in turn, then with a sentence that quotes the customer's first turn."""

    said: deque[str] = field(default_factory=deque)
    """The content of the next answers, as the model would write it."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """The body of every call that was let in."""
    refuses: bool = False
    """Whether it answers with a refusal in the place of content."""

    def operations(self) -> Sequence[Operation]:
        return (Operation("summary.write", "POST", "/v1/chat/completions", self._complete),)

    def authorised(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {KEY}"

    def error(self, status: int, *, code: str, message: str) -> Response:
        return JSONResponse(
            {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}},
            status,
        )

    async def _complete(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        if not isinstance(body.get("messages"), list) or not body.get("model"):
            return self.error(400, code="invalid_request", message="you must provide model and messages")
        content = self.said.popleft() if self.said else _quoting(body["messages"][-1]["content"])
        message = {"role": "assistant", "content": None if self.refuses else content}
        if self.refuses:
            message["refusal"] = "I cannot help with that."
        return JSONResponse(
            {
                "id": f"chatcmpl-{len(self.asked)}",
                "object": "chat.completion",
                "created": int(self.clock.now().timestamp()),
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        )


def _quoting(asked: str) -> str:
    turns = json.loads(asked)["turns"]
    first = next((turn for turn in turns if turn["who"] == "customer"), turns[0])
    words = " ".join(first["text"].split()[:12])
    return json.dumps({"sentences": [{"text": f'The customer wrote: "{words}"', "turns": [first["n"]]}]})
