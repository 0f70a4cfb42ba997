"""How often people asked again what the customer had said: conversations that were looked at, as counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batonpass.insight.figures import Figure, Share, share

NO_CONVERSATION = "no conversation was read: batonpass audit --read 100 reads a sample from the helpdesk"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLooks:
    """What looking at conversations gave."""

    of: str = "the conversations"
    """Which ones were looked at, as the end of a sentence that begins with Of."""
    read: int = 0
    """Conversations that were looked at."""
    could: int = 0
    """Of them, those in which the customer had said something that a person then could have asked again."""
    again: int = 0
    """Of these, those in which a person did."""
    kinds: Mapping[str, int] | None = None
    """What was asked again → in how many conversations."""
    unread: int = 0
    """Conversations that were chosen and could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain:
    rate: Figure
    kinds: tuple[tuple[str, int, Share], ...]
    """(what, conversations, of those looked at), the most frequent first."""
    unread: int = 0
    """Conversations that were to be read, and could not be."""


def asked_again(looks: Sequence[AskedLooks]) -> AskedAgain:
    could, again = sum(each.could for each in looks), sum(each.again for each in looks)
    read, unread = sum(each.read for each in looks), sum(each.unread for each in looks)
    counts: dict[str, int] = {}
    for each in looks:
        for kind, n in (each.kinds or {}).items():
            counts[kind] = counts.get(kind, 0) + n
    chosen = "; ".join(f"{each.read} of {each.of}" for each in looks if each.read)
    notes = (f"looked at: {chosen}",) if chosen else ()
    if unread:
        notes = (*notes, f"{unread} could not be read")
    rate = share(
        "asked_again", "Asked again",
        "Of the conversations in which the customer had already said it, those in which a person asked for it once more.",
        again, could, left_out=read - could, notes=notes,
        missing="in none of the conversations that were read did a person speak after the customer had given something"
        if read
        else NO_CONVERSATION,
    )  # fmt: skip
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    told = ((kind, n, Share.of(n, could)) for kind, n in ordered)
    return AskedAgain(
        rate=rate, kinds=tuple((kind, n, of) for kind, n, of in told if of is not None), unread=unread
    )
