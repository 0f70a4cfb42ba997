"""How often an AI agent passes a ticket on, and how often people do."""

from __future__ import annotations

from batonpass.insight.columns import Columns
from batonpass.insight.figures import Figure, count, share

_NO_AI = "this helpdesk does not tell whether an AI agent took part"
_ONLY_WITH_AI = "this helpdesk tells where an AI agent took part, not where none did"
_NO_HANDED = "an AI agent took part, but this helpdesk does not tell whether it went to a person"


def passing(columns: Columns) -> tuple[Figure, ...]:
    return (_ai_share(columns), _handoff_rate(columns), _own_handoffs(columns), _escalation_rate(columns))


def handed_over(columns: Columns, n: int) -> bool | None:
    """Whether an AI agent passed the ticket to a person; None where no AI agent is known to have taken part, or what
    became of it is not told."""
    if columns.ai[n] != 1:
        return None
    # the journal knows only of those that were: to add it where nothing is told would make the rate too high
    return None if columns.handed[n] < 0 else bool(columns.handed[n] or columns.ours[n])


def reassigned(columns: Columns, n: int) -> bool | None:
    """Whether several agents or several groups had it, as far as that is told; None where neither is."""
    agents, groups = columns.agents[n], columns.groups[n]
    return None if agents < 0 and groups < 0 else agents > 1 or groups > 1


def _ai_share(columns: Columns) -> Figure:
    known = [each for each in columns.ai if each >= 0] if columns.tells_ai else []
    return share(
        "ai_share", "Tickets with an AI agent", "Of the tickets, those in which an AI agent spoke.",
        sum(known), len(known), left_out=len(columns) - len(known),
        missing=_ONLY_WITH_AI if 1 in columns.ai else _NO_AI,
    )  # fmt: skip


def _handoff_rate(columns: Columns) -> Figure:
    told = [handed_over(columns, n) for n in range(len(columns))]
    known = [each for each in told if each is not None]
    with_ai = sum(each == 1 for each in columns.ai)
    without = "no AI agent took part in any of these tickets" if columns.tells_ai else _NO_AI
    return share(
        "handoff_rate", "Handoff rate",
        "Of the tickets in which an AI agent took part, those that then went to a person.",
        sum(known), len(known), left_out=with_ai - len(known), missing=_NO_HANDED if with_ai else without,
    )  # fmt: skip


def _own_handoffs(columns: Columns) -> Figure:
    return count(
        "own_handoffs", "Handoffs by batonpass",
        "Of these tickets, those for which the journal of batonpass has a handoff.", sum(columns.ours), len(columns),
    )  # fmt: skip


def _escalation_rate(columns: Columns) -> Figure:
    done = [n for n in range(len(columns)) if columns.done[n]]
    told = [reassigned(columns, n) for n in done]
    known = [each for each in told if each is not None]
    lacks = [
        f"{each} are not told"
        for each in ("agents", "groups")
        if known and not columns.told[each]
    ]  # fmt: skip
    return share(
        "escalation_rate", "Escalation rate",
        "Of the solved tickets, those that more than one agent or more than one group had.",
        sum(known), len(known), left_out=len(done) - len(known), notes=tuple(lacks),
        missing="this helpdesk does not tell how many agents or groups had a ticket",
    )  # fmt: skip
