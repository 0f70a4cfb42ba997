"""What a connector offers: small protocols whose docstrings are the contract.

Every method raises `RetryLaterError`, `RefusedError` or `OutcomeUnknownError` (the last from effects only) and
nothing else on purpose, unless it says so. No vendor word passes through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import SecretStr

from batonpass.ports.capabilities import Capability
from batonpass.ports.facts import FactSource
from batonpass.ports.helpdesk import (
    FollowsTickets,
    Helpdesk,
    ListsAgents,
    ListsChanges,
    PassesConversations,
    ProvisionsFields,
    ReadsConversations,
    Replies,
    TellsPresence,
)
from batonpass.ports.manifest import (
    Access,
    Connecting,
    EndDate,
    Manifest,
    OpenTransport,
    Probe,
    SecretKind,
)
from batonpass.ports.matching import Matched, the_one
from batonpass.ports.record_keys import address_key, domain_key, phone_key
from batonpass.ports.settings import ConnectionSettings, HelpdeskSettings, StartRule, WithSecrets
from batonpass.ports.streams import Copy, Deletions, Page, Round, Slice, Stream, Streams, TellsFromCopy
from batonpass.ports.webhooks import Read, Receive, RegisteredWebhook, RegistersWebhooks, WebhookDoor

PROTOCOLS: Mapping[Capability, type] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                Capability.OPEN_TICKET,
                Capability.IDEMPOTENT_CREATE,
                Capability.NOTE_APART,
                Capability.READ_BACK,
                Capability.APPEND_NOTE,
                Capability.FIELD_SCHEMA,
                Capability.CHANGE_TICKET,
            ),
            Helpdesk,
        ),
        Capability.REPLY: Replies,
        Capability.READ_CONVERSATION: ReadsConversations,
        Capability.FOLLOW_TICKET: FollowsTickets,
        Capability.SATISFACTION: FollowsTickets,
        Capability.LIST_CHANGES: ListsChanges,
        Capability.AGENTS: ListsAgents,
        Capability.AGENT_PRESENCE: TellsPresence,
        Capability.PROVISION_FIELDS: ProvisionsFields,
        Capability.PASS_CONVERSATION: PassesConversations,
        Capability.REGISTER_WEBHOOKS: RegistersWebhooks,
        Capability.TICKET_HISTORY: FactSource,
        Capability.CRM_FACTS: FactSource,
        Capability.BILLING_FACTS: FactSource,
        Capability.SYNC: Streams,
    }
)
"""The protocol that a connection with a capability has."""

__all__ = [
    "PROTOCOLS",
    "Access",
    "Capability",
    "Connecting",
    "ConnectionSettings",
    "Copy",
    "Deletions",
    "EndDate",
    "FactSource",
    "FollowsTickets",
    "Helpdesk",
    "HelpdeskSettings",
    "ListsAgents",
    "ListsChanges",
    "Manifest",
    "Matched",
    "OpenTransport",
    "Page",
    "PassesConversations",
    "Probe",
    "ProvisionsFields",
    "Read",
    "ReadsConversations",
    "Receive",
    "RegisteredWebhook",
    "RegistersWebhooks",
    "Replies",
    "Round",
    "SecretKind",
    "SecretStr",
    "Slice",
    "StartRule",
    "Stream",
    "Streams",
    "TellsFromCopy",
    "TellsPresence",
    "WebhookDoor",
    "WithSecrets",
    "address_key",
    "domain_key",
    "phone_key",
    "the_one",
]
