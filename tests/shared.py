"""Where the vendors' contracts and the sample conversations are, and a clear skip where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parent.parent.parent / "shared"


def shared_file(*parts: str) -> Path:
    """A file that stands beside the checkout, not in it."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{'/'.join(parts)} is not beside this checkout (../shared)")
    return path
