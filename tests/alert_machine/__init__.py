"""Rules, samples and evaluations for tests of the alert machine, by what differs from the usual."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper_collector.alerts.engine.machine import step
from watchkeeper_collector.alerts.evaluation.sample import Evaluation, Level, Sample
from watchkeeper_collector.alerts.rules.condition import Bound, Series, Threshold
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.state.alert_records import Event, Instance, Notice

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE_S = 60.0


def build_rule(**facts: Any) -> Rule:
    usual: dict[str, Any] = {
        "uid": "file/latency/Slow",
        "alert": "Slow",
        "group": "latency",
        "project": "shop",
        "source": "file",
        "interval_s": MINUTE_S,
        "offset_s": 0.0,
        "for_s": 0.0,
        "keep_firing_for_s": 0.0,
        "limit": 0,
        "no_data": "ok",
        "labels": {"severity": "page"},
        "annotations": {"summary": "{{ labels.model }} is slow: {{ value | round }}"},
        "condition": Threshold(Series("latency_p95_ms", "environment:production"), Bound(">", 5.0)),
    }
    return Rule(**usual | facts)


def sample(level: Level = "met", value: float | None = 7.0, **labels: str) -> Sample:
    return Sample({"project": "shop", **labels}, level, value, {"threshold": 5.0}, {"traces": "/traces"})


class Machine:
    """The machine with its memory: ``at`` counts minutes from noon."""

    def __init__(self, rule: Rule | None = None) -> None:
        self.rule = rule or build_rule()
        self.instances: Mapping[str, Instance] = {}
        self.notices: list[Notice] = []
        self.events: list[Event] = []
        self.problem = ""

    def evaluate(
        self, at: float, samples: Iterable[Sample] = (), problem: str = "", *, is_waiting: bool = False
    ) -> list[Notice]:
        """Evaluate once; what was said."""
        moment = NOON + timedelta(minutes=at)
        evaluation = Evaluation(self.rule, moment, list(samples), problem, is_waiting=is_waiting)
        moved = step(self.rule, self.instances, evaluation)
        self.instances = moved.instances
        self.notices += moved.notices
        self.events += moved.events
        self.problem = moved.problem
        return list(moved.notices)

    def states(self) -> dict[str, str]:
        """The state of each alert, by its name and model."""
        return {
            " ".join(filter(None, (one.labels["alertname"], one.labels.get("model", "")))): one.state
            for one in self.instances.values()
        }

    def said(self) -> list[tuple[str, str]]:
        """All that was said, by alert and status."""
        return [(notice.labels["alertname"], notice.status) for notice in self.notices]
