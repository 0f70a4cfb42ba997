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
        "history.contacts": "what the customer asked before, newest first: one line each",
        "history.repeat": "where they asked about the same not long ago: which contact this is",
        "given.order_number": "the order number that the customer gave; the newest, where one corrected another",
        "given.order_numbers": "all of them, newest first",
        "given.reference": "another number that they gave: invoice, parcel, item, account",
        "given.error": "the error message that they quoted, verbatim",
        "given.device": "device, system, browser or version of the app",
        "given.payment": "how they wish to pay or to get their money back",
        "given.address": "an address or a place that they named as theirs or as the new one",
        "given.contact": "how and when they wish to hear from us",
        "given.email": "an e-mail address that they typed",
        "given.phone": "a phone number that they typed",
        "given.name": "the name that they gave",
        "given.postcode": "the postcode that they gave",
        "given.products": "the products that they spoke of, newest first",
        "given.dates": "dates and time limits, newest first",
        "given.amounts": "amounts of money, newest first",
        "given.choices": "what they chose of what the AI agent offered",
        "given.confirmed": "what they said yes to",
        "given.lines": "all that they gave: one line each, with the turn that proves it",
        "tried.lines": "what was tried, with its result: one line each",
        "facts.conflicts": "what two sources tell differently: one line each",
        "facts.missing": "the sources that gave nothing and should have",
    }
)
