"""A zygote forks a copy of itself for each order."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import asyncio, os, signal, time
from batonpass.testing.zygote import Zygote

def run(order):
    if order["does"] == "sleeps":
        time.sleep(60)
    if order["does"] == "fails":
        raise ValueError("as ordered")
    return order["code"]

async def main():
    async with zygote:
        good = await zygote.fork({"does": "ends", "code": 7})
        bad = await zygote.fork({"does": "fails"})
        killed = await zygote.fork({"does": "sleeps"})
        left = await zygote.fork({"does": "sleeps"})
        killed.send(signal.SIGKILL)
        print(await good.ended, await bad.ended, await killed.ended, left.runs)
        good.send(signal.SIGKILL)
    try:
        os.kill(left.pid, 0)
    except ProcessLookupError:
        print("gone")

zygote = Zygote.begin(run)
asyncio.run(main())
"""
THREADED = """
import threading, time
from batonpass.testing.zygote import Zygote
threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()
Zygote.begin(lambda order: 0)
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )


def test_children_end_with_their_codes_and_the_last_with_the_zygote() -> None:
    done = run(PROGRAM)

    assert done.stdout.split() == ["7", "1", "-9", "True", "gone"]
    assert "ValueError: as ordered" in done.stderr


def test_a_process_with_threads_is_no_zygote() -> None:
    done = run(THREADED)

    assert done.returncode == 1
    assert "a fork copies only one of them" in done.stderr
