"""Where the layers of a connection's mapping are: what ships with batonpass, the team's file, the environment's."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from batonpass.app.new_folder import template_folder
from batonpass.domain.errors import ConfigurationError
from batonpass.mapping.layers import Layers


def layers_at(mapping: Path, connector: str, *, keeps_tickets: bool, environment: str | None) -> Layers:
    """The layers of the mapping at this path."""
    return Layers(
        file=mapping,
        shipped=_shipped(connector, keeps_tickets=keeps_tickets),
        environment=None
        if environment is None
        else mapping.with_name(f"{mapping.stem}.{environment}{mapping.suffix}"),
    )


@cache
def _shipped(connector: str, *, keeps_tickets: bool) -> Path | None:
    """The mapping that a connector ships; one that does both has its own for tickets."""
    try:
        folder = template_folder() / "mappings"
    except ConfigurationError:
        return None
    names = [f"{connector}-tickets.toml", f"{connector}.toml"] if keeps_tickets else [f"{connector}.toml"]
    return next((folder / name for name in names if (folder / name).is_file()), None)
