"""The conversation as an agent reads it, shortened with notice where the note has no room for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from batonpass.context.clipping import clip_end, clip_middle, cost, shown
from batonpass.context.document import SAID_OVERHEAD, Block, Paragraph, Said, to_text
from batonpass.context.wording import ROLES, clock_text, counted, percent
from batonpass.context.words import ELLIPSIS
from batonpass.domain.conversation import Conversation, Turn
from batonpass.domain.text import one_line

_LOW_CONFIDENCE = 0.5
_NEGATIVE = -0.3
_SHARE_OF_HEAD = 0.3
"""Of the room for turns, where some are left out: how it began needs less than how it ended."""
_LEAST_OF_A_TURN = 600
"""Long turns are cut down to this before whole turns are left out."""
_LEAST_TURN = SAID_OVERHEAD + len("1 · Agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortened:
    """The turns that fit, and what was lost."""

    blocks: tuple[Block, ...]
    left_out: int = 0
    cut: int = 0


def transcript_text(conversation: Conversation) -> str:
    """All turns as plain text, whole."""
    return to_text([_said(number, turn, None) for number, turn in enumerate(conversation.turns, 1)])


def fit_turns(turns: Sequence[Turn], *, room: int, today: date) -> Shortened:
    """The turns as blocks of at most `room` characters of HTML.

    First long turns lose their middle; where that is not enough, turns in the middle of the conversation are left
    out. The cost of the call grows with `room`, not with the conversation.
    """
    if len(turns) * _LEAST_TURN <= room and sum(map(_least_of, turns)) <= room:
        said = _all_turns(turns, room, today)
        if said is not None:
            return said
    return _ends(turns, room, today)


def _least_of(turn: Turn) -> int:
    return _LEAST_TURN + min(len(turn.text), _LEAST_OF_A_TURN)


def _all_turns(turns: Sequence[Turn], room: int, today: date) -> Shortened | None:
    """All turns, the long ones cut as little as needed; None where that would cut below the least."""
    heads = [_head(number, turn, today) for number, turn in enumerate(turns, 1)]
    left = room - sum(SAID_OVERHEAD + cost(head) for head in heads)
    # A text longer than all the room is not looked at whole: it is cut in any case.
    texts = [shown(turn.text) if len(turn.text) <= room else None for turn in turns]
    costs = [
        cost(text) if text is not None else len(turn.text) for text, turn in zip(texts, turns, strict=True)
    ]
    most = _level(costs, left)
    if most < min(_LEAST_OF_A_TURN, max(costs)):
        return None
    blocks = tuple(
        Said(head, text if text is not None and price <= most else clip_middle(turn.text, most))
        for head, text, price, turn in zip(heads, texts, costs, turns, strict=True)
    )
    return Shortened(blocks=blocks, cut=sum(price > most for price in costs))


def _level(costs: list[int], room: int) -> int:
    """The highest level at which all costs, none counted above it, fit into the room."""
    left = room
    for index, price in enumerate(sorted(costs)):
        share = left // (len(costs) - index)
        if price > share:
            return share
        left -= price
    return max(costs)


def _ends(turns: Sequence[Turn], room: int, today: date) -> Shortened:
    """The first and the last turns that fit around a line that says which are missing."""
    room -= cost(_gap(1, len(turns))) + len("<p></p>")
    least = max(60, min(_LEAST_OF_A_TURN, room // 6))
    head, room_left = _take(turns, range(len(turns)), int(room * _SHARE_OF_HEAD), least, today)
    spare = room - int(room * _SHARE_OF_HEAD) + room_left
    tail, _ = _take(turns, range(len(turns) - 1, len(head) - 1, -1), spare, least, today)
    tail.reverse()
    first, last = len(head) + 1, len(turns) - len(tail)
    gap = [Paragraph(_gap(first, last))] if first <= last else []
    kept = [*turns[: len(head)], *turns[last:]]
    return Shortened(
        blocks=(*head, *gap, *tail),
        left_out=last - first + 1,
        cut=sum(cost(turn.text[: least + 1]) > least for turn in kept),
    )


def _take(turns: Sequence[Turn], order: range, room: int, least: int, today: date) -> tuple[list[Said], int]:
    """Turns in this order as long as they fit, and the room that is left."""
    taken: list[Said] = []
    for index in order:
        said = Said(_head(index + 1, turns[index], today), clip_middle(turns[index].text, least))
        price = SAID_OVERHEAD + cost(said.head) + cost(said.text)
        if price > room:
            break
        room -= price
        taken.append(said)
    return taken, room


def _gap(first: int, last: int) -> str:
    which = f"turn {first:,}" if first == last else f"turns {first:,}\N{EN DASH}{last:,}"
    return f"{ELLIPSIS} {counted(last - first + 1, 'turn')} omitted ({which}) {ELLIPSIS}"


def _said(number: int, turn: Turn, today: date | None) -> Said:
    return Said(_head(number, turn, today), shown(turn.text))


def _head(number: int, turn: Turn, today: date | None) -> str:
    parts = [f"{number}", ROLES[turn.role]]
    if turn.at:
        parts.append(clock_text(turn.at, today=today))
    if turn.confidence is not None and turn.confidence < _LOW_CONFIDENCE:
        parts.append(f"low confidence {percent(turn.confidence)}")
    if turn.sentiment is not None and turn.sentiment < _NEGATIVE:
        parts.append(f"negative mood {turn.sentiment:.2f}".replace("-", "\N{MINUS SIGN}"))
    if turn.intent:
        parts.append(f"intent {clip_end(one_line(turn.intent), 60)}")
    if turn.page:
        parts.append(f"on {clip_end(one_line(turn.page), 100)}")
    return " \N{MIDDLE DOT} ".join(parts)
