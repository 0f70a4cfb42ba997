"""Only the vendor is believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.ports import Receive
from batonpass.testing.contract.capturing import Delivering, with_header
from batonpass.testing.contract.holding import holds
from batonpass.testing.contract.webhooks import Delivers

CODES = {"missing_header", "malformed_header", "wrong_kind", "too_old", "no_match", "malformed_body"}


def rejected(to: Delivering, delivery: Delivery, **how: Any) -> str | None:
    """The code of the rejection; None where the delivery was accepted."""
    code: str | None = None
    try:
        to.events(delivery, **how)
    except RejectedDeliveryError as error:
        code = error.code
    assert code in {None, *CODES}
    return code


def proofs(to: Delivering, delivery: Delivery) -> list[tuple[str, str]]:
    """The headers without which the delivery is not accepted."""
    names = dict.fromkeys(name for name, _ in delivery.headers)
    needed = [name for name in names if rejected(to, with_header(delivery, name)) is not None]
    assert needed, "some header proves who it is"
    return [(name, delivery.header(name) or "") for name in needed]


class ProofsContract(Delivers):
    """`WebhookDoor.receive` on what somebody else sends."""

    @holds(Receive.__call__, "First the signature is checked")
    async def test_w02_a_changed_body_is_refused_before_it_is_parsed(self) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            if to.receives.hint_only:
                pytest.skip("nothing in a delivery is signed here: it is a hint")
            changed = (
                b"",
                b"{",
                delivery.body + b"\n",
                b" " + delivery.body,
                delivery.body[:-1],
                b"\xff\xfe",
            )

            codes = [rejected(to, replace(delivery, body=body)) for body in changed]

            assert set(codes) == {"no_match"}

    @holds(Receive.__call__, "Raises `RejectedDeliveryError` with code")
    async def test_w03_awkward_headers_are_refused_and_break_nothing(self) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)

            for name, value in proofs(to, delivery):
                for awkward in _awkward(value):
                    assert rejected(to, with_header(delivery, name, awkward)) is not None
                    rejected(to, with_header(delivery, name, awkward, value))
                assert rejected(to, with_header(delivery, name)) is not None
                rejected(to, with_header(delivery, name, value, value))
                assert rejected(to, with_header(delivery, name, "", "")) is not None

    @holds(Receive.__call__, "Raises `RejectedDeliveryError` with code")
    async def test_w04_without_a_secret_of_the_right_kind_nothing_is_accepted(self) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            kind = self.manifest.secrets.get("webhook_secret")
            useless = [(), ("",), *([("x",)] if kind is not None and kind.pattern else [])]

            for secrets in useless:
                with pytest.raises(ConfigurationError):
                    to.events(delivery, secrets=secrets)

    async def test_w05_no_weaker_proof_is_taken(self) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)

            for name, value in proofs(to, delivery):
                for weaker in _weaker(to.secret, delivery.body):
                    if weaker not in value:
                        assert rejected(to, with_header(delivery, name, weaker)) is not None
                if len(value) >= 16:
                    assert rejected(to, with_header(delivery, name, value[: len(value) // 2])) is not None

    async def test_w07_old_and_early_deliveries_are_refused(self) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            now = to.made.clock.now()
            if rejected(to, delivery, now=now + timedelta(days=1)) is None:
                pytest.skip("this vendor signs no time")

            assert rejected(to, delivery, now=now + timedelta(seconds=240)) is None
            assert rejected(to, delivery, now=now + timedelta(seconds=303)) == "too_old"
            assert rejected(to, delivery, now=now - timedelta(seconds=303)) == "too_old"

    @holds(Receive.__call__, "First the signature is checked")
    async def test_w13_a_delivery_for_another_account_is_refused_and_a_change_of_secrets_is_none(
        self,
    ) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            another = self.another(to.secret)

            assert rejected(to, delivery, secrets=(another,)) == "no_match"
            assert rejected(to, delivery, secrets=(another, to.secret)) is None
            assert rejected(to, delivery, secrets=(to.secret, another)) is None

    async def test_w14_the_public_address_is_part_of_the_proof_where_the_door_says_so(self) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            elsewhere = replace(delivery, url="https://elsewhere.example/webhooks/contract")
            forged = replace(delivery, headers=[*delivery.headers, ("x-forwarded-host", "elsewhere.example")])

            assert (rejected(to, elsewhere) is not None) is to.receives.needs_public_url
            assert rejected(to, forged) is None

    @holds(Receive.__call__, "First the signature is checked")
    async def test_w25_every_secret_is_compared_in_constant_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            compared: list[int] = []
            real = hmac.compare_digest

            def counted(one: Any, other: Any) -> bool:
                compared.append(1)
                return real(one, other)

            monkeypatch.setattr(hmac, "compare_digest", counted)
            for module in _modules_of(self.manifest.settings.__module__.partition(".")[0]):
                if getattr(module, "compare_digest", None) is real:
                    monkeypatch.setattr(module, "compare_digest", counted)

            to.events(delivery, secrets=(to.secret, self.another(to.secret)))

            assert len(compared) >= 2


def _modules_of(package: str) -> list[Any]:
    return [
        module
        for name, module in list(sys.modules.items())
        if name == package or name.startswith(f"{package}.")
    ]


def _awkward(value: str) -> Iterator[str]:
    yield from (
        "",
        " ",
        ",",
        "=",
        "t=,v1=",
        "\u00e9\u00ff",
        "\x00",
        "NaN",
        "-1",
        "1.5",
        "9" * 400,
        "0x10",
        "١٢٣",
    )
    yield "a" * 1_000_000
    yield f"{value[: len(value) // 2]}\u00e9{value[len(value) // 2 :]}"
    yield "".join(reversed(value)) if value != value[::-1] else f"{value}{value}"


def _weaker(secret: str, body: bytes) -> Iterator[str]:
    """Proofs by weaker digests, under the names that vendors have had for them."""
    for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
        for proof in (hmac.new(secret.encode(), body, digest), digest(secret.encode() + body), digest(body)):
            for text in (proof.hexdigest(), base64.b64encode(proof.digest()).decode()):
                yield from (text, f"sha1={text}", f"v0={text}", f"v1={text}")
