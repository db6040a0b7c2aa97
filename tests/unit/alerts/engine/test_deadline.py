"""What an evaluation may take, over all of its queries."""

from typing import Any

import pytest
from watchkeeper_collector.alerts.engine.deadline import DeadlineConnection
from watchkeeper_collector.errors import QueryLimitError


class Recorder:
    """A connection that notes how long each query may take."""

    def __init__(self) -> None:
        self.limits: list[float] = []

    def query(self, sql: str, parameters: Any = None, *, settings: Any = None) -> Any:
        self.limits.append(settings["max_execution_time"])

    def raw_query(self, sql: str, fmt: str, parameters: Any = None, *, settings: Any = None) -> bytes:
        self.limits.append(settings["max_execution_time"])
        return b""


def test_queries_share_the_seconds_that_are_left() -> None:
    now_s, recorder = [0.0], Recorder()
    connection = DeadlineConnection(recorder, 30.0, clock_s=lambda: now_s[0])
    connection.query("SELECT 1", settings={"max_execution_time": 20.0})
    now_s[0] = 25.0
    connection.query("SELECT 1", settings={"max_execution_time": 20.0})
    connection.raw_query("SELECT 1", "CSV")
    assert recorder.limits == [20.0, 5.0, 5.0]


def test_query_after_the_deadline_is_refused() -> None:
    now_s, recorder = [0.0], Recorder()
    connection = DeadlineConnection(recorder, 30.0, clock_s=lambda: now_s[0])
    now_s[0] = 30.0
    with pytest.raises(QueryLimitError, match="took longer than 30 s"):
        connection.query("SELECT 1")
    assert recorder.limits == []
