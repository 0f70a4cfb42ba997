"""The whole suite, joined from its rooms."""

from __future__ import annotations

from batonpass.testing.contract.access import AccessContract
from batonpass.testing.contract.changes import ChangesContract
from batonpass.testing.contract.changing import ChangingContract
from batonpass.testing.contract.claims import ClaimsContract
from batonpass.testing.contract.emulators import EmulatorContract
from batonpass.testing.contract.facts import FactsContract
from batonpass.testing.contract.following import FollowingContract
from batonpass.testing.contract.mutated_answers import MutatedAnswersContract
from batonpass.testing.contract.mutated_deliveries import MutatedDeliveriesContract
from batonpass.testing.contract.notes import NotesContract
from batonpass.testing.contract.opening import OpeningContract
from batonpass.testing.contract.parts import PartsContract
from batonpass.testing.contract.passing import PassingContract
from batonpass.testing.contract.proofs import ProofsContract
from batonpass.testing.contract.provisioning import ProvisioningContract
from batonpass.testing.contract.reading import ReadingContract
from batonpass.testing.contract.registering import RegisteringContract
from batonpass.testing.contract.replies import RepliesContract
from batonpass.testing.contract.rereading import RereadingContract
from batonpass.testing.contract.syncing import SyncingContract
from batonpass.testing.contract.team import TeamContract
from batonpass.testing.contract.webhooks import WebhooksContract


class ContractSuite(
    ClaimsContract,
    AccessContract,
    OpeningContract,
    PartsContract,
    NotesContract,
    ChangingContract,
    RepliesContract,
    ReadingContract,
    FollowingContract,
    ChangesContract,
    SyncingContract,
    TeamContract,
    ProvisioningContract,
    PassingContract,
    FactsContract,
    WebhooksContract,
    ProofsContract,
    RereadingContract,
    RegisteringContract,
    EmulatorContract,
    MutatedAnswersContract,
    MutatedDeliveriesContract,
):
    """Everything that a connector is held to: subclass it and give the manifest."""
