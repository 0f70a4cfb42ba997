"""The paths of the context package: what mapping files may name.

Besides these, every fact that a fact mapping defines (`account.tier`, `billing.plan`, …) is a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PACKAGE_PATHS: Mapping[str, str] = MappingProxyType(
    {
        "handoff.id": "our id of the handoff",
        "handoff.url": "where its steps can be seen; empty without server.public_url",
        "handoff.reason": "why a person is needed: the reason code",
        "handoff.reason_text": "why, in the AI agent's words",
        "handoff.confidence": "the AI agent's confidence when it gave up, in percent",
        "handoff.ai_agent": "the AI agent that handed over, by its name in config.toml",
        "conversation.id": "the AI agent's id of the conversation",
        "conversation.channel": "web_chat, email, …",
        "conversation.language": "BCP 47 tag",
        "conversation.turns": "how many turns it has",
        "conversation.transcript": "all turns as plain text",
        "customer.name": "as handed over",
        "customer.email": "as handed over",
        "customer.phone": "as handed over",
        "customer.identity": "verified or claimed",
        "issue.title": "the ask in at most 15 words: a good subject",
        "issue.summary": "the summary of the note",
        "brief.text": "the brief as plain text",
        "technical.error": "the first error message, verbatim",
        "technical.browser": "",
        "technical.os": "",
        "technical.attempted_action": "what the customer was trying to do",
        "facts.missing": "the sources that gave nothing and should have",
    }
)
