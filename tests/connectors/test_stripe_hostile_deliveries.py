"""Deliveries spoiled at random: never accepted, and never more than a verdict."""

from __future__ import annotations

import contextlib
import json
import random
from collections import Counter

from test_stripe_webhooks import BODY, GOOD, NOW, SECRET, delivery, received

from batonpass.domain.errors import RejectedDeliveryError
from batonpass.domain.event import Event
from batonpass_stripe import webhooks


def test_w02_w03_ten_thousand_mutated_deliveries_are_never_accepted():
    chance = random.Random(7)
    codes = Counter()

    for _ in range(10_000):
        headers, body = mutated(chance)
        try:
            codes[received(delivery(*headers, body=body)).id] += 1
        except RejectedDeliveryError as error:
            codes[error.code] += 1

    assert set(codes) <= {"missing_header", "malformed_header", "wrong_kind", "no_match", "too_old"}
    assert codes.total() == 10_000


def test_w17_a_signed_body_of_any_shape_is_an_event_or_refused():
    chance = random.Random(11)

    for _ in range(3_000):
        body = with_odd_values(chance)
        signed = ("stripe-signature", webhooks.sign(body, secret=SECRET, now=NOW))
        with contextlib.suppress(RejectedDeliveryError):
            assert isinstance(received(delivery(signed, body=body)), Event)


ODD = [None, True, -1, 0, 10**4000, 1e308, "", "\x00", "\ud800", [], {}, [[]], {"id": {}}, "9" * 300, 2.5]


def with_odd_values(chance: random.Random) -> bytes:
    told = json.loads(BODY)
    for _ in range(chance.randint(1, 3)):
        told[chance.choice([*told, "account", "request"])] = chance.choice(ODD)
    if chance.random() < 0.3:
        told["data"] = {"object": chance.choice(ODD)}
    return json.dumps(told).encode()


def mutated(chance: random.Random) -> tuple[list[tuple[str, str]], bytes]:
    """The good delivery with something done to it that its signature does not cover."""
    header, body = bytearray(GOOD.encode()), bytearray(BODY)
    match chance.randrange(6):
        case 0:
            body[chance.randrange(len(body))] ^= chance.randint(1, 255)
        case 1:
            header[chance.randrange(2, len(header))] ^= chance.randint(1, 127)
        case 2:
            return [], bytes(body)
        case 3:
            junk = "".join(chr(chance.choice([0, 44, 61, 116, 118, 49, 233, 0x4E2D])) for _ in range(40))
            return [("stripe-signature", junk)] * chance.randint(1, 3), bytes(body)
        case 4:
            body += chance.choice([b" ", b"\n", b"\xff", b"NaN", b"[" * 10_000])
        case _:
            del body[chance.randrange(len(body)) :]
    return [("stripe-signature", header.decode("latin-1"))], bytes(body)
