"""Tests of rules: promtool's notation, what is expected, and the report."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from watchkeeper_collector.alerts.testing.document import SpansDocument
from watchkeeper_collector.alerts.testing.junit import render_junit
from watchkeeper_collector.alerts.testing.notation import STALE, Value, read_numbers, read_series, read_values
from watchkeeper_collector.alerts.testing.running import Outcome, Workshop
from watchkeeper_collector.alerts.testing.series import Series
from watchkeeper_collector.alerts.testing.spans import COLUMNS, build_rows
from watchkeeper_collector.errors import InvalidRequestError

RULES = """groups:
- name: g
  rules:
  - alert: Fails
    measure: error_rate
    by: [model]
    condition: "> 10%"
    recover: 5%
    for: 1m
    labels: {severity: page}
    annotations: {summary: "{{ labels.model }}: {{ value | percent }}"}
  - alert: Grows
    measure: calls
    window: 1m
    change: {against: previous}
    condition: "> 2x"
"""
MINUTE_NS = 60 * 10**9


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1 2.5 -3", [1.0, 2.5, -3.0]),
        ("1x3", [1.0, 1.0, 1.0, 1.0]),
        ("0+2x3", [0.0, 2.0, 4.0, 6.0]),
        ("10-5x2", [10.0, 5.0, 0.0]),
        ("_ 1 _x2 stale", [None, 1.0, None, None, STALE]),
        ("1e3", [1_000.0]),
        ("", []),
    ],
)
def test_values_are_read_as_promtool_does(text: str, values: list[Value]) -> None:
    assert read_values(text) == values


@pytest.mark.parametrize("text", ["a", "1x", "x3", "1+x3", "1x9999999", "_x0x"])
def test_what_promtool_refuses_are_no_values(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_values(text)


def test_a_series_has_a_measure_and_labels() -> None:
    assert read_series(r'error_rate{model="gpt \"4\"", user="a,b"}') == (
        "error_rate",
        {"model": 'gpt "4"', "user": "a,b"},
    )
    assert read_series("score.quality") == ("score.quality", {})
    for text in ("{a='1'}", "a{b}", 'a{b="1" c="2"}', ""):
        with pytest.raises(InvalidRequestError):
            read_series(text)


def test_a_value_stands_until_it_is_five_minutes_old() -> None:
    series = Series("m", {}, read_values("1 _ _ _ _ _ 2 stale"), 0, MINUTE_NS)
    found = [series.at(minute * MINUTE_NS) for minute in range(9)]
    assert found == [1.0, 1.0, 1.0, 1.0, 1.0, None, 2.0, None, None]


def outcomes_of(folder: Path, tests: str) -> list[Outcome]:
    (folder / "rules.yml").write_text(RULES)
    (folder / "a.test.yml").write_text(f"rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n{tests}")
    return list(Workshop().run_file(folder / "a.test.yml"))


def failures_of(
    folder: Path, values: str, expectation: str, series: str = 'error_rate{model="m"}'
) -> list[str]:
    (outcome,) = outcomes_of(
        folder,
        f"- {{name: t, input_series: [{{series: '{series}', values: '{values}'}}], alert_rule_test: ["
        f"{expectation}]}}",
    )
    return list(outcome.failures)


FIRING = "{eval_time: 3m, alertname: Fails, exp_alerts: [{exp_labels: {model: m, severity: page}}]}"


def test_what_fires_at_a_time_is_held_against_what_is_expected(tmp_path: Path) -> None:
    assert failures_of(tmp_path, "0 .2x9", FIRING) == []
    (failure,) = failures_of(tmp_path, "0x9", FIRING)
    assert failure == ('alertname: Fails, time: 3m: expected, but not firing: {model="m", severity="page"}')
    assert failures_of(tmp_path, "0x9", "{eval_time: 3m, alertname: Fails}") == []
    (failure,) = failures_of(tmp_path, "0 .2x9", "{eval_time: 3m, alertname: Fails}")
    assert "firing, but not expected" in failure


def test_annotations_are_compared_where_they_are_given(tmp_path: Path) -> None:
    right = FIRING.replace("page}}", "page}, exp_annotations: {summary: 'm: 20%'}}")
    assert failures_of(tmp_path, "0 .2x9", right) == []
    assert len(failures_of(tmp_path, "0 .2x9", right.replace("20%", "21%"))) == 2


def test_hysteresis_and_a_time_between_evaluations_count(tmp_path: Path) -> None:
    late = "{eval_time: 5m59s, alertname: Fails, exp_alerts: [{exp_labels: {model: m, severity: page}}]}"
    assert failures_of(tmp_path, ".2x2 .07x9", late) == []
    assert failures_of(tmp_path, ".2x2 .04x9", "{eval_time: 4m, alertname: Fails}") == []


def test_a_change_compares_a_series_with_itself(tmp_path: Path) -> None:
    growing = "{eval_time: 2m, alertname: Grows, exp_alerts: [{}]}"
    assert failures_of(tmp_path, "10 10 30", growing, "calls") == []
    assert len(failures_of(tmp_path, "10 10 20", growing, "calls")) == 1


NO_TESTS = {
    "- {alert_rule_test: [{eval_time: 1m, alertname: Fials}]}": "No rule is called 'Fials'",
    "- {alert_rule_test: [{eval_time: 1 minute, alertname: Fails}]}": "is no duration",
    "- {alert_rule_test: [{eval_tim: 1m, alertname: Fails}]}": "a.test.yml:4:23: There is no field",
    "- {input_series: [{series: a, values: x}], alert_rule_test: [{eval_time: 1m, alertname: Fails}]}": (
        "'x' is no value"
    ),
    "- {input_series: [{series: a, values: '1'}], input_spans: [{count: 1}]}": "and not both",
    "- {alert_rule_test: [{eval_time: 360d, alertname: Fails}]}": "at most 20,000 times",
    "- [": "This is no YAML",
}


@pytest.mark.parametrize(("tests", "said"), NO_TESTS.items())
def test_a_test_that_is_none_says_what_is_wrong(tmp_path: Path, tests: str, said: str) -> None:
    failures = [failure for outcome in outcomes_of(tmp_path, tests) for failure in outcome.failures]
    assert any(said in failure for failure in failures), failures


def test_faults_of_the_rules_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.test.yml").write_text("rule_files: [none.yml]\ntests: [{name: t}]")
    (outcome,) = Workshop().run_file(tmp_path / "a.test.yml")
    assert "There is no such rule file" in outcome.failures[0]
    (outcome,) = Workshop().run_file(tmp_path / "b.test.yml")
    assert "can't be read" in outcome.failures[0]


def test_spans_are_the_same_each_time_and_fail_as_often_as_they_are_to(tmp_path: Path) -> None:
    document = SpansDocument.model_validate(
        {
            "every": "1s",
            "count": 400,
            "error": "0x199 0.5x199",
            "latency": "100 200",
            "user": "u",
            "start": "-1d",
        }
    )
    at = datetime(2026, 1, 5, tzinfo=UTC)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in build_rows(document, at, "shop", 0)]
    again = [dict(zip(COLUMNS, row, strict=True)) for row in build_rows(document, at, "shop", 0)]
    assert rows == again
    failed = [row["StatusCode"] == "Error" for row in rows]
    assert sum(failed[:200]) == 0
    assert 70 <= sum(failed[200:]) <= 130
    assert rows[0]["Timestamp"] == datetime(2026, 1, 4, tzinfo=UTC)
    assert [row["Duration"] for row in rows[:3]] == [100_000_000, 200_000_000, 200_000_000]
    assert len({row["SpanId"] for row in rows}) == 400
    with pytest.raises(InvalidRequestError, match="no numbers"):
        read_numbers("_ 1")


def test_the_report_is_xml_whatever_the_texts_hold() -> None:
    outcomes = [
        Outcome("a.yml", "fine", [], 0.5),
        Outcome("a.yml", "bad <&\x00\ud800>", ["one", "two \x1b[31m"], 0.25),
        Outcome("b.yml", "", ["broken"]),
    ]
    root = ET.fromstring(render_junit(outcomes))
    suites = root.findall("testsuite")
    assert [(suite.get("tests"), suite.get("failures")) for suite in suites] == [("2", "1"), ("1", "1")]
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "one"


PROMTOOLS = """groups:
- name: g
  rules:
  - alert: Fails
    expr: error_rate > 0.1
    for: 1m
    keep_firing_for: 2m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.model }} fails"}
"""
OURS = """groups:
- name: g
  rules:
  - alert: Fails
    measure: error_rate
    by: [model]
    condition: "> 0.1"
    for: 1m
    keep_firing_for: 2m
    labels: {severity: page}
    annotations: {summary: "{{ labels.model }} fails"}
"""
CASES = """rule_files: [rules.yml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series:
  - {series: 'error_rate{model="a"}', values: '0 .2x3 0x2 .2+.1x3 _x3 stale _x4'}
  - {series: 'error_rate{model="b"}', values: '0x5 .3 stale _x9'}
  alert_rule_test:
"""
MINUTES = 18


def expectation(minute: int, *models: str) -> str:
    alerts = ", ".join(
        f"{{exp_labels: {{model: {model}, severity: page}}, exp_annotations: {{summary: '{model} fails'}}}}"
        for model in models
    )
    return f"  - {{eval_time: {minute}m, alertname: Fails, exp_alerts: [{alerts}]}}\n"


def test_promtool_expects_what_we_find(tmp_path: Path) -> None:
    """Of every minute, which alerts fire: what passes here passes there, and the other way round."""
    (tmp_path / "rules.yml").write_text(OURS)
    found = []
    for minute in range(MINUTES):
        passing = [models for models in CANDIDATES if passes_here(tmp_path, expectation(minute, *models))]
        assert len(passing) == 1
        found.append(expectation(minute, *passing[0]))
    assert len(set(map(str, found))) == MINUTES
    (tmp_path / "rules.yml").write_text(PROMTOOLS)
    assert passes_there(tmp_path, "".join(found)) == ""
    wrong = [line.replace("exp_alerts: []", "exp_alerts: [{exp_labels: {model: a}}]") for line in found]
    assert "FAILED" in passes_there(tmp_path, "".join(wrong))


CANDIDATES = [(), ("a",), ("b",), ("a", "b")]


def passes_here(folder: Path, expected: str) -> bool:
    path = folder / "ours.test.yml"
    path.write_text(CASES + expected)
    (outcome,) = Workshop().run_file(path)
    return not outcome.failures


def passes_there(folder: Path, expected: str) -> str:
    """What promtool says against it."""
    (folder / "theirs.test.yml").write_text(CASES + expected)
    command = ["promtool", "test", "rules", "theirs.test.yml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}" if done.returncode else ""
