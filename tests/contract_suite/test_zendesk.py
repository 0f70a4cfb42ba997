"""The contract suite over Zendesk."""

from __future__ import annotations

import batonpass_zendesk
from batonpass.testing.contract import ContractSuite


class TestZendesk(ContractSuite):
    manifest = batonpass_zendesk.manifest
