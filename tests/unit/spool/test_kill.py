"""SIGKILL at random points of a real process, again and again on the same folder."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.spool.driving import HandDriven
from tests.unit.spool.engine import Engine, name_of

KILLS = 5
KILLS_IN_CAMPAIGN = 300


class Senders:
    """Runs senders one after the other and remembers what they were told."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self._rng = random.Random(seed)
        self._run = 0

    def run_and_kill(self) -> None:
        """Start a sender, kill it within 300 ms of its first moments, and read what it wrote."""
        self._run += 1
        (self.folder / "unanswered").write_text(" ".join(sorted(self.sent - self.acknowledged)))
        output = self.folder / "output"
        command = [sys.executable, "-m", "tests.unit.spool.sender", self.folder, str(self._run)]
        with output.open("wb") as file, subprocess.Popen(command, stdout=file) as process:
            while not output.stat().st_size and process.poll() is None:
                time.sleep(0.001)
            time.sleep(self._rng.uniform(0, 0.3))
            assert process.poll() is None
            process.kill()
        self._read(output.read_text())

    def _read(self, output: str) -> None:
        for line in output.splitlines(keepends=True):
            if line.endswith("\n") and " " in line:
                verb, name = line.split()
                (self.sent if verb == "sent" else self.acknowledged).add(name)


def check_nothing_lost_nothing_doubled(kills: int, seed: int, folder: Path) -> None:
    senders = Senders(folder, seed)
    for _ in range(kills):
        senders.run_and_kill()
    engine = Engine(folder / "store")
    hand = HandDriven(folder / "spool", engine)
    hand.deliver_all()
    rows = engine.rows()
    letters = [
        name_of(hand.spool.dead_letters.read(each.id)[1])
        for each in hand.spool.dead_letters.list(limit=10**6)
    ]
    hand.die()

    assert senders.acknowledged
    assert senders.acknowledged <= set(rows) | set(letters)
    assert set(rows) | set(letters) <= senders.sent
    assert {name: 1 + len(name) % 3 for name in rows} == rows
    assert len(letters) == len(set(letters))
    assert all(name.startswith("bad") for name in letters)


def test_kills_lose_nothing_acknowledged_and_double_nothing(tmp_path: Path) -> None:
    check_nothing_lost_nothing_doubled(KILLS, seed=1, folder=tmp_path)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(2, 5))
def test_hundreds_of_kills_lose_nothing_acknowledged_and_double_nothing(tmp_path: Path, seed: int) -> None:
    check_nothing_lost_nothing_doubled(KILLS_IN_CAMPAIGN, seed=seed, folder=tmp_path)
