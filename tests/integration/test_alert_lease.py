"""Two processes that would evaluate alerts, on one PostgreSQL."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from watchkeeper_collector.state.state import State

from tests.collector import ROOT
from tests.postgresql import PostgresqlServer

TIMEOUT_S = 60.0


def test_one_evaluates_and_when_it_is_killed_the_other_goes_on(postgresql: PostgresqlServer) -> None:
    url = postgresql.create_database()
    state = State(url)
    state.migrate()
    try:
        with contending(url, "first") as first:
            until(lambda: count(state) >= 3)
            with contending(url, "second"):
                seen = count(state)
                until(lambda: count(state) >= seen + 6)
                assert holder(state) == "first", "it renews what it has"
                first.kill()
                first.wait()
                until(lambda: holder(state) == "second")
                seen = count(state)
                until(lambda: count(state) >= seen + 2)
        (instance,) = state.alerts.instances()
        assert instance.state == "firing"
        assert notices(state) == {(instance.episode, "firing")}, "the page is the one that the first sent"
        assert state.alerts.evaluations()[0].missed == 0
    finally:
        state.close()


@contextmanager
def contending(url: str, name: str) -> "Iterator[subprocess.Popen[bytes]]":
    command = [sys.executable, "-m", "tests.alert_machine.contender", url, name]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def count(state: State) -> int:
    return sum(record.evaluations for record in state.alerts.evaluations())


def holder(state: State) -> str:
    return state.alerts.evaluations()[0].holder


def notices(state: State) -> set[tuple[str, str]]:
    with state.alerts.turn() as connection:
        lines = state.alerts.take_notices(connection, 0, 1_000)
    return {(line.notice.episode, line.notice.status) for line in lines}


def until(holds: Callable[[], bool]) -> None:
    ends_at_s = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < ends_at_s, "It did not come to pass."
        time.sleep(0.05)
