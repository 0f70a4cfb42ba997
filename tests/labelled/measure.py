"""Print how far the context package agrees with the labels.

python tests/labelled/measure.py retail_conversations.jsonl
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the tests' root, from which `labelled` is imported

from labelled.figures import packages, report

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("conversations", type=Path)
    print("\n".join(report(packages(parser.parse_args().conversations))))
