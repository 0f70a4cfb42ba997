"""Packages of customers who have asked before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from batonpass.context.package import ContextPackage, build_package
from batonpass.context.render import render_note
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.facts import Fact, Gathered, MatchStrength, SourceReport, Standing
from batonpass.domain.history import ContactKind, Outcome, PastContact
from batonpass.domain.ids import HandoffId

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
TITLES = {"zendesk": "Zendesk", "hubspot": "HubSpot", "stripe": "Stripe"}
ASK = "I was charged twice for my March invoice INV-20417. Please refund the second charge."


def a_contact(title: str = "Charged twice in March", *, days: float = 2, **more: Any) -> PastContact:
    told = {"kind": ContactKind.TICKET, "source": "zendesk", "id": "7", "outcome": Outcome.SOLVED, **more}
    return PastContact(at=NOW - timedelta(days=days), title=title, **told)


def a_report(source: str, *contacts: PastContact, facts: dict[str, Any] | None = None) -> SourceReport:
    told = tuple(
        Fact(name=name, value=value, source=source, as_of=NOW) for name, value in (facts or {}).items()
    )
    return SourceReport(
        source=source,
        standing=Standing.FOUND,
        facts=told,
        contacts=contacts,
        matched_by=MatchStrength.VERIFIED_EMAIL,
    )


def a_package(
    *reports: SourceReport, handoffs: tuple[PastContact, ...] = (), ask: str = ASK, **more: Any
) -> ContextPackage:
    customer = {"name": "Anna Keller", "identity": "verified", **more.pop("customer", {})}
    told = {"conversation": {"turns": [{"role": "customer", "text": ask}]}, "customer": customer, **more}
    return build_package(
        handoff_id=HandoffId("ho_9"),
        asked_at=NOW,
        agent_name="helper",
        request=HandoffRequest.model_validate(told),
        gathered=Gathered(reports=reports, handoffs=handoffs),
    )


def note_of(package: ContextPackage, limit: int = 65_000) -> str:
    return render_note(package, titles=TITLES, limit=limit).text
