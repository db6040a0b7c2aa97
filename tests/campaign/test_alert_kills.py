"""kill -9 in the middle of an incident: no page is lost, and nothing resolves that did not."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.alert_machine.incident import Incident
from tests.campaign.alert_kills import Outcome, compare, run_round

ROUNDS = 10


def check_round(folder: Path, *, kills: int, seed: int, ticks: int) -> None:
    outcome = run_round(folder, kills=kills, seed=seed, ticks=ticks)
    assert outcome.wrong == []
    assert outcome.pages > ticks / 10


def test_killed_a_few_times_it_loses_no_page_and_ends_none(tmp_path: Path) -> None:
    check_round(tmp_path / "round", kills=3, seed=4, ticks=100)


@pytest.mark.campaign
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(100, 100 + ROUNDS))
def test_killed_twenty_five_times_it_loses_no_page_and_ends_none(tmp_path: Path, seed: int) -> None:
    """The rounds together are 250 kills."""
    check_round(tmp_path / "round", kills=25, seed=seed, ticks=1_200)


def test_the_comparison_sees_what_is_lost_and_what_was_never_so() -> None:
    incident = Incident(4, 40)
    told = incident.told()
    lines = list(enumerate(told, 1))
    assert wrong(incident, lines) == []
    assert wrong(incident, [*lines, *lines[-3:]]) == [], "a line may come again"
    assert any(text.startswith("lost: ") for text in wrong(incident, lines[1:]))
    false_resolve = replace(told[0], status="resolved")
    assert any(
        text.startswith("never told: resolved") for text in wrong(incident, [*lines, (10_000, false_resolve)])
    )


def wrong(incident: Incident, lines: list[tuple[int, object]]) -> list[str]:
    outcome = Outcome()
    compare(lines, incident, outcome)  # type: ignore[arg-type]
    return outcome.wrong
