"""What is masked on the way to the helpdesk, and what is kept of it: row X11 of the fault matrix, whole service."""

from __future__ import annotations

import json
from pathlib import Path

from batonpass.domain.ids import HandoffId
from scene import Scene, body, playing

CARD = "4242 4242 4242 4242"
BODY = body(
    f"I was charged twice, please refund my card {CARD}.",
    "What is the security code?",
    "it is 123",
    "Thanks.",
    "And my password is hunter2! if you need it.",
    summary=f"The customer paid with {CARD}.",
    technical={"errors": [f"declined: {CARD}"]},
    attempts=[{"action": f"looked up {CARD}"}],
)


def sent(scene: Scene) -> str:
    """Everything that the helpdesk was sent and keeps."""
    account = scene.vendors.zendesk
    return "".join(
        f"{ticket.subject} {ticket.tags} {ticket.fields} {[comment.html for comment in ticket.comments]}"
        for ticket in account.tickets.values()
    )


async def kept(scene: Scene, handoff_id: str) -> str:
    stored = await scene.service.journal.request(HandoffId(handoff_id))
    assert stored is not None
    return stored.body.decode()


async def test_x11_no_secret_reaches_the_helpdesk_and_the_note_says_what_was_masked(tmp_path: Path) -> None:
    async with playing(tmp_path) as scene:
        handoff_id = await scene.hand_over(BODY)
        await scene.settled()

        everything = sent(scene)
        note = await scene.note(handoff_id)

        assert CARD not in everything
        assert "hunter2" not in everything
        assert "it is 123" not in everything
        assert "<b>Masked:</b> 1 card number, 1 card security code, 1 password." in note
        assert "[card •••• 4242]" in note
        assert CARD in await kept(scene, handoff_id)


async def test_x11_what_a_team_allows_reaches_the_helpdesk(tmp_path: Path) -> None:
    allowed = '[redaction]\nallow = ["password"]'
    async with playing(tmp_path, more=allowed) as scene:
        handoff_id = await scene.hand_over(BODY)
        await scene.settled()

        note = await scene.note(handoff_id)

        assert "my password is hunter2!" in note
        assert CARD not in note


async def test_x11_masked_before_it_is_kept_nobody_can_read_it_any_more(tmp_path: Path) -> None:
    async with playing(tmp_path, more="[redaction]\nbefore_store = true") as scene:
        handoff_id = await scene.hand_over(BODY, key="once")
        again = await scene.hand_over(BODY, key="once")
        await scene.settled()

        files = b"".join(
            path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("batonpass.db")
        )
        note = await scene.note(handoff_id)

        assert again == handoff_id
        assert CARD not in await kept(scene, handoff_id)
        assert CARD.encode() not in files
        assert b"hunter2" not in files
        assert "<b>Masked:</b> 1 card number, 1 card security code, 1 password." in note
        assert json.loads(await kept(scene, handoff_id))["customer"]["email"] == "mia.keller@example.com"
