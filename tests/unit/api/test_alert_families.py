"""What ``/metrics`` tells of alerts."""

from pathlib import Path
from typing import NoReturn

from prometheus_client import CollectorRegistry, generate_latest
from watchkeeper_collector.alerts.engine.engine import Engine
from watchkeeper_collector.alerts.engine.schedule import Group
from watchkeeper_collector.alerts.evaluation.sample import Evaluation
from watchkeeper_collector.api.alert_families import AlertFamilies
from watchkeeper_collector.errors import StateUnavailableError
from watchkeeper_collector.state.alerts import Alerts
from watchkeeper_collector.state.state import State

from tests.alert_machine import NOON, build_rule, sample


def exposition(alerts: Alerts) -> list[str]:
    registry = CollectorRegistry()
    registry.register(AlertFamilies(alerts))
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_metrics_tell_of_states_the_outbox_and_groups(tmp_path: Path) -> None:
    state = State(f"sqlite:///{tmp_path}/state.db")
    state.migrate()
    rules = (build_rule(), build_rule(uid="broken"))
    engine = Engine(
        state.alerts,
        state.lease("alerts", ttl_s=60),
        lambda rules, at: [
            Evaluation(rules[0], at, (sample(),), cost_s=0.5),
            Evaluation(rules[1], at, (), "No such table.", cost_s=0.25),
        ],
    )
    engine.evaluate(Group("file", "shop", "latency", 60.0, rules), NOON)
    lines = exposition(state.alerts)
    state.close()
    group = '{group="latency",project="shop",source="file"}'
    assert 'watchkeeper_alert_instances{state="firing"} 1.0' in lines
    assert 'watchkeeper_alert_instances{state="pending"} 1.0' in lines
    assert 'watchkeeper_alert_instances{state="error"} 0.0' in lines
    assert "watchkeeper_alert_outbox_notices 1.0" in lines
    assert f"watchkeeper_alert_group_last_duration_seconds{group} 0.75" in lines
    assert f"watchkeeper_alert_group_failing_rules{group} 1.0" in lines
    stamp = f"watchkeeper_alert_group_last_evaluation_timestamp_seconds{group}"
    assert [float(line.split()[-1]) for line in lines if line.startswith(stamp)] == [NOON.timestamp()]


class AwayAlerts(Alerts):
    """While the state store is away."""

    def __init__(self) -> None: ...

    def count_states(self, projects: object = None) -> NoReturn:
        raise StateUnavailableError("The state store is away.")


def test_metrics_without_the_state_store_say_nothing_of_alerts() -> None:
    assert exposition(AwayAlerts()) == []
