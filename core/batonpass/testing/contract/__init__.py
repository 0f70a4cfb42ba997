"""The contract suite: what `batonpass.ports` promises of a connector, as tests that name no vendor. Needs pytest.

```python
from batonpass.testing.contract import ContractSuite


class TestAcme(ContractSuite):
    manifest = batonpass_acme.manifest
```

It serves the connector's own emulator on a socket, opens a connection to it as batonpass does, and holds every
sentence of the ports' docstrings by a test; what the connector does not claim is skipped.
"""

import pytest

_ROOMS = (
    "claims", "opening", "parts", "notes", "changing", "replies", "reading", "following", "changes", "syncing", "team", "provisioning",
    "passing", "facts", "access", "webhooks", "proofs", "rereading", "registering", "emulators", "mutated_answers",
    "mutated_deliveries",
)  # fmt: skip
pytest.register_assert_rewrite(*(f"{__name__}.{room}" for room in _ROOMS))

from batonpass.testing.contract.suite import ContractSuite  # noqa: E402 - after its asserts are told to explain

__all__ = ["ContractSuite"]
