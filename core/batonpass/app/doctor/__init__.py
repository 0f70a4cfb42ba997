"""What `batonpass doctor` looks at: files, secrets, store, clock, accounts, webhooks, fields, dates to come."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from batonpass.app.checking import check_files
from batonpass.app.config import store_address
from batonpass.app.doctor.accounts import account_examined
from batonpass.app.doctor.dates import ending_soon
from batonpass.app.doctor.machine import clock_examined, files_examined, store_examined
from batonpass.app.doctor.verdicts import Cause, Examination, Examined, Verdict
from batonpass.diagnostics import FileProblemsError
from batonpass.domain.clock import Clock
from batonpass.store.condition import SharedCondition, StoreCondition, condition_of

__all__ = ["Cause", "Examination", "Examined", "Verdict", "examine"]


async def examine(path: Path, clock: Clock, environment: Mapping[str, str] = os.environ) -> Examination:
    """Look at everything; nothing is changed, every account gets a few reading calls."""
    checked = check_files(path, environment)
    try:
        store = condition_of(store_address(path, environment))
    except FileProblemsError:
        store = None  # the files' findings say why
    rows = [*files_examined(checked, server_runs=_runs(store))]
    if store is not None:
        rows += store_examined(store)
    config = checked.config
    if config is None:
        rows += clock_examined(clock.now(), {})
        return Examination(rows=tuple(rows), findings=checked.findings)
    accounts = [await account_examined(config, each, clock) for each in config.connections]
    rows += clock_examined(
        clock.now(), {each.name: each.ahead for each in accounts if each.ahead is not None}
    )
    rows += [row for each in accounts for row in each.rows]
    rows += ending_soon(config, clock.now().date())
    return Examination(
        rows=tuple(rows),
        findings=(*checked.findings, *(finding for each in accounts for finding in each.findings)),
    )


def _runs(store: StoreCondition | SharedCondition | None) -> bool:
    """Whether a server works on it."""
    if isinstance(store, SharedCondition):
        return bool(store.nodes)
    return store is not None and store.in_use
