"""How an object looks in an older version of the API: events come in the version of their endpoint.

As far as we know the differences: https://docs.stripe.com/changelog/basil (2025-03-31). Objects are kept in ours.
"""

from __future__ import annotations

from batonpass_stripe.emulated_objects import Made

BASIL = "2025-03-31"
_PERIOD = ("current_period_start", "current_period_end")


def as_of(made: Made, version: str) -> Made:
    """The object as `version` has it."""
    if version >= BASIL:
        return made
    match made["object"]:
        case "subscription":
            return _subscription(made)
        case "invoice":
            rest = {name: value for name, value in made.items() if name != "parent"}
            return {**rest, "charge": None, "paid": made["status"] == "paid", "subscription": None}
        case "charge":
            return {**made, "invoice": None}
        case _:
            return made


def _subscription(made: Made) -> Made:
    """The period stood on the subscription, not on its items; and there was one discount."""
    items = made["items"]["data"]
    bare = [{name: value for name, value in item.items() if name not in _PERIOD} for item in items]
    return {
        **made,
        **{name: items[0][name] for name in _PERIOD},
        "discount": None,
        "items": {**made["items"], "data": bare},
    }
