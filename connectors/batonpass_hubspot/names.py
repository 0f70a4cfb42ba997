"""The names that properties and options get from what people see."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 100


def property_name(label: str) -> str:
    """`Customer tier` → `customer_tier`: lower case, a letter first."""
    name = option_value(label)
    return (name if name[0].isalpha() else f"p_{name}")[:LONGEST_NAME]


def option_value(label: str) -> str:
    """`Data protection` → `data_protection`."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "option"
