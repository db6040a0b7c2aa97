"""Lanes on threads of their own, and a notifier that is killed while it pages."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event

import pytest
from watchkeeper_collector.alerts.notify.channels.channel import Pace
from watchkeeper_collector.alerts.notify.sending.pace import Pacing
from watchkeeper_collector.alerts.notify.worker import utc_now
from watchkeeper_collector.state.state import State

from tests.notify import ROUTING_KEY, notice
from tests.notify.desk import NotifierDesk
from tests.notify.process import NotifierProcess
from tests.notify.services import PagerDutyRules, Service, any_rules, until


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state.db"


@pytest.fixture
def pagerduty() -> Iterator[Service]:
    with Service(PagerDutyRules(ROUTING_KEY)) as service:
        yield service


def test_receiver_that_does_not_answer_delays_no_other(url: str, tmp_path: Path, pagerduty: Service) -> None:
    with Service(any_rules) as silent:
        silent.script = ["silence"] * 10
        receiver = {
            "name": "both",
            "webhook_configs": [{"url": silent.url}],
            "pagerduty_configs": [{"routing_key": ROUTING_KEY, "url": pagerduty.url}],
        }
        route = {"receiver": "both", "group_by": ["..."], "group_wait": "0s"}
        with closing(NotifierDesk(url, tmp_path, {"route": route, "receivers": [receiver]})) as desk:
            for number in range(5):
                desk.write(notice(f"A{number}"))
                desk.notifier.run_round()
            until(lambda: len(pagerduty.taken) == 5, "five pages")
            assert len(silent.received) <= 1


def test_receiver_that_fails_within_loses_nothing(
    url: str, tmp_path: Path, pagerduty: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = {"name": "pager", "pagerduty_configs": [{"routing_key": ROUTING_KEY, "url": pagerduty.url}]}
    route = {"receiver": "pager", "group_wait": "0s"}
    with closing(NotifierDesk(url, tmp_path, {"route": route, "receivers": [receiver]})) as desk:
        desk.write(notice())
        with monkeypatch.context() as patch:
            target = desk.book.current().all_targets()[0]
            patch.setattr(type(target.channel), "build_requests", lambda *_: 1 / 0)
            desk.turn(1)
        (waiting,) = desk.ledger()
        assert (waiting.state, waiting.problem) == ("pending", "Sending failed within: ZeroDivisionError.")
        desk.turn(60)
        assert [one.state for one in desk.ledger()] == ["delivered"]


# --- pace


def test_120_a_minute_and_key_and_not_one_more() -> None:
    now = [0.0]
    pacing, pace = Pacing(lambda: now[0]), Pace(120, 60.0)
    assert [pacing.reserve("a", pace) for _ in range(120)] == [0.0] * 120
    assert pacing.reserve("b", pace) == 0.0
    assert pacing.reserve("a", pace) == 60.0
    now[0] = 30.0
    assert pacing.reserve("a", pace) == 30.0
    now[0] = 200.0
    assert pacing.reserve("a", pace) == 0.0
    assert pacing.reserve("c", None) == 0.0


@pytest.mark.parametrize("seed", range(20))
def test_no_window_ever_holds_more_than_the_pace(seed: int) -> None:
    random, now, times = Random(seed), [0.0], []
    pacing = Pacing(lambda: now[0])
    for _ in range(200):
        now[0] += random.choice([0.0, 0.01, 0.3, 2.0])
        now[0] += pacing.reserve("a", Pace(4, 1.0))
        times.append(now[0])
    assert all(later - earlier >= 1.0 - 1e-9 for earlier, later in zip(times, times[4:], strict=False))


# --- kills


def test_kills_lose_no_page_and_repeat_one_under_its_own_key_at_most(
    url: str, tmp_path: Path, pagerduty: Service
) -> None:
    run_incident(url, tmp_path, pagerduty, kills=4, seed=7)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(10))
def test_many_kills_lose_no_page(url: str, tmp_path: Path, pagerduty: Service, seed: int) -> None:
    run_incident(url, tmp_path, pagerduty, kills=20, seed=seed)


def run_incident(url: str, folder: Path, pagerduty: Service, *, kills: int, seed: int) -> None:
    """Alerts fire and resolve while the notifier is killed at random; PagerDuty fails now and then."""
    random, waiting = Random(seed), Event()
    receiver = {"name": "pager", "pagerduty_configs": [{"routing_key": ROUTING_KEY, "url": pagerduty.url}]}
    route = {"receiver": "pager", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"}
    process = NotifierProcess(url, folder / "notifier", {"route": route, "receivers": [receiver]})
    began = utc_now() - timedelta(minutes=1)
    with closing(State(url)) as state:
        state.migrate()

        def write(name: str, status: str) -> None:
            now = utc_now()
            one = notice(name, status=status, starts_at=began, ends_at=now, when=now)
            with state.alerts.turn() as connection:
                state.alerts.commit(connection, [], [one])

        for number in range(kills):
            pagerduty.script = random.choices([500, "reset", 429], k=random.randrange(3))
            process.start()
            write(f"A{number}", "firing")
            waiting.wait(random.uniform(0, 0.8))
            process.kill()
            write(f"A{number}", "resolved")
        pagerduty.script = []
        process.start()
        rules = pagerduty.check
        assert isinstance(rules, PagerDutyRules)
        until(lambda: len(rules.incidents) == kills and not rules.still_open, "every page's end", 60)
        process.kill()
        assert rules.opened == kills
        for happened in rules.incidents.values():
            assert happened[0] == "trigger"
            assert happened.count("trigger") <= 2
