"""What the tests of the store share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Query = Callable[..., Awaitable[list[tuple[object, ...]]]]
"""A statement and its values → its rows."""
