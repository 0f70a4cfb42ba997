"""Context packages for an installation without a past: the conversations that ship with batonpass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from types import MappingProxyType

from batonpass.app.intake import read_request
from batonpass.context.package import ContextPackage, build_package
from batonpass.domain.conversation import HandoffRequest
from batonpass.domain.facts import Fact, FactValue, Gathered, Money, SourceReport, Standing
from batonpass.domain.ids import HandoffId

_SOURCE = "sample"
_FACTS: Mapping[str, FactValue] = MappingProxyType(
    {
        "account.name": "Example Ltd",
        "account.tier": "pro",
        "account.owner": "owner@example.com",
        "billing.plan": "Pro",
        "billing.mrr": Money(amount=4900, currency="usd"),
        "billing.balance": Money(amount=0, currency="usd"),
        "billing.status": "active",
        "support.tickets_90_days": Decimal(2),
    }
)
"""As a CRM and a billing system might tell them; what an installation's own mappings name may be others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A conversation that nobody had."""

    id: HandoffId
    title: str
    package: ContextPackage


def samples(now: datetime) -> tuple[Sample, ...]:
    """Always the same ones; `now`: when they were asked for."""
    folder = files("batonpass") / "demo" / "conversations"
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".json"))
    return tuple(_sample(name, (folder / name).read_bytes(), now) for name in names)


def _sample(name: str, body: bytes, now: datetime) -> Sample:
    request, _ = read_request(body)
    stem = name.removesuffix(".json")
    id_ = HandoffId(f"sample-{stem.partition('-')[0]}")
    return Sample(id=id_, title=_title(stem), package=_package(id_, request, now))


def _title(stem: str) -> str:
    return stem.partition("-")[2].replace("-", " ").capitalize()


def _package(id_: HandoffId, request: HandoffRequest, now: datetime) -> ContextPackage:
    facts = tuple(Fact(name=name, value=value, source=_SOURCE, as_of=now) for name, value in _FACTS.items())
    report = SourceReport(source=_SOURCE, standing=Standing.FOUND, facts=facts)
    return build_package(
        handoff_id=id_,
        asked_at=now,
        agent_name="ai-agent",
        request=request,
        gathered=Gathered(reports=(report,)),
    )
