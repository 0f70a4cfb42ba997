"""What people are told about alerts: plain, without any customer's data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from batonpass.domain.alert import Alert, AlertKind

WHAT: Mapping[AlertKind, str] = MappingProxyType(
    {
        AlertKind.HANDOFFS_LATE: "Handoffs are late",
        AlertKind.HANDOFF_PARKED: "Handoffs wait for a person to look",
        AlertKind.AI_AGENT_NOT_TOLD: "The AI agent does not take the news of its tickets",
        AlertKind.NOT_ACCEPTED: "Tickets that nobody has taken",
        AlertKind.NOT_RESOLVED: "Tickets that have been open for very long",
        AlertKind.STORM: "A surge of handoffs",
        AlertKind.CREDENTIALS_REFUSED: "Credentials are refused",
        AlertKind.BREAKER_OPEN: "Calls fail again and again",
        AlertKind.WEBHOOKS_SILENT: "Webhooks have stopped coming",
        AlertKind.RECONCILED: "Webhooks were lost, and made up for",
        AlertKind.RECONCILE_HELD: "Very many tickets ask for a person",
        AlertKind.DOUBLED: "Handoffs have several tickets",
        AlertKind.ORPHANED: "Tickets of handoffs that nobody knows",
        AlertKind.MAPPING_DRIFT: "The mapping does not fit the helpdesk any more",
        AlertKind.SYNC_HELD: "Very many records are missing from a vendor's list",
        AlertKind.SYNC_FAILING: "The scheduled sync does not come to its end",
        AlertKind.STORE_LOW: "Little space is left for the journal",
        AlertKind.CLOCK_WRONG: "The machine's clock has jumped",
    }
)
NEXT: Mapping[AlertKind, str] = MappingProxyType(
    {
        AlertKind.HANDOFFS_LATE: "batonpass doctor",
        AlertKind.HANDOFF_PARKED: "batonpass queue list --state parked",
        AlertKind.AI_AGENT_NOT_TOLD: "see that its callback_url answers with 2xx",
        AlertKind.NOT_ACCEPTED: "look at the queue in the helpdesk",
        AlertKind.NOT_RESOLVED: "look for the oldest open tickets in the helpdesk",
        AlertKind.STORM: "look at what the AI agent does, and staff the queue",
        AlertKind.CREDENTIALS_REFUSED: "renew the credentials, then: batonpass doctor",
        AlertKind.BREAKER_OPEN: "look at the vendor's status page; batonpass doctor",
        AlertKind.WEBHOOKS_SILENT: "batonpass webhooks check",
        AlertKind.RECONCILED: "batonpass webhooks check",
        AlertKind.RECONCILE_HELD: "look at the start rule; batonpass verify",
        AlertKind.DOUBLED: "batonpass verify",
        AlertKind.ORPHANED: "batonpass verify",
        AlertKind.MAPPING_DRIFT: "mend these lines, or put back what was changed in the helpdesk; batonpass doctor",
        AlertKind.SYNC_HELD: "look there; if they are gone: batonpass sync run --once --accept-gone --stream …",
        AlertKind.SYNC_FAILING: "batonpass sync status",
        AlertKind.STORE_LOW: "free space on the disk that holds the journal",
        AlertKind.CLOCK_WRONG: "see that the machine keeps time (timedatectl)",
    }
)


def title_of(alert: Alert) -> str:
    over = "Over: " if alert.closed_at is not None else ""
    return f"batonpass: {over}{WHAT[alert.kind]} ({alert.about})"


def text_of(alert: Alert) -> str:
    """What is wrong, how many, since when, what to do next."""
    times = "once" if alert.count == 1 else f"{alert.count} times"
    if alert.closed_at is not None:
        return (
            f"It is over. It began at {_shown(alert.opened_at)}, ended at {_shown(alert.closed_at)}, "
            f"and was seen {times}. There is nothing left to do."
        )
    detail = alert.detail or WHAT[alert.kind]
    said = detail if "Next:" in detail else f"{detail}\nNext: {NEXT[alert.kind]}"
    return (
        f"{said}\nSince {_shown(alert.opened_at)}, seen {times}. You hear of it again when it is over; "
        "docs/alerts.md has more."
    )


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
