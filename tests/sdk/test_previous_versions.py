"""The contract with the previous major version of each client, which has an interpreter of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PREVIOUS = ROOT / ".venv" / "previous"
CLIENTS = (
    "openai or google or anthropic or groq or together or mcp"
    " or ((mistral or cohere or hugging) and not stay_ours)"
)


def run(*arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(PREVIOUS)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    return done.stdout


@pytest.mark.parametrize(
    ("package", "major"),
    [
        ("openai", "2"),
        ("google-genai", "2"),
        ("anthropic", "1"),
        ("groq", "0"),
        ("together", "2"),
        ("mcp", "1"),
        ("mistralai", "2"),
        ("cohere", "6"),
        ("huggingface-hub", "1"),
    ],
)
def test_the_previous_versions_are_there(package: str, major: str) -> None:
    """Otherwise: `make setup`."""
    found = run("-c", f"from importlib.metadata import version; print(version('{package}'))")
    assert found.partition(".")[0] == major


@pytest.mark.timeout(900)
def test_the_contract_holds_for_the_previous_versions() -> None:
    """By the names of the contract's subjects and of the files of the client's own tests."""
    output = run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/sdk/contract", "tests/sdk/unit", "-k", CLIENTS
    )
    assert " passed" in output
