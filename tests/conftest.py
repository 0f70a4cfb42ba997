"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["postgres_server"]

# The same examples in every CI run: a new find belongs to whoever works on the code, not to who submits next.
settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
