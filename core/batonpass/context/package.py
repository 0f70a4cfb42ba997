"""The context package: everything that travels with the handoff."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import idna

from batonpass.context.brief import Brief, make_brief
from batonpass.context.reading import read
from batonpass.context.summary import Summary, Tried, make_summary, what_was_tried
from batonpass.context.transcript import transcript_text
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.facts import FactValue, Gathered, Person
from batonpass.domain.ids import HandoffId

# Quoted local parts and address literals are legal and never typed by customers; refusing them closes tricks.
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f]{1,64}")
_ASCII_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPackage:
    handoff_id: HandoffId
    asked_at: datetime
    agent_name: str
    """The AI agent that handed over, by its name in the configuration."""
    request: HandoffRequest
    gathered: Gathered
    mended: bool
    """Whether the request held text that cannot be stored, which was replaced."""
    brief: Brief
    summary: Summary
    tried: tuple[Tried, ...]
    url: str | None
    """Where the handoff's steps can be seen."""
    older: int = 0
    """How many turns from before those of the request the helpdesk did not give."""

    def values(self) -> Mapping[str, FactValue]:
        """Every path of `PACKAGE_PATHS` that has a value, then every fact by its name.

        Where two sources tell the same fact the first one stands; no fact replaces a path of the package.
        """
        found = {
            path: value for path, value in self._own_values().items() if value is not None and value != ""
        }
        for fact in self.gathered.facts:
            found.setdefault(fact.name, fact.value)
        return found

    def _own_values(self) -> dict[str, FactValue | None]:
        request, conversation = self.request, self.request.conversation
        customer, technical = request.customer, request.technical
        return {
            "handoff.id": self.handoff_id,
            "handoff.url": self.url,
            "handoff.reason": request.reason.code.value,
            "handoff.reason_text": request.reason.text,
            "handoff.confidence": None if request.confidence is None else round(request.confidence * 100),
            "handoff.ai_agent": self.agent_name,
            "conversation.id": conversation.id,
            "conversation.channel": conversation.channel,
            "conversation.language": conversation.language,
            "conversation.turns": len(conversation.turns),
            "conversation.transcript": transcript_text(conversation),
            "customer.name": customer.name,
            "customer.email": customer.email,
            "customer.phone": customer.phone,
            "customer.identity": customer.identity.value,
            "issue.title": self.brief.ask,
            "issue.summary": self.summary.text,
            "brief.text": self.brief.text,
            "technical.error": next(iter(technical.errors), None),
            "technical.browser": technical.browser,
            "technical.os": technical.os,
            "technical.attempted_action": technical.attempted_action,
            "facts.missing": tuple(report.source for report in self.gathered.missing) or None,
        }


def build_package(
    *,
    handoff_id: HandoffId,
    asked_at: datetime,
    agent_name: str,
    request: HandoffRequest,
    gathered: Gathered,
    mended: bool = False,
    url: str | None = None,
    older: int = 0,
) -> ContextPackage:
    """The package of one handoff. The same input gives the same package."""
    reading = read(request.conversation)
    tried = what_was_tried(request, reading)
    return ContextPackage(
        handoff_id=handoff_id,
        asked_at=asked_at,
        agent_name=agent_name,
        request=request,
        gathered=gathered,
        mended=mended,
        brief=make_brief(request=request, gathered=gathered, asked_at=asked_at, reading=reading, tried=tried),
        summary=make_summary(request, reading),
        tried=tried,
        url=url,
        older=older,
    )


def person_of(request: HandoffRequest) -> Person:
    """Whom the sources are asked about. An e-mail address that is none is left out."""
    customer = request.customer
    return Person(
        name=_bare(customer.name),
        email=_normal_email(customer.email),
        phone=_bare(customer.phone),
        external_ids=tuple(
            (system, known.strip()) for system, known in customer.external_ids.items() if known.strip()
        ),
        identity=customer.identity,
    )


def _bare(text: str | None) -> str | None:
    return (text or "").strip() or None


def _normal_email(given: str | None) -> str | None:
    """The address with its domain in lower case and ASCII: look-alike domains compare as what they are.

    The local part stays as it is: only the receiving host knows whether its case matters (RFC 5321, 2.4).
    """
    local, _, domain = (given or "").strip().rpartition("@")
    if not _LOCAL_PART.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return None
    ascii_domain = _ascii_domain(domain)
    return f"{local}@{ascii_domain}" if ascii_domain else None


def _ascii_domain(domain: str) -> str | None:
    if not domain.isascii():
        try:
            # Python's own codec follows IDNA 2003, in which faß.de is fass.de: somebody else's address.
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    domain = domain.lower()
    return domain if _ASCII_DOMAIN.fullmatch(domain) else None
