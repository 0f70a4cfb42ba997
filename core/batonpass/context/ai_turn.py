"""One turn of the AI agent, as those read it who look for what it did."""

from __future__ import annotations

from batonpass.context.words import sentences


class AiTurn:
    """What the AI agent wrote in one turn, split once for all who look at its sentences."""

    __slots__ = ("_lowered", "_sentences", "number", "text")

    def __init__(self, number: int, text: str) -> None:
        self.number, self.text = number, text
        self._sentences: list[str] | None = None
        self._lowered: list[str] | None = None

    @property
    def sentences(self) -> list[str]:
        if self._sentences is None:
            self._sentences = sentences(self.text)
        return self._sentences

    @property
    def lowered(self) -> list[str]:
        """The sentences in lower case."""
        if self._lowered is None:
            self._lowered = [each.lower() for each in self.sentences]
        return self._lowered
