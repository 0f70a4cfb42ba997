"""How the redaction does on its corpus: `python tests/redaction_score.py` prints the figures."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batonpass.context.redaction import Redactor
from batonpass.domain.conversation import HandoffRequest
from redaction_corpus import negatives, positives


@dataclass(frozen=True, slots=True)
class Score:
    hits: dict[str, int]
    missed: dict[str, list[str]]
    wrong: list[str]
    """Texts in which something was masked that is none."""
    masks: int

    def recall(self, *kinds: str) -> float:
        hits = sum(self.hits.get(kind, 0) for kind in kinds or self.hits)
        missed = sum(len(self.missed.get(kind, ())) for kind in kinds or self.missed)
        return hits / (hits + missed)

    @property
    def precision(self) -> float:
        true = sum(self.hits.values())
        return true / (true + len(self.wrong))


def redacted(redactor: Redactor, *turns: str) -> list[str]:
    roles = ("customer", "ai") if len(turns) != 2 else ("ai", "customer")
    said = [{"role": roles[place % 2], "text": text} for place, text in enumerate(turns)]
    request = HandoffRequest.model_validate({"conversation": {"turns": said}})
    return [turn.text for turn in redactor.request(request).request.conversation.turns]


_MARK = re.compile(r"\[(?:card|CVV|IBAN|password|API key|national id)(?: \u2022{4} \w{1,4})?\]")


def measured(redactor: Redactor) -> Score:
    """How the redactor does on the whole corpus."""
    hits: dict[str, int] = {}
    missed: dict[str, list[str]] = {}
    wrong: list[str] = []
    masks = 0
    for sample in positives():
        shown = "\n".join(redacted(redactor, *sample.turns))
        found = len(_MARK.findall(shown))
        masks += found
        for kind, secret in sample.secrets:
            if secret in shown:
                missed.setdefault(kind, []).append("\n".join(sample.turns))
            else:
                hits[kind] = hits.get(kind, 0) + 1
        wrong += [shown] * max(0, found - len(sample.secrets))
    for text, _ in negatives():
        [shown] = redacted(redactor, text)
        found = len(_MARK.findall(shown))
        masks += found
        wrong += [shown] * found
    return Score(hits=hits, missed=missed, wrong=wrong, masks=masks)


def main() -> None:
    redactor = Redactor()
    score = measured(redactor)
    print(
        f"{sum(1 for _ in positives())} messages with, {sum(1 for _ in negatives())} without something to mask"
    )
    for kind in sorted({*score.hits, *score.missed}):
        print(f"{kind:12} recall {score.recall(kind):7.2%}  {score.missed.get(kind, [])[:5]}")
    print(f"{'all':12} recall {score.recall():7.2%}, precision {score.precision:.2%}")
    for text in score.wrong[:20]:
        print("wrong:", text)
    lost = [text for text, number in negatives() if number and number not in redacted(redactor, text)[0]]
    print(f"order and tracking numbers lost: {len(lost)} {lost[:20]}")


if __name__ == "__main__":
    main()
