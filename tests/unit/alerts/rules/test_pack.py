"""The rules that ship."""

import re
from importlib.resources import files
from pathlib import Path

from watchkeeper_collector.alerts.rules.files import load_rule_files

ROOT = Path(__file__).parents[4]
UNTRIED = {"SpendForecast", "SpendAnomalyOfKey", "OutputDrift", "SecretLeak", "GuardrailTrips"}
"""Not in the pack's own tests: they need weeks of spend, a key, the drift job, or what redaction counts."""


def test_every_rule_that_ships_is_sound_tried_and_has_a_runbook() -> None:
    found = load_rule_files([str(files("watchkeeper_schemas").joinpath("alerts/pack"))])
    assert list(found.faults) == []
    tried = (ROOT / "tests" / "data" / "rules" / "pack.test.yml").read_text("utf-8")
    page = (ROOT / "docs" / "runbooks.md").read_text("utf-8")
    anchors = {f"docs/runbooks.md#{title.lower()}" for title in re.findall(r"^## (\w+)$", page, re.MULTILINE)}
    for rule in found.rules:
        assert (
            rule.alert in UNTRIED
            or f"alertname: {rule.alert}," in tried
            or f"alertname: {rule.alert}\n" in tried
        )
        assert rule.annotations["runbook"] in anchors
        assert rule.annotations["summary"]
        assert rule.labels["severity"] in {"page", "warning", "ticket", "none"}
