"""Bank account numbers (IBAN): by country, length and check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batonpass.context.redaction.checksums import mod_97
from batonpass.context.redaction.digits import BETWEEN, Area
from batonpass.context.redaction.finds import Find

# Found by its digits, for letters are everywhere.
_START = re.compile(
    rf"\d\d(?<=[A-Za-z]{{2}}\d\d)(?<![A-Za-z0-9][A-Za-z]{{2}}\d\d)[{BETWEEN}]{{0,2}}(?=[0-9A-Za-z])", re.ASCII
)
_NEXT = re.compile(rf"[{BETWEEN}]{{0,2}}([0-9A-Za-z])")
_SIZES = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18,
    "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31,
    "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29,
    "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip


def ibans(text: str, area: Area) -> Iterator[Find]:
    for found in _START.finditer(text, *area):
        start = found.start() - 2
        size = _SIZES.get(text[start : start + 2].upper())
        if size is None:
            continue
        account, end = text[start : start + 4].upper(), start + 4
        while len(account) < size and (following := _NEXT.match(text, end)):
            account, end = account + following[1].upper(), following.end()
        if (
            len(account) == size
            and not text[end : end + 1].isalnum()
            and account.isascii()
            and mod_97(account)
        ):
            yield Find(start, end, "iban", account[-4:])
