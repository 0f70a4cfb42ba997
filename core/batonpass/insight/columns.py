"""The tickets of a time as columns of numbers: some two hundred bytes each, and no word that was said."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from batonpass.insight.topics import topic_of

UNKNOWN = -1
_DONE = frozenset({"solved", "closed"})
_NOT_DONE = frozenset({"open", "pending"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The tickets that were opened from `since` on, as they stood at `until`."""

    since: datetime
    until: datetime
    zone: ZoneInfo

    @property
    def days(self) -> float:
        return (self.until - self.since) / timedelta(days=1)


class Words:
    """Texts that come again and again, as small numbers."""

    __slots__ = ("codes", "names")

    def __init__(self) -> None:
        self.names: list[str] = []
        self.codes: dict[str, int] = {}

    def code(self, text: str | None) -> int:
        """`UNKNOWN` for none."""
        if not text:
            return UNKNOWN
        found = self.codes.setdefault(text, len(self.names))
        if found == len(self.names):
            self.names.append(text)
        return found


def _numbers() -> array[int]:
    return array("q")


def _codes() -> array[int]:
    return array("i")


def _few() -> array[int]:
    return array("b")


@dataclass(kw_only=True)
class Columns:
    """Times are whole milliseconds since 1970; -1 stands for what is not told."""

    window: Window
    since_ms: int = field(init=False)
    until_ms: int = field(init=False)
    created: array[int] = field(default_factory=_numbers)
    first_reply: array[int] = field(default_factory=_numbers)
    solved: array[int] = field(default_factory=_numbers)
    """When; of a ticket that is done."""
    seen: array[int] = field(default_factory=_numbers)
    """Until when it is known to be as it stands."""
    done: array[int] = field(default_factory=_few)
    ai: array[int] = field(default_factory=_few)
    handed: array[int] = field(default_factory=_few)
    ours: array[int] = field(default_factory=_few)
    """Whether the journal has a handoff for it."""
    topic: array[int] = field(default_factory=_codes)
    status: array[int] = field(default_factory=_codes)
    priority: array[int] = field(default_factory=_codes)
    channel: array[int] = field(default_factory=_codes)
    category: array[int] = field(default_factory=_codes)
    customer: array[int] = field(default_factory=_codes)
    agent: array[int] = field(default_factory=_codes)
    group: array[int] = field(default_factory=_codes)
    reopens: array[int] = field(default_factory=_codes)
    agent_replies: array[int] = field(default_factory=_codes)
    customer_messages: array[int] = field(default_factory=_codes)
    agents: array[int] = field(default_factory=_codes)
    groups: array[int] = field(default_factory=_codes)
    score: array[int] = field(default_factory=_codes)
    words: dict[str, Words] = field(default_factory=dict)
    tags: Counter[str] = field(default_factory=Counter)
    tagged: int = 0
    told: Counter[str] = field(default_factory=Counter)
    """Column → of how many tickets it is told."""
    undated: int = 0
    """Tickets without the time when they were opened: nothing can be said of them."""

    def __post_init__(self) -> None:
        self.since_ms, self.until_ms = ms_of(self.window.since), ms_of(self.window.until)
        for each in _CODED:
            self.words[each] = Words()

    @property
    def tells_ai(self) -> bool:
        """Whether the helpdesk tells of tickets that no AI agent took part in them; some tell only where one did."""
        return 0 in self.ai

    def __len__(self) -> int:
        return len(self.created)

    def add(
        self, told: Mapping[str, Any], *, read_at: int, ours: bool = False, rating: int | None = None
    ) -> bool:
        """A ticket's columns as they are kept; whether it was opened within the window. `rating` is the newest of its
        ratings, where they are records of their own."""
        created = _ms(told.get("created_at"))
        if created < 0:
            self.undated += 1
            return False
        if not self.since_ms <= created < self.until_ms:
            return False
        self._times(told, created, read_at)
        for name, column in _CODED.items():
            getattr(self, column).append(self.words[name].code(_text(told.get(name))))
        for name in _WHOLE:
            getattr(self, name).append(_whole(told.get(name)))
        handed = _yes(told.get("handed_over"))
        # who passed it on has taken part, also where only that is told
        self.ai.append(1 if handed == 1 else _yes(told.get("ai_took_part")))
        self.handed.append(handed)
        self.ours.append(ours)
        score = told.get("score")
        self.score.append(_whole(rating if score is None else score))
        tags = told.get("tags") or ()
        self.tagged += bool(tags)
        self.tags.update(set(tags))
        self.topic.append(topic_of(told.get("category"), tags, told.get("subject")))
        self.told.update(name for name, value in told.items() if value is not None and value not in ("", []))
        if score is None and rating is not None:
            self.told["score"] += 1
        return True

    def begin_with_first(self) -> None:
        """What is left of the window before the first ticket is no part of it: the copy does not reach so far back."""
        if not self.created:
            return
        first = datetime.fromtimestamp(min(self.created) / 1000, self.window.zone)
        day = first.replace(hour=0, minute=0, second=0, microsecond=0)
        self.window = replace(self.window, since=max(self.window.since, day.astimezone(UTC)))

    def _times(self, told: Mapping[str, Any], created: int, read_at: int) -> None:
        status, solved = told.get("status"), _ms(told.get("solved_at"))
        is_done = status in _DONE or (status not in _NOT_DONE and solved >= 0)
        self.created.append(created)
        self.first_reply.append(_ms(told.get("first_reply_at")))
        self.done.append(is_done)
        self.solved.append(max(solved, created) if is_done and solved >= 0 else UNKNOWN)
        self.seen.append(max(self.until_ms, read_at))


_CODED = {
    "status": "status", "priority": "priority", "channel": "channel", "category": "category",
    "customer_id": "customer", "agent_id": "agent", "group_id": "group",
}  # fmt: skip
"""A ticket's column → ours."""
_WHOLE = ("reopens", "agent_replies", "customer_messages", "agents", "groups")


def ms_of(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _ms(text: Any) -> int:
    if not text:
        return UNKNOWN
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return UNKNOWN
    return int((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else UNKNOWN


def _yes(value: Any) -> int:
    return UNKNOWN if value is None else int(bool(value))
