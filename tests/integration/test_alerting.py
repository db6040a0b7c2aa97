"""A collector that evaluates rules over real spans, while it and its ClickHouse are killed."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from watchkeeper_collector.state.alert_records import AlertState

from tests.campaign.items import BUILDERS
from tests.clickhouse_server import ClickHouseServer
from tests.collector import CollectorProcess

RULES = """
groups:
- name: spans
  interval: 1s
  query_offset: 0s
  labels: {severity: page}
  rules:
  - alert: Spans
    measure: spans
    window: 1h
    condition: "> 2"
    annotations: {summary: "{{ value | round }} spans in {{ labels.project }}"}
"""

HEALTHY = 'watchkeeper_alert_group_failing_rules{group="spans",project="",source="file"} 0.0'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with ClickHouseServer(tmp_path_factory.mktemp("alerting")) as server:
        yield server


def alerts(collector: CollectorProcess) -> dict[str, Mapping[str, Any]]:
    """By name, also those that resolved."""
    path = f"/api/v1/alerts?{'&'.join(f'state={state}' for state in get_args(AlertState))}"
    return {alert["alert"]: alert for alert in collector.get(path)["items"]}


def state_of(collector: CollectorProcess, alert: str) -> str:
    return str(alerts(collector).get(alert, {"state": "inactive"})["state"])


def test_alert_outlasts_its_collector_its_store_and_ends_with_its_rule(
    tmp_path: Path, server: ClickHouseServer
) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES, "utf-8")
    with CollectorProcess(tmp_path / "data", dsn=server.dsn, alert_rules=rules) as collector:
        collector.until_ready()
        body = BUILDERS["traces"]([1, 2, 3])
        collector.ask(
            "/v1/traces", method="POST", body=body, headers={"content-type": "application/x-protobuf"}
        )
        collector.until(lambda: "Spans" in alerts(collector))
        begun = alerts(collector)["Spans"]
        assert begun["state"] == "firing"
        assert begun["annotations"] == {"summary": "3 spans in default"}
        assert begun["links"]["traces"].startswith("/traces?range=")

        collector.kill()
        collector.start().until_ready()
        time.sleep(2.5)
        assert alerts(collector)["Spans"]["episode"] == begun["episode"]

        server.kill()
        collector.until(lambda: alerts(collector)["Spans"]["state"] == "error")
        collector.until(lambda: state_of(collector, "RuleError") == "pending")
        assert alerts(collector)["Spans"]["is_firing"]
        server.start()
        collector.until(lambda: alerts(collector)["Spans"]["state"] == "firing")
        collector.until(lambda: state_of(collector, "RuleError") == "inactive")

        rules.write_text(RULES.replace("alert: Spans", "alert: Others"), "utf-8")
        collector.until(lambda: alerts(collector)["Spans"]["state"] == "inactive")
        assert alerts(collector)["Spans"]["reason"] == "RuleDeleted"
        episodes = {one["alert"]: one for one in collector.get("/api/v1/alerts/episodes")["items"]}
        assert episodes["Spans"]["episode"] == begun["episode"], "all that was one page"
        assert episodes["Spans"]["reason"] == "RuleDeleted"
        collector.until(lambda: HEALTHY in collector.ask("/metrics").body.decode())
        assert collector.stop() == 0
