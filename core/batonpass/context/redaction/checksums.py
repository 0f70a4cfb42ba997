"""The check digits of card numbers, bank accounts and national ids. All take plain ASCII digits and letters."""

from __future__ import annotations

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_FISCAL_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
         10, 22, 25, 24, 23],
        strict=True,
    )
)  # fmt: skip


def luhn(digits: str) -> bool:
    """Card numbers (ISO/IEC 7812-1)."""
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])) % 10 == 0


def mod_97(account: str) -> bool:
    """IBAN (ISO 13616)."""
    return int("".join(str(int(each, 36)) for each in account[4:] + account[:4])) % 97 == 1


def us_ssn(digits: str) -> bool:
    """No check digit: only numbers that are given out."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def de_tax_id(digits: str) -> bool:
    """Steuer-Identifikationsnummer: ISO 7064 mod 11,10, and one digit of the first ten stands two or three times."""
    if digits[0] == "0" or max(map(digits[:10].count, digits[:10])) not in {2, 3}:
        return False
    rest = 10
    for digit in digits[:10]:
        rest = ((int(digit) + rest) % 10 or 10) * 2 % 11
    return (11 - rest) % 10 == int(digits[10])


def gb_nino(number: str) -> bool:
    return number[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def es_dni(number: str) -> bool:
    """DNI and NIE; the first letter of a NIE stands for a digit."""
    digits = number[:-1].translate(str.maketrans("XYZ", "012"))
    return _DNI_LETTERS[int(digits) % 23] == number[-1]


def fr_nir(number: str) -> bool:
    """Corsica has letters: 2A counts as 19, 2B as 18."""
    digits = number[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(digits) % 97 == int(number[13:])


def it_fiscal_code(code: str) -> bool:
    odd = sum(_FISCAL_ODD[each] for each in code[:15:2])
    even = sum(int(each) if each.isdigit() else ord(each) - 65 for each in code[1:15:2])
    return chr(65 + (odd + even) % 26) == code[15]


def nl_bsn(digits: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True))
    return total % 11 == 0 and digits != "000000000"


def br_cpf(digits: str) -> bool:
    if len(set(digits)) == 1:
        return False
    for size in (9, 10):
        total = sum(int(digit) * (size + 1 - place) for place, digit in enumerate(digits[:size]))
        if total * 10 % 11 % 10 != int(digits[size]):
            return False
    return True


def in_aadhaar(digits: str) -> bool:
    """Verhoeff."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF_D[check][int(_VERHOEFF_P[place % 8][int(digit)])])
    return check == 0
