from __future__ import annotations

import re
from pathlib import Path

import batonpass
from batonpass.diagnostics import CODES

ROOT = Path(batonpass.__file__).parent


def test_every_code_that_is_given_is_in_the_table_and_the_table_has_no_other():
    sources = [path for path in ROOT.rglob("*.py") if path.name != "codes.py"]

    given = {code for path in sources for code in re.findall(r'"((?:TF|HM|BC)\d{3})"', path.read_text())}

    assert given == set(CODES)
