"""The configuration of a crash test's run."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from batonpass.ports import Capability
from batonpass.store.address import StoreAddress
from batonpass.testing.crash_node import CALL_DEADLINE
from batonpass.testing.crash_plan import CrashPlan
from batonpass.testing.crash_scene import CALLBACK_SECRET, Staged
from batonpass.testing.crash_slot import Slot
from batonpass.testing.desk import API_KEY, Configured, configure
from batonpass.testing.emulator import Emulator

STORE = "CRASH_STORE"
"""The one variable that holds no secret."""
FACTS_WITHIN = 0.3
_MORE = """
[handoff]
facts_deadline = {facts_within}
late_facts_for = 5.0
[store]
url = "env:{store}"
[connections.{source}]
base_url = "{source_url}"
{source_login}
"""


def configured_for(
    folder: Path,
    *,
    staged: Staged,
    emulator: Emulator,
    source: Emulator,
    at: Slot,
    address: StoreAddress,
    plan: CrashPlan,
) -> Configured:
    helpdesk_url, source_url, callback_url = at.urls
    lag = {"lookup_lag": 0.3} if staged.manifest.lookup_lag > 0 else {}
    settings = {
        "start": dict(staged.start),
        **staged.settings,
        **(staged.conversing(emulator) if plan.passes else {}),
        "tell_customer": Capability.REPLY in staged.manifest.capabilities,
        "deadline": CALL_DEADLINE,
        **lag,
    }
    made = configure(
        folder,
        staged.manifest,
        emulator,
        name=staged.name,
        mapping=staged.mapping,
        urls=(helpdesk_url, at.url),
        settings=settings,
    )
    secret = staged.source.settings.secret_keys()
    environment = {
        **made.environment,
        STORE: address.url,
        "CRASH_CALLBACK": CALLBACK_SECRET,
        **{f"CRASH_{key}".upper(): value for key, value in source.login().items() if key in secret},
    }
    name = staged.source.name
    (folder / "mappings" / f"{name}.toml").write_text(staged.source_mapping, encoding="utf-8")
    text = made.path.read_text(encoding="utf-8")
    callback = f'callback_url = "{callback_url}/events"\ncallback_secret = "env:CRASH_CALLBACK"'
    key = f'key_sha256 = "{hashlib.sha256(API_KEY.encode()).hexdigest()}"'
    login = [
        f'{each} = "env:CRASH_{each.upper()}"' if each in secret else f'{each} = "{value}"'
        for each, value in source.login().items()
    ]
    more = _MORE.format(
        facts_within=FACTS_WITHIN,
        store=STORE,
        source=name,
        source_url=source_url,
        source_login="\n".join(login),
    )
    made.path.write_text(text.replace(key, f"{key}\n{callback}") + more, encoding="utf-8")
    return replace(made, environment=environment)


def secrets_in(configured: Configured) -> list[str]:
    return [value for name, value in configured.environment.items() if name != STORE]
