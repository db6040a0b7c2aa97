"""The families of ``/metrics`` about alerts, read from the state store when they are scraped."""

from collections.abc import Iterator, Mapping
from typing import get_args

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from watchkeeper_collector.errors import StateUnavailableError
from watchkeeper_collector.state.alert_records import AlertState, EvaluationRecord
from watchkeeper_collector.state.alerts import Alerts

GROUP = ("source", "project", "group")


class AlertFamilies(Collector):
    """Alerts by state, the outbox, the groups' newest evaluations; none while the state store is away."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering is not to read the store."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        try:
            states, depth = self._alerts.count_states(), self._alerts.outbox_depth()
            records = self._alerts.evaluations()
        except StateUnavailableError:
            return
        yield _by_state(states)
        yield GaugeMetricFamily(
            "watchkeeper_alert_outbox_notices", "Notices that were not dealt with.", float(depth)
        )
        yield from _by_group(records)


def _by_state(states: Mapping[AlertState, int]) -> Metric:
    family = GaugeMetricFamily("watchkeeper_alert_instances", "Alerts by state.", labels=("state",))
    for state in get_args(AlertState):
        family.add_metric((state,), states.get(state, 0))
    return family


def _by_group(records: list[EvaluationRecord]) -> Iterator[Metric]:
    newest, duration, failing = (
        GaugeMetricFamily(f"watchkeeper_alert_group_{name}", text, labels=GROUP)
        for name, text in (
            ("last_evaluation_timestamp_seconds", "Timestamp of the group's newest evaluation."),
            ("last_duration_seconds", "What the newest evaluations of the group's rules took together."),
            ("failing_rules", "Rules of the group that can't be evaluated."),
        )
    )
    groups: dict[tuple[str, str, str], list[EvaluationRecord]] = {}
    for record in records:
        groups.setdefault((record.source, record.project, record.group_name), []).append(record)
    for key, rules in groups.items():
        newest.add_metric(key, max(rule.evaluated_at for rule in rules).timestamp())
        duration.add_metric(key, sum(rule.cost_s for rule in rules))
        failing.add_metric(key, sum(bool(rule.problem) for rule in rules))
    yield from (newest, duration, failing)
