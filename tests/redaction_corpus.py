"""Messages of support conversations with and without something to mask, made from tables and sentences.

The numbers are made up here, with their check digits; no key stands in this file whole. The same seed makes the same corpus; `redaction_score` measures on it.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

SEED = 20261121


@dataclass(frozen=True, slots=True)
class Sample:
    turns: tuple[str, ...]
    secrets: tuple[tuple[str, str], ...] = ()
    """(kind, as it is written): what must not be there any more."""


def luhn_completed(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


BRANDS = [("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15), ("6011", 16), ("65", 16),
          ("3530", 16), ("36", 14), ("38", 14), ("62", 16), ("4", 16), ("53", 16)]  # fmt: skip
RARE_BRANDS = [("4", 13), ("4", 19), ("62", 19), ("6759", 18), ("6304", 19), ("5018", 13)]
SEPARATORS = [" ", "-", ".", "\u00a0", "  ", "\u2009", "\u2011", " - ", "\u200b", "\n"]
FULL_WIDTH = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")
ARABIC = str.maketrans("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")
CARD_SENTENCES = [
    "my card number is {} thanks",
    "{}",
    "Please charge {} instead of the old one.",
    "You billed {} twice!!",
    "Visa {}, expires 04/29",
    "card: {} exp 11/28",
    "Meine Kreditkarte {} wurde abgelehnt",
    "Mi tarjeta es {} y no funciona",
    "ma carte {} ne passe pas",
    "il pagamento con {} non va a buon fine",
    "\u30ab\u30fc\u30c9\u756a\u53f7\u306f{}\u3067\u3059",
    "Error: payment_method card_number={} declined",
    '{{"pan": "{}", "amount": 1200}}',
    "I paid with {} for order #W2239871 on 3 May.",
    "Order 48812 was paid by {}. Please refund it.",
    "it ends in... ah just take the whole one: {}.",
    "cc {}",
    "(card {})",
]
KEYS = [("sk_{}_", "live", 24, "b62"), ("sk_{}_", "test", 24, "b62"), ("rk_{}_", "live", 24, "b62"), ("wh{}_", "sec", 32, "b62"),
        ("gh{}_", "p", 36, "b62"), ("gh{}_", "s", 36, "b62"), ("github_{}_", "pat", 60, "b62"), ("gl{}-", "pat", 20, "b62"), ("AK{}", "IA", 16, "upper"),
        ("AI{}", "za", 35, "b62"), ("xo{}-", "xb", 40, "b62"), ("xo{}-", "xp", 40, "b62"), ("SG{}", ".", 22, "sendgrid"), ("npm{}", "_", 36, "b62"),
        ("py{}-", "pi", 60, "b62"), ("dop_{}_", "v1", 64, "hex"), ("shp{}_", "at", 32, "hex"), ("hf{}", "_", 34, "b62"), ("gls{}_", "a", 32, "b62"),
        ("s{}-", "k", 48, "b62"), ("sk-{}-", "ant", 60, "b62"), ("sk-{}-", "proj", 60, "b62"), ("da{}", "pi", 32, "hex"), ("PM{}-", "AK", 24, "postman"),
        ("ya{}.", "29", 60, "b62"), ("key{}", "-", 32, "hex"), ("pat-{}-", "na1", 0, "uuid"), ("lin_{}_", "api", 40, "b62"), ("ey{}", "J", 20, "jwt")]  # fmt: skip
KEY_SENTENCES = [
    "here is the key we use: {}",
    "{}",
    "Authorization: Bearer {}",
    "our integration stopped, token {} returns 401",
    "export API_KEY={}",
    "https://api.shop.example/v1/orders?access_token={}&page=2",
    "I rotated {} yesterday and now nothing works",
    "curl -u {}: https://api.shop.example",
]
LOOSE_SECRETS = [
    "my api key is {}",
    "API-Key: {}",
    "client_secret={}",
    "the access token {} has expired",
    '"secret": "{}"',
    "Der geheime Schl\u00fcssel lautet {}",
    "la cl\u00e9 API est {}",
    "Authorization: Bearer {}",
    "session token: {}",
]
PASSWORDS = ["hunter2!", "Summer2024", "Tr0ub4dor&3", "corr3ct-horse", "P@ssw0rd", "qwerty123", "MyDogRex!", "xK9#mPq2", "Welcome1", "letmein99", "Zug2Bern!", "a1b2c3d4"]  # fmt: skip
PASSWORD_SENTENCES = [
    "my password is {}",
    "Password: {}",
    "pw: {}",
    "user: ada@example.com password: {}",
    "The password I use is {}, can you check?",
    "Mein Passwort ist {}",
    "Mein Passwort lautet {} und es geht nicht.",
    "Kennwort: {}",
    "mon mot de passe est {}",
    "mi contrase\u00f1a es {}",
    "la mia password \u00e8 {}",
    "minha senha \u00e9 {}",
    "mijn wachtwoord is {}",
    "m\u00f3j has\u0142o to {}",
    "\u043c\u043e\u0439 \u043f\u0430\u0440\u043e\u043b\u044c: {}",
    "\u30d1\u30b9\u30ef\u30fc\u30c9\u306f{}",
    "\u5bc6\u7801\uff1a{}",
    'login fails with password "{}" since Monday',
    "I changed my password to {} but it still says wrong",
    "login: ada / {}",
]
IBAN_SHAPES = [("DE", "18d"), ("GB", "4l14d"), ("FR", "10d11c2d"), ("ES", "20d"), ("NL", "4l10d"), ("IT", "1l10d12c"), ("AT", "16d"), ("CH", "5d12c"),
               ("BE", "12d"), ("PL", "24d"), ("NO", "11d"), ("SE", "20d"), ("MT", "4l5d18c"), ("PT", "21d")]  # fmt: skip
IBAN_SENTENCES = [
    "Please refund to {}",
    "IBAN: {}",
    "{}",
    "meine IBAN ist {}, danke",
    "compte {} (titulaire A. Martin)",
    "send it to {}.",
]


def drawn(random: Random, size: int, kind: str) -> str:
    alphabet = {
        "b62": string.ascii_letters + string.digits,
        "upper": string.ascii_uppercase + "234567",
        "hex": "0123456789abcdef",
    }
    if kind == "uuid":
        return "-".join(drawn(random, part, "hex") for part in (8, 4, 4, 4, 12))
    if kind == "sendgrid":
        return f"{drawn(random, 22, 'b62')}.{drawn(random, 43, 'b62')}"
    if kind == "postman":
        return f"{drawn(random, 24, 'hex')}-{drawn(random, 34, 'hex')}"
    if kind == "jwt":
        return f"{drawn(random, 20, 'b62')}.{drawn(random, 60, 'b62')}.{drawn(random, 43, 'b62')}"
    return "".join(random.choice(alphabet[kind]) for _ in range(size - 2)) + (
        "7Q" if kind == "upper" else "7a"
    )


def grouped(digits: str, by: tuple[int, ...], separator: str) -> str:
    parts, at = [], 0
    for size in by:
        parts.append(digits[at : at + size])
        at += size
    return separator.join([*parts, digits[at:]] if at < len(digits) else parts)


def a_card(random: Random, brand: tuple[str, int]) -> str:
    start, size = brand
    body = start + "".join(random.choice(string.digits) for _ in range(size - len(start) - 1))
    return luhn_completed(body)


def as_written(random: Random, card: str) -> str:
    by = {15: (4, 6, 5), 14: (4, 6, 4)}.get(len(card), (4, 4, 4, 4))
    written = random.choice(
        [card, grouped(card, by, " "), grouped(card, by, " "), grouped(card, by, random.choice(SEPARATORS))]
    )
    return written.translate(random.choice([{}, {}, {}, {}, FULL_WIDTH, ARABIC]))


def an_iban(random: Random, country: str, shape: str) -> str:
    alphabets = {"d": string.digits, "l": string.ascii_uppercase, "c": string.ascii_uppercase + string.digits}
    body = "".join(
        random.choice(alphabets[kind])
        for size, kind in re.findall(r"(\d+)([dlc])", shape)
        for _ in range(int(size))
    )
    check = 98 - int("".join(str(int(each, 36)) for each in f"{body}{country}00")) % 97
    return f"{country}{check:02}{body}"


def positives() -> Iterator[Sample]:
    random = Random(SEED)
    for number in range(260):
        card = as_written(random, a_card(random, BRANDS[number % len(BRANDS)]))
        sentence = CARD_SENTENCES[number % len(CARD_SENTENCES)]
        yield Sample((sentence.format(card),), (("card", card),))
    for number in range(30):
        card = a_card(random, RARE_BRANDS[number % len(RARE_BRANDS)])
        yield Sample(
            (random.choice(["my card number is {}", "card {}", "{}"]).format(card),), (("card", card),)
        )
    for number in range(60):
        yield from _with_code(random, number)
    for number in range(145):
        start, middle, size, kind = KEYS[number % len(KEYS)]
        key = start.format(middle) + drawn(random, size, kind)
        yield Sample((KEY_SENTENCES[number % len(KEY_SENTENCES)].format(key),), (("api_key", key),))
    for number in range(45):
        key = drawn(random, random.choice([24, 32, 40]), random.choice(["b62", "hex"]))
        yield Sample((LOOSE_SECRETS[number % len(LOOSE_SECRETS)].format(key),), (("api_key", key),))
    for number, password in enumerate(PASSWORDS * 10):
        yield Sample(
            (PASSWORD_SENTENCES[(number * 7) % len(PASSWORD_SENTENCES)].format(password),),
            (("password", password),),
        )
    for number in range(70):
        iban = an_iban(random, *IBAN_SHAPES[number % len(IBAN_SHAPES)])
        written = [
            iban,
            grouped(iban, (4,) * (len(iban) // 4), " "),
            iban.lower(),
            grouped(iban, (4,) * (len(iban) // 4), "-"),
        ][number % 4]
        yield Sample((IBAN_SENTENCES[number % len(IBAN_SENTENCES)].format(written),), (("iban", written),))
    yield from _national(random)


def _with_code(random: Random, number: int) -> Iterator[Sample]:
    card = grouped(a_card(random, ("4", 16)), (4, 4, 4, 4), " ")
    code = f"{random.randrange(101, 999)}"
    talks = [
        ((f"{card} 12/27 {code}",), True),
        ((f"card {card}, cvv {code}",), True),
        ((f"{card}", "Thanks. And the security code on the back?", f"{code}"), True),
        (("Could you tell me the CVV?", f"sure, {code}"), False),
        ((f"CVC: {code}",), False),
        ((f"Kartenpr\u00fcfnummer {code}",), False),
        ((f"{card}\nexp: 01/28\ncvc {code}",), True),
        ((f"the security code of my card is {code}",), False),
    ]
    turns, has_card = talks[number % len(talks)]
    yield Sample(turns, (*((("card", card),) if has_card else ()), ("cvv", code)))


def _national(random: Random) -> Iterator[Sample]:
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    for number in range(12):
        ssn = f"{random.randrange(100, 660)}-{random.randrange(10, 99)}-{random.randrange(1000, 9999)}"
        yield Sample(((f"My SSN is {ssn}", f"social security number {ssn.replace('-', ' ')}", f"{ssn}")[number % 3],),
                     (("national_id", ssn.replace("-", " ") if number % 3 == 1 else ssn),))  # fmt: skip
        digits = random.randrange(10_000_000, 99_999_999)
        dni = f"{digits}{letters[digits % 23]}"
        yield Sample((f"mi DNI es {dni}",), (("national_id", dni),))
    fixed = [
        ("Meine Steuer-ID ist {}", "86095742719"), ("Steuer-IdNr. {}", "86 095 742 719"), ("steuerliche Identifikationsnummer: {}", "02476291358"[::1]),
        ("national insurance number {}", "QQ 12 34 56 C".replace("QQ", "AB")), ("NINO: {}", "JG103759A"), ("mi NIE es {}", "X1234567L"),
        ("num\u00e9ro de s\u00e9curit\u00e9 sociale {}", "2 55 08 14 168 025 38"), ("NIR {}", "255081416802538"), ("codice fiscale {}", "RSSMRA85T10A562S"),
        ("BSN {}", "111222333"), ("mijn burgerservicenummer is {}", "123456782"), ("CPF {}", "529.982.247-25"), ("meu cpf \u00e9 {}", "52998224725"),
        ("my Aadhaar is {}", "2341 2341 2346"), ("aadhar no {}", "499118665246"),
    ]  # fmt: skip
    for sentence, number_ in fixed:
        if number_ != "02476291358":
            yield Sample((sentence.format(number_),), (("national_id", number_),))


ORDER_WORDS = ["order", "Order number", "order no.", "my order", "Bestellnummer", "Bestellung", "commande n\u00b0", "pedido", "numero d'ordine", "invoice", "Rechnung",
               "ticket", "case", "reference", "Ref:", "RMA", "booking", "transaction id", "item id", "SKU", "confirmation number"]  # fmt: skip
PLAIN = [
    "I can't remember my password.",
    "My password is not working",
    "the password is wrong, it says",
    "Password reset link never arrived",
    "Error: invalid password, please try again",
    "Is the password case sensitive?",
    "Your password must be at least 8 characters long.",
    "Password: must contain a number",
    "I forgot my PIN and my password is expired",
    "Mein Passwort ist falsch",
    "Das Passwort wurde ge\u00e4ndert",
    "mon mot de passe est incorrect",
    "mi contrase\u00f1a es incorrecta",
    "mijn wachtwoord is verlopen",
    "The key to the box was missing.",
    "What is an API key?",
    "My API key is not accepted",
    "The token expired, it says",
    "the session timed out after 20 minutes",
    "The secret to good service is patience.",
    "I bought 2 keys and 3 tokens for the arcade",
    "The security code on my door is broken",
    "Which card ends in 4242?",
    "My Visa ending in 8902 was charged $321.18",
    "paid with the card ending 1881 on 12/04/2026",
    "My basic plan costs 19.99 a month",
    "I was charged $1,234.56 and $1,234.57",
    "Key: blue, Size: XL",
    "I'd like to change the password of my account at shop.example",
    "the password is being reset",
    "password is the same as before",
    "Can you tell me where the token is shown?",
    "Bearer of this letter",
    "The license key never arrived",
    "my key account manager is Ada Lovelace",
]
LISTS = ["See https://shop.example/orders/{n16}?utm_source=mail&utm_campaign=spring-2026-11", "Model XJ-{n4}-{n4}-B, serial S/N {n12}", "Zip {n5}, phone (415) 555-{n4}",
         "call me at +1 415 555 {n4}", "Tel. 030 {n4} {n4}", "+49 151 {n4} {n4}", "+44 20 7946 {n4}", "0{n3} {n3} {n4}", "on 2026-11-21 at 10:42:33.{n3}", "between 21.11.2026 and 30.11.2026",
         "Build 10.0.{n5}.{n4}", "version 4.{n3}.{n4}", "at 1764{n6}{n3}", "2026112110{n4}", "ip 192.168.{n2}.1 port 8443", "EAN 4006{n9}", "ISBN 978-3-16-{n6}-0", "VIN 1HGCM82633A{n6}",
         "GPS 52.{n6}, 13.{n6}", "ISO 13616 and RFC 5321", "I have {n4} points and {n3} miles", "my customer number is {n8}", "account id 10{n8}", "Flight LH{n4}, seat 24C",
         "uuid {hex8}-{hex4}-4{hex3}-a{hex3}-{hex12}", "commit {hex40}", "request id req_{b16}", "order id {b12}", "cart {hex24}", "session started 10:42"]  # fmt: skip


def negatives() -> Iterator[tuple[str, str]]:
    """(text, the number in it that must stay; empty: all must stay)."""
    random = Random(SEED + 1)
    for number in range(240):
        word = ORDER_WORDS[number % len(ORDER_WORDS)]
        order = _order_number(random, number)
        yield f"{word} {order} has not arrived", order
    for number in range(200):
        parcel = _tracking_number(random, number)
        words = [
            "tracking number {}",
            "UPS says {} is lost",
            "parcel {}",
            "Sendungsnummer {}",
            "it's {}",
            "colis {}",
            "where is {}?",
            "{}",
        ]
        yield random.choice(words).format(parcel), parcel
    for _ in range(40):
        imei = luhn_completed(f"35{random.randrange(10**11, 10**12)}")
        yield (
            random.choice(["IMEI {}", "my phone's imei is {}", "{}", "Device {} is locked"]).format(imei),
            imei,
        )
    for number in range(150):
        yield _filled(random, LISTS[number % len(LISTS)]), ""
    yield from ((text, "") for text in PLAIN)


def _order_number(random: Random, number: int) -> str:
    digits = "".join(random.choice(string.digits) for _ in range(24))
    shapes = [f"#W{digits[:7]}", digits[:8], f"#{digits[:10]}", f"{digits[:3]}-{digits[3:10]}-{digits[10:17]}", f"ORD-2026-{digits[:6]}", digits[:16], f"#{digits[:16]}",
              f"A{digits[:12]}", digits[:13], digits[:11], f"{digits[:5]}-{digits[5:10]}", luhn_completed(f"4{digits[:14]}")]  # fmt: skip
    return shapes[number % len(shapes)]


def _tracking_number(random: Random, number: int) -> str:
    digits = "".join(random.choice(string.digits) for _ in range(34))
    shapes = [f"1Z{drawn(random, 8, 'upper')[:6]}{digits[:10]}", digits[:12], f"{digits[:4]} {digits[4:8]} {digits[8:12]}", f"00{digits[:18]}", f"JD01{digits[:16]}", digits[:10],
              f"9400 1{digits[:3]} {digits[3:7]} {digits[7:11]} {digits[11:15]} {digits[15:17]}", f"94{digits[:20]}", f"RR{digits[:9]}DE", f"GM{digits[:18]}", f"{digits[:20]}",
              f"H{digits[:19]}", f"LP00{digits[:12]}", f"{digits[:4]} {digits[4:8]} {digits[8:12]} {digits[12:16]} {digits[16:20]}"]  # fmt: skip
    return shapes[number % len(shapes)]


def _filled(random: Random, text: str) -> str:
    def part(found: re.Match[str]) -> str:
        kind = {"n": string.digits, "hex": "0123456789abcdef", "b": string.ascii_letters + string.digits}[
            found[1]
        ]
        return "".join(random.choice(kind) for _ in range(int(found[2])))

    return re.sub(r"\{(n|hex|b)(\d+)\}", part, text)
