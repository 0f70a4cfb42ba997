"""One ticket while it is made: what its rules make of our values, and what is lost of them on the way."""

from __future__ import annotations

from collections.abc import Mapping

from cel import Context

from batonpass.domain.facts import FactValue
from batonpass.domain.ticket import NotLanded, TextUnit
from batonpass.mapping.conditions import Asking, Condition
from batonpass.mapping.rules import Resolved, Rule, TagRule
from batonpass.mapping.transforms import NotDoneError, done
from batonpass.mapping.wording import as_text, cut

_LONGEST_LOST_VALUE = 500
_UNMATCHED = 'not in "values" of the mapping'


class UnderWay:
    """One ticket under way: our values, and what has been lost of them so far."""

    def __init__(self, values: Mapping[str, FactValue], lost: list[NotLanded], asking: Asking | None) -> None:
        self.values = values
        self._lost = lost
        self._asking = asking
        self._context: Context | None = None

    def lose(self, rule: Rule | None, value: str, why: str, *, meant: str | None = None) -> None:
        self._lost.append(_not_landed(rule, value, why, meant=meant))

    def applies(self, rule: Rule | TagRule) -> bool:
        """Whether its condition holds; one that cannot be told is told as lost."""
        return rule.when is None or self._holds(rule, rule.when)

    def value(self, rule: Rule, unit: TextUnit = TextUnit.CHARACTERS) -> FactValue | None:
        """What the rule makes of the values, transformed; None where it makes nothing."""
        resolved = rule.content.resolve(self.values)
        if resolved.unmatched is not None:
            self.lose(rule, as_text(resolved.unmatched), _UNMATCHED)
        if resolved.value is None or resolved.as_written or not rule.transforms:
            return resolved.value
        try:
            return done(rule.transforms, resolved.value, unit)
        except NotDoneError as error:
            self.lose(rule, as_text(resolved.value), str(error))
            return None

    def text(self, rule: Rule | None) -> str | None:
        if rule is None or not self.applies(rule):
            return None
        value = self.value(rule)
        return None if value is None else as_text(value).strip() or None

    def _holds(self, rule: Rule | TagRule, condition: Condition) -> bool:
        if self._asking is None:
            return False
        if self._context is None:
            self._context = self._asking.about(self.values)
        holds, why = self._asking.holds(condition, self._context)
        if why:
            self._lost.append(_not_asked(rule, self.values, why))
        return holds


def _not_asked(rule: Rule | TagRule, values: Mapping[str, FactValue], why: str) -> NotLanded:
    if isinstance(rule, TagRule):
        value = rule.template.fill(values, whole=True) or ""
        return NotLanded(field="Tags", value=cut(value, _LONGEST_LOST_VALUE), why=why, where=rule.where)
    resolved: Resolved = rule.content.resolve(values)
    return _not_landed(rule, "" if resolved.value is None else as_text(resolved.value), why)


def _not_landed(rule: Rule | None, value: str, why: str, *, meant: str | None = None) -> NotLanded:
    return NotLanded(
        field=rule.name if rule else "",
        value=cut(value, _LONGEST_LOST_VALUE),
        why=f'{why}; did you mean "{meant}"?' if meant else why,
        where=rule.where if rule else None,
    )
