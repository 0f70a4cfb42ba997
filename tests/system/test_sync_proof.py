"""The proof of the sync itself, small: `benchmarks/sync_proof.py` at full size has 20,000 records and 20 kills."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "sync_proof.py"


@pytest.mark.proof
@pytest.mark.parametrize("vendor", ["zendesk", "freshdesk", "hubspot", "stripe"])
def test_l08_a_sync_that_is_killed_again_and_again_lacks_nothing_and_then_reads_what_has_changed(
    vendor: str,
) -> None:
    # Not Intercom: a scroll that was killed holds the next one up for a minute, there as here.
    command = [sys.executable, str(PROGRAM), "--only", vendor, "--records", "400", "--kills", "4"]

    proved = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)

    assert proved.returncode == 0, proved.stdout + proved.stderr
    assert "0 missing, 0 different" in proved.stdout
