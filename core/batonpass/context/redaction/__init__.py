"""Masks what must not leave: card numbers, bank accounts, passwords, keys, national ids, and what a team adds."""

from batonpass.context.redaction.finds import KINDS, NOTHING_MASKED, Masked
from batonpass.context.redaction.nationals import COUNTRIES
from batonpass.context.redaction.own import OwnPattern, PatternError, PatternsUnavailableError
from batonpass.context.redaction.redactor import Redacted, Redactor

__all__ = [
    "COUNTRIES",
    "KINDS",
    "NOTHING_MASKED",
    "Masked",
    "OwnPattern",
    "PatternError",
    "PatternsUnavailableError",
    "Redacted",
    "Redactor",
]
