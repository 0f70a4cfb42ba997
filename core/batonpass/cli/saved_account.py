"""The account as `discover --save` keeps it, after a command has changed the account itself."""

from __future__ import annotations

import asyncio

from batonpass.app.config import Config, Connection
from batonpass.app.discovery import discovered, load, save
from batonpass.cli.terminal import stderr
from batonpass.domain.clock import Clock
from batonpass.domain.errors import BatonpassError


def saved_anew(config: Config, connection: Connection, clock: Clock) -> bool:
    """Whether it is kept as it stands now. Where nothing was kept before, nothing is now: `check` would else miss at
    once what has just been created."""
    if load(config, connection.name, broken_as_none=True) is None:
        return False
    try:
        save(config, asyncio.run(discovered(connection, clock)))
    except BatonpassError as error:
        then = f"batonpass discover {connection.name} --save"
        stderr().print(f"the saved fields are from before this: {error}; {then}", soft_wrap=True)
        return False
    return True
