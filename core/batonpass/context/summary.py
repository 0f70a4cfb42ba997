"""What happened so far: the AI agent's own summary as it is, and one in which every sentence cites its turns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batonpass.context.citing import Cited, Spoken, found_in, supported
from batonpass.context.reading import Reading, Sentence
from batonpass.context.tried import last_act
from batonpass.context.words import cut_words, sentences, without_markdown
from batonpass.domain.conversation import HandoffRequest, Role, Turn

_MOST_LATER_ASKS = 3
_QUOTED_WORDS = 25
_WORDS_OF_THE_LAST = 15
_READ_OF_A_SUMMARY = 4000
NOT_FOUND = "[not found in the conversation]"
"""Stands after each sentence of the AI agent's own summary that the turns do not support."""

_ROLES = {Role.CUSTOMER: "the customer", Role.AI: "the AI agent", Role.AGENT: "an agent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    text: str
    """The AI agent's own words where it gave a summary, otherwise the sentences with their turns."""
    by_ai: bool
    """Whether `text` are the AI agent's own words."""
    sentences: tuple[Cited, ...] = ()
    """Ours or a language model's: none is here that its turns do not support."""
    by_model: bool = False
    """Whether `sentences` were written by a language model."""

    @property
    def cited(self) -> str:
        """The sentences with their turns, as one text."""
        return " ".join(each.shown for each in self.sentences)


def make_summary(request: HandoffRequest, reading: Reading, written: Sequence[Cited] = ()) -> Summary:
    """First ask, later asks, what the AI agent did last, how it ended; or, where a language model has written one,
    those of its sentences that are supported."""
    turns = request.conversation.turns
    by_model = tuple(each for each in written if is_supported(each, turns))
    cited = by_model or tuple(each for each in _ours(request, reading) if is_supported(each, turns))
    own = (request.summary or "").strip()
    return Summary(
        text=_marked(own, turns) if own else _joined(cited),
        by_ai=bool(own),
        sentences=cited,
        by_model=bool(by_model),
    )


def is_supported(cited: Cited, turns: Sequence[Turn]) -> bool:
    """Whether all the turns it cites exist and say so."""
    if not cited.turns or not all(1 <= number <= len(turns) for number in cited.turns):
        return False
    return supported(cited.text, [turns[number - 1] for number in cited.turns])


def _joined(cited: Sequence[Cited]) -> str:
    return " ".join(each.shown for each in cited) or "The customer wrote nothing."


def _marked(own: str, turns: Sequence[Turn]) -> str:
    """The AI agent's words, whole; after a sentence that no turn supports it is said so."""
    spoken = Spoken([turn.text for turn in turns])
    read = sentences(own[:_READ_OF_A_SUMMARY])
    doubtful = [said for said in read if not found_in(said, spoken)]
    if not doubtful:
        return own
    text, place = own, 0
    for said in doubtful:
        pattern = r"\s+".join(map(re.escape, said.split()))
        found = re.compile(pattern).search(text, place)
        if found is None:
            continue
        text = f"{text[: found.end()]} {NOT_FOUND}{text[found.end() :]}"
        place = found.end() + len(NOT_FOUND) + 1
    return text


def _ours(request: HandoffRequest, reading: Reading) -> Iterator[Cited]:
    topics = reading.topics or tuple(filter(None, [reading.ask]))
    cited: set[int] = set()
    if topics:
        first, *later = topics
        yield _quoting("The customer began with:", first)
        for topic in later[-_MOST_LATER_ASKS:]:
            yield _quoting("Then:", topic)
        cited = {topic.turn for topic in topics}
        if reading.person_wanted and reading.person_wanted.turn not in cited:
            cited.add(reading.person_wanted.turn)
            yield _quoting("Asked for a person:", reading.person_wanted)
    act = last_act(reading)
    if act:
        cited.add(act.turn)
        yield _quoting("The AI agent last reported:", act)
    yield from _ending(request, cited)


def _ending(request: HandoffRequest, cited: set[int]) -> Iterator[Cited]:
    turns = request.conversation.turns
    said = sentences(turns[-1].text)
    if said and len(turns) not in cited:
        last = Sentence(turn=len(turns), text=said[0])
        yield _quoting(f"The last turn is from {_ROLES[turns[-1].role]}:", last, most=_WORDS_OF_THE_LAST)


def _quoting(lead: str, said: Sentence, *, most: int = _QUOTED_WORDS) -> Cited:
    words = cut_words(without_markdown(said.text), most)
    inside = words.replace('"', "'").replace("\u201c", "\u2018").replace("\u201d", "\u2019")
    quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{inside}\N{RIGHT DOUBLE QUOTATION MARK}"
    return Cited(text=f"{lead} {quoted}", turns=(said.turn,))
