"""Reading a request's body, up to a limit."""

from __future__ import annotations

from fastapi import Request

HEARD_OUT = 4
"""Times the limit: so much of a body that is too large is read before the answer."""


class TooLargeError(Exception):
    """The body went past the limit."""


async def read_body(request: Request, most: int) -> bytes:
    """The body. One past the limit is read on for a while, and not kept: who is still sending hears no answer.

    Raises `TooLargeError`."""
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most:
            body += chunk
        elif size > most * HEARD_OUT:
            break
    if size > most:
        raise TooLargeError
    return bytes(body)
