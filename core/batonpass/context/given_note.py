"""The note's section of what the customer gave already."""

from __future__ import annotations

from batonpass.context.asked_once import rows_of
from batonpass.context.clipping import clip_end
from batonpass.context.document import Block, Heading, Pairs, Paragraph
from batonpass.context.note import Room
from batonpass.context.package import ContextPackage
from batonpass.domain.text import one_line

_SHARE_OF_ITEMS = 2
"""Facts are short: twice as many as other items."""


def already_given(package: ContextPackage, room: Room) -> list[Block]:
    """Each fact with the turn that proves it; nothing where there is none."""
    rows = rows_of(package.given)
    most = room.items * _SHARE_OF_ITEMS
    if not rows:
        return []
    shown = tuple((label, clip_end(one_line(value), room.value)) for label, value in rows[:most])
    blocks: list[Block] = [Heading("Already given: do not ask again"), Pairs(shown)]
    if len(rows) > most:
        more = (
            f"\N{HORIZONTAL ELLIPSIS} {len(rows) - most:,} more facts not shown here \N{HORIZONTAL ELLIPSIS}"
        )
        blocks.append(Paragraph(more))
    return blocks
