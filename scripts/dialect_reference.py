"""Write docs/dialects.md: send every capture to a collector and compare what it makes of them.

    python scripts/dialect_reference.py

A test compares the two.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.acceptance.captures import load_cases  # noqa: E402 - tests are found from the root
from tests.acceptance.comparison import compare  # noqa: E402
from tests.acceptance.dialects import PAGE, render_page  # noqa: E402
from tests.acceptance.replay import replayed  # noqa: E402


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, replayed(Path(folder) / "data") as replay:
        findings = [found for case in load_cases() for found in compare(case, replay.spans)]
    PAGE.write_text(render_page(findings), "utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
