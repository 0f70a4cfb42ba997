"""W02, W03, W07, W17: a delivery that was changed anywhere is never believed, and breaks nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from batonpass.domain.delivery import Delivery
from batonpass.domain.errors import ConfigurationError, RejectedDeliveryError
from batonpass.domain.event import Event
from batonpass.testing.contract.capturing import Delivering, with_header
from batonpass.testing.contract.mutating import mutated_bytes, mutated_text
from batonpass.testing.contract.proofs import proofs
from batonpass.testing.contract.webhooks import Delivers

Mutation = Callable[[Delivery, str, str, random.Random], Delivery]
"""The delivery, a header that proves it and that header's value → another delivery."""


class MutatedDeliveriesContract(Delivers):
    """`WebhookDoor.receive` on deliveries that were changed at random."""

    async def test_of_ten_thousand_mutated_deliveries_none_is_accepted(self) -> None:
        outcomes = await self.mutate_deliveries(self.mutated_deliveries)

        assert sum(outcomes.values()) == self.mutated_deliveries
        assert outcomes["accepted"] == 0

    async def mutate_deliveries(self, number: int, *, seed: int = 1) -> Counter[str]:
        """Mutates so many; gives how often each outcome came. Any error but ours is raised as it is."""
        chance = random.Random(seed)  # noqa: S311 - no secret
        outcomes: Counter[str] = Counter()
        async with self.delivering() as to:
            delivery = await self.one_delivery(to)
            proven = proofs(to, delivery)
            assert to.events(delivery), "unchanged it is accepted"
            mutations = [*_OF_HEADERS, *(() if to.receives.hint_only else _OF_BODIES)]
            for _ in range(number):
                name, value = chance.choice(proven)
                mutated = chance.choice(mutations)(delivery, name, value, chance)
                outcomes[_outcome(to, mutated, (to.secret,))] += 1
            if to.receives.hint_only:
                _hints(to, delivery, number // 10, chance)
            wrong = (self.another(to.secret),)
            assert _outcome(to, delivery, wrong) != "accepted"
        return outcomes


def _hints(to: Delivering, delivery: Delivery, number: int, chance: random.Random) -> None:
    """Where nothing is signed, a changed body may be taken for another hint, and still breaks nothing."""
    for _ in range(number):
        _outcome(to, replace(delivery, body=mutated_bytes(delivery.body, chance)), (to.secret,))


def _outcome(to: Delivering, delivery: Delivery, secrets: Sequence[str]) -> str:
    try:
        events: tuple[Event, ...] = to.events(delivery, secrets=secrets)
    except (RejectedDeliveryError, ConfigurationError) as error:
        return str(error.code)
    del events
    return "accepted"


def _body(delivery: Delivery, name: str, value: str, chance: random.Random) -> Delivery:
    del name, value
    return replace(delivery, body=mutated_bytes(delivery.body, chance))


def _body_and_more(delivery: Delivery, name: str, value: str, chance: random.Random) -> Delivery:
    doubled = with_header(delivery, name, value, value)
    return replace(doubled, body=mutated_bytes(delivery.body, chance))


def _dropped(delivery: Delivery, name: str, value: str, chance: random.Random) -> Delivery:
    del value, chance
    return with_header(delivery, name)


def _changed(delivery: Delivery, name: str, value: str, chance: random.Random) -> Delivery:
    return with_header(delivery, name, mutated_text(value, chance))


def _doubled(delivery: Delivery, name: str, value: str, chance: random.Random) -> Delivery:
    mutated = mutated_text(value, chance)  # one for both: of two, the good halves could be put together
    return with_header(delivery, name, mutated, mutated)


def _awkward(delivery: Delivery, name: str, value: str, chance: random.Random) -> Delivery:
    junk: Sequence[Any] = (
        "",
        " ",
        ",,,,",
        "\u00e9\u00ff\u0100",
        "=" * 5000,
        f"{value[:-8]}",
        "t=,v1=",
        "null",
        "NaN",
    )
    return with_header(delivery, name, str(chance.choice(junk)))


def _renamed(delivery: Delivery, name: str, value: str, chance: random.Random) -> Delivery:
    others = [(known, other) for known, other in delivery.headers if known != name]
    return replace(delivery, headers=[*others, (f"{name}{chance.choice('-x_ 1')}", value)])


_OF_HEADERS: Sequence[Mutation] = (_dropped, _changed, _changed, _changed, _doubled, _awkward, _renamed)
_OF_BODIES: Sequence[Mutation] = (_body, _body, _body, _body, _body_and_more)
