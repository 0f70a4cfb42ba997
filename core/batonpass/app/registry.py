"""Which connectors are installed: whatever names itself in the entry-point group `batonpass.connectors`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from batonpass.ports import Manifest

GROUP = "batonpass.connectors"


@cache
def connectors() -> Mapping[str, Manifest]:
    """Name → manifest of every installed connector."""
    manifests = [point.load() for point in entry_points(group=GROUP)]
    return {manifest.name: manifest for manifest in sorted(manifests, key=lambda each: each.name)}
