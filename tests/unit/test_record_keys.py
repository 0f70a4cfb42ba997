"""What records are known by, in one form for all vendors."""

from __future__ import annotations

import pytest

from batonpass.ports import address_key, domain_key, phone_key


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ("+49 (30) 901820", "+4930901820"),
        ("0049 30 123456", "+4930123456"),
        ("030 901820", None),
        ("+0123456789", None),
        ("+12", None),
        ("+49 30 90 18 20 ext. 5", None),
        ("+\N{ARABIC-INDIC DIGIT FOUR}901820123", None),
        ("+49" + "1" * 40, None),
        ("", None),
        (None, None),
    ],
)
def test_a_number_is_a_key_only_with_its_country(told: str | None, key: str | None) -> None:
    assert phone_key(told) == key


@pytest.mark.parametrize(
    ("told", "key"),
    [
        (" Mia.Keller@EXAMPLE.com ", "Mia.Keller@example.com"),
        ("mia@b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example", "mia@xn--bcher-kva.example"),
        ("", None),
        (None, None),
        ("nobody", None),
        ("@example.com", None),
        ("mia@", None),
        ("mia@-\N{SNOWMAN}-", None),
        ("m" * 400 + "@example.com", None),
    ],
)
def test_an_address_keeps_its_local_part_and_has_its_domain_in_one_form(
    told: str | None, key: str | None
) -> None:
    assert address_key(told) == key


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ("Example.COM", "example.com"),
        ("stra\N{LATIN SMALL LETTER SHARP S}e.example", "xn--strae-oqa.example"),
        ("example.com/about", None),
        ("not a domain", None),
        ("", None),
    ],
)
def test_a_domain_has_one_form(told: str, key: str | None) -> None:
    assert domain_key(told) == key
