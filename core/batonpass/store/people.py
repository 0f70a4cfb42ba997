"""The tables `people` and `suppressed`: whose handoff it is, by a keyed hash; who asked to be forgotten."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

import idna

from batonpass.store import checkpoints
from batonpass.store.transaction import Transaction, row

PEPPER = "pepper"
"""The checkpoint that keeps it, in hex."""


def normalised(email: str) -> str:
    """Two spellings of one address are the same person; nothing cleverer, for that would join strangers."""
    return email.strip().casefold()


def person(pepper: bytes, email: str) -> bytes:
    """Whoever writes under this address; without the store's pepper nobody can try addresses out."""
    return hmac.digest(pepper, normalised(email).encode("utf-8", "replace"), hashlib.sha256)


def addresses(email: str) -> tuple[str, ...]:
    """The address in all the ways in which its domain may be written: as it is, in ASCII, as people read it."""
    local, _, domain = normalised(email).rpartition("@")
    domains = [domain]
    try:
        ascii_form = idna.encode(domain, uts46=True)
        domains += [ascii_form.decode("ascii"), idna.decode(ascii_form)]
    except idna.IDNAError:
        pass
    return tuple(dict.fromkeys(f"{local}@{each}" for each in domains))


def email_in(request: bytes) -> str | None:
    """The address that the request gives for its customer."""
    try:
        customer = json.loads(request)["customer"]
        email = customer["email"]
    except (ValueError, KeyError, TypeError):
        return None
    return email if isinstance(email, str) else None


async def note(tx: Transaction, request: bytes, handoff_id: str) -> None:
    """Whose handoff it is, as far as its request says so."""
    email = email_in(request)
    pepper = None if email is None else await checkpoints.read(tx, PEPPER)
    if email is not None and pepper is not None:
        await add(tx, person(bytes.fromhex(pepper), email), handoff_id)


async def add(tx: Transaction, person: bytes, handoff_id: str) -> None:
    await tx.execute(
        "INSERT INTO people (person, handoff_id) VALUES (?, ?) ON CONFLICT DO NOTHING", (person, handoff_id)
    )


async def handoffs_of(tx: Transaction, person: bytes) -> list[str]:
    found = await tx.rows("SELECT handoff_id FROM people WHERE person = ? ORDER BY handoff_id", (person,))
    return [each[0] for each in found]


async def earlier(
    tx: Transaction, person: bytes, *, before: str, largest: int, most: int
) -> list[dict[str, Any]]:
    """Their handoffs from before that one, newest first; ids sort by time."""
    return await tx.records(
        "SELECT h.id, h.state, h.created_at, h.request, h.helpdesk, h.ticket_id, h.asked_about, h.ticket_url"
        " FROM people AS p JOIN handoffs AS h ON h.id = p.handoff_id"
        " WHERE p.person = ? AND p.handoff_id < ? AND length(h.request) <= ?"
        " ORDER BY p.handoff_id DESC LIMIT ?",
        (person, before, largest, most),
    )


async def forget(tx: Transaction, person: bytes, handoff_id: str) -> None:
    """This handoff is nobody's any more."""
    await tx.execute("DELETE FROM people WHERE person = ? AND handoff_id = ?", (person, handoff_id))


async def suppress(tx: Transaction, person: bytes, at: int) -> None:
    """They have asked to be forgotten."""
    await tx.execute(
        "INSERT INTO suppressed (person, at) VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET at = excluded.at",
        (person, at),
    )


async def suppressed_among(tx: Transaction, persons: Sequence[bytes]) -> frozenset[bytes]:
    """Those of them who have asked to be forgotten."""
    if not persons:
        return frozenset()
    rows = await tx.rows(
        f"SELECT person FROM suppressed WHERE person IN ({', '.join('?' * len(persons))})", persons
    )
    return frozenset(bytes(each[0]) for each in rows)


async def is_suppressed(tx: Transaction, person: bytes) -> bool:
    return await row(tx, "SELECT 1 FROM suppressed WHERE person = ?", (person,)) is not None
