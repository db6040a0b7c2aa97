"""kill -9 at random points, in samples and in full."""

from pathlib import Path

import pytest

from tests.campaign.kills import run_round
from tests.campaign.ledger import Ledger, differences

ROUNDS = 10


def check_round(folder: Path, *, kills: int, seed: int, with_server: bool = False) -> None:
    outcome = run_round(folder, kills=kills, seed=seed, with_server=with_server)
    assert outcome.wrong == []
    assert outcome.acknowledged > 10 * kills
    assert outcome.kills.total() == kills


def test_killed_a_few_times_it_stores_all_that_it_acknowledged_once(tmp_path: Path) -> None:
    check_round(tmp_path / "round", kills=4, seed=4)


def test_killed_like_its_server_it_stores_all_that_it_acknowledged_once(tmp_path: Path) -> None:
    check_round(tmp_path / "round", kills=2, seed=5, with_server=True)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 100 + ROUNDS))
def test_killed_fifty_times_it_stores_all_that_it_acknowledged_once(tmp_path: Path, seed: int) -> None:
    """The rounds together are 500 kills; in every fifth the store is a server that is killed too."""
    check_round(tmp_path / "round", kills=50, seed=seed, with_server=seed % 5 == 0)


def test_the_comparison_sees_what_is_lost_doubled_and_strange() -> None:
    ledger = Ledger()
    ledger.acknowledge("traces", [1, 2, 3])
    ledger.give_up("traces", [4, 5])
    assert differences(ledger, {"traces": {1: 1, 2: 1, 3: 1, 4: 1}}) == []
    assert differences(ledger, {"traces content": {1: 1, 3: 2, 5: 2, 6: 1}}) == [
        "traces content: 2 was acknowledged and is lost",
        "traces content: 3 is stored 2 times",
        "traces content: 5 is stored 2 times",
        "traces content: 6 was never sent",
    ]
