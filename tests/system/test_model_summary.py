"""A language model beside the sources: its sentences are in the note, the same at every attempt, and nobody waits for it."""

from __future__ import annotations

import json
from pathlib import Path

from batonpass.testing.emulator import Fault
from batonpass.testing.language_model import KEY, LanguageModelEmulator
from batonpass.testing.serving import served
from fakes import FakeClock
from scene import ENVIRONMENT, body, playing

CARD = "4242 4242 4242 4242"
SAID = ("customer", f"I want a refund for the blue lamp. My card is {CARD}."), ("ai", "I cannot refund that.")


def summary_table(url: str) -> str:
    return f'[summary]\nurl = "{url}/v1"\nmodel = "small"\nkey = "env:SUMMARY_KEY"\ndeadline = 0.5'


def turns() -> dict[str, object]:
    return {"conversation": {"turns": [{"role": role, "text": text} for role, text in SAID]}}


async def test_the_models_sentences_stand_in_the_note_with_their_turns(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "SUMMARY_KEY", KEY)
    model = LanguageModelEmulator()
    wants = {"text": "The customer wants a refund for the blue lamp.", "turns": [1]}
    made_up = {"text": "The AI agent refunded $900.", "turns": [2]}
    model.said.append(json.dumps({"sentences": [wants, made_up]}))

    async with served(model) as url, playing(tmp_path, more=summary_table(url)) as scene:
        handoff_id = await scene.hand_over(body() | turns())
        await scene.until(handoff_id)
        note = await scene.note(handoff_id)

    assert "The customer wants a refund for the blue lamp [turn 1]." in note
    assert "900" not in note
    assert len(model.asked) == 1
    assert CARD not in json.dumps(model.asked)


async def test_a_model_that_is_silent_costs_its_sentences_and_the_rules_write_the_summary(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setitem(ENVIRONMENT, "SUMMARY_KEY", KEY)
    model = LanguageModelEmulator()
    model.next_call(Fault.NEVER_ANSWERED)

    async with (
        served(model) as url,
        playing(tmp_path, clock=FakeClock(), more=summary_table(url)) as scene,
    ):
        handoff_id = await scene.hand_over(body() | turns())
        await scene.until(handoff_id)
        note = await scene.note(handoff_id)

    assert "The customer began with" in note
