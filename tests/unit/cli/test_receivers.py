"""`watchkeeper receivers`."""

from pathlib import Path

import pytest

from tests.notify import ROUTING_KEY
from tests.unit.cli.conftest import Run

GOOD = """
route:
  receiver: chat
  routes:
    - {matchers: [severity="page"], receiver: pager, group_by: [alertname]}
receivers:
  - {name: chat, slack_configs: [{url: 'https://hooks.example/x'}]}
  - {name: pager, pagerduty_configs: [{routing_key_env: KEY}]}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("KEY", ROUTING_KEY)
    (tmp_path / "alerts.yaml").write_text(GOOD)
    return "alerts.yaml"


def test_receivers_check_says_what_is_good(run: Run, file: str) -> None:
    found = run("receivers", "check", file)
    assert (found.exit_code, found.stderr) == (0, "2 receivers with 2 targets, 2 routes: no faults.\n")


def test_receivers_check_says_who_would_hear(run: Run, file: str) -> None:
    assert run("receivers", "check", file, "severity=page").stdout == "pager: grouped by alertname\n"
    assert run("receivers", "check", file, "a=b").stdout == "chat: grouped by project\n"
    assert run("receivers", "check", file, "nonsense").exit_code == 2


def test_receivers_check_tells_every_fault_and_fails(run: Run, file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(GOOD.replace("receiver: pager", "receiver: nobody").replace("KEY", "NONE"))
    found = run("receivers", "check", file)
    assert found.exit_code == 1
    assert "alerts.yaml:8:" in found.stderr
    assert "no variable 'NONE'" in found.stderr


def test_receivers_list_and_test_ask_the_collector(run: Run) -> None:
    found = run("receivers", "list", "--url", "http://127.0.0.1:1")
    assert found.exit_code == 1
    assert "127.0.0.1:1" in found.stderr
    assert run("receivers", "test", "a/b", "--url", "http://127.0.0.1:1").exit_code == 1
