"""What a step tells of the values that were meant for a ticket's fields: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from batonpass.domain.landing import Fate, Landing
from batonpass.domain.ticket import NotLanded

REFUSED = "refused by the helpdesk"
DROPPED = "not kept by the helpdesk"
ALTERED = "changed by the helpdesk or one of its rules"
_WHOLE_PARTS = (("priority", "Priority"), ("group", "Group"), ("assignee", "Assignee"), ("form", "Form"))


def of_opened(result: Mapping[str, Any]) -> tuple[Landing, ...]:
    """From the result of opening or enriching a ticket: what was sent, what was refused, what fitted nowhere."""
    sent = [Landing(field=name, fate=Fate.SENT) for name in _sent(result)]
    return (*sent, *_unsent(result["not_landed"]))


def of_read_back(sent: Mapping[str, Any], missing: Sequence[NotLanded]) -> tuple[Landing, ...]:
    """From what was read back: the fate of each value that was sent. `sent`: as for `of_opened`."""
    fates = {each.field: Fate.DROPPED if each.why == DROPPED else Fate.ALTERED for each in missing}
    return tuple(Landing(field=name, fate=fates.get(name, Fate.LANDED)) for name in _sent(sent))


def _sent(result: Mapping[str, Any]) -> Iterator[str]:
    yield from dict.fromkeys(field["name"] for field in result["fields"])
    yield from (name for part, name in _WHOLE_PARTS if result.get(part) is not None)
    if result.get("tags"):
        yield "Tags"


def _unsent(not_landed: Iterable[Mapping[str, Any]]) -> Iterator[Landing]:
    """A value that was only cut, or filled in by us, has been sent: it is counted there."""
    for each in not_landed:
        if each["why"] == REFUSED:
            yield Landing(field=each["field"], fate=Fate.REFUSED)
        elif each["where"] is not None and not each["why"].startswith("cut to"):
            yield Landing(field=each["field"], fate=Fate.UNFIT)
