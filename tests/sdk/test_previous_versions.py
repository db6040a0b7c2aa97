"""The contract with the previous major version of each client, which has an interpreter of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PREVIOUS = ROOT / ".venv" / "previous"


def run(*arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(PREVIOUS)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    return done.stdout


def test_the_previous_versions_are_there() -> None:
    """Otherwise: `make setup`."""
    assert run("-c", "import openai; print(openai.__version__.partition('.')[0])").strip() == "2"


def test_contract_holds_for_the_previous_versions() -> None:
    output = run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/sdk/contract", "tests/sdk/unit/test_openai.py"
    )
    assert " passed" in output
