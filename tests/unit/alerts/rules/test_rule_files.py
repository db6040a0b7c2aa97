"""Rule files: what they say, and everything that is wrong with them at once, each at its place."""

import re
from pathlib import Path

import pytest
from watchkeeper_collector.alerts.documents import Faults, read_document, read_model
from watchkeeper_collector.alerts.rules.book import RuleBook
from watchkeeper_collector.alerts.rules.condition import (
    Absence,
    Also,
    Anomaly,
    Bound,
    Budget,
    BurnRate,
    BurnWindow,
    Change,
    Condition,
    Drift,
    Series,
    Sql,
    Threshold,
)
from watchkeeper_collector.alerts.rules.files import load_rule_files, read_rule_texts
from watchkeeper_collector.alerts.rules.rendering import render_rule
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.alerts.rules.schema import build_schema, load_schema
from watchkeeper_collector.alerts.testing.document import TestFileDocument

DATA = Path(__file__).parents[3] / "data" / "rules"
HOUR_S, DAY_S = 3_600.0, 86_400.0


def rules_of(text: str) -> list[Rule]:
    found = read_rule_texts({"rules.yml": text})
    assert [fault.render() for fault in found.faults] == []
    return list(found.rules)


def condition_of(fields: str) -> Condition:
    (rule,) = rules_of(f"groups: [{{name: g, rules: [{{alert: A, {fields}}}]}}]")
    return rule.condition


def faults_of(fields: str) -> list[str]:
    found = read_rule_texts({"r": f"groups: [{{name: g, rules: [{{alert: A, {fields}}}]}}]"})
    return [fault.message for fault in found.faults]


def test_a_rule_has_what_its_group_says_for_it() -> None:
    (rule,) = rules_of(
        "groups: [{name: 'a/b', interval: 15s, query_offset: 10s, limit: 5, project: shop,"
        " labels: {team: x, severity: low},"
        " rules: [{alert: 50% up, measure: calls, condition: '> 5', for: 1h30m, keep_firing_for: 90s,"
        " no_data: keep, labels: {severity: page, tier: 1}, annotations: {summary: '{{ value }}'}}]}]"
    )
    assert rule == Rule(
        uid="file/a%2Fb/50%25 up", alert="50% up", group="a/b", project="shop", source="file",
        interval_s=15.0, offset_s=10.0, for_s=5_400.0, keep_firing_for_s=90.0, limit=5, no_data="keep",
        labels={"team": "x", "severity": "page", "tier": "1"}, annotations={"summary": "{{ value }}"},
        condition=Threshold(Series("calls"), Bound(">", 5.0)),
    )  # fmt: skip
    assert render_rule(rule)["for"] == "1h30m"


@pytest.mark.parametrize(
    ("fields", "condition"),
    [
        (
            (
                "measure: error_rate, filter: 'status:ok', by: [model, project], window: 1m, min_count: 30,"
                " condition: '>= 5%', recover: 4%, and: ['calls > 1k']"
            ),
            Threshold(
                Series("error_rate", "status:ok", ("model",), 60.0, 30),
                Bound(">=", 0.05, 0.04),
                (Also("calls", Bound(">", 1_000.0)),),
            ),
        ),
        (
            "measure: cost_usd, by: [user], share_of: [], condition: '> 25%', and: ['cost_usd >= $10']",
            Threshold(
                Series("cost_usd", "", ("user",)),
                Bound(">", 0.25),
                (Also("cost_usd", Bound(">=", 10.0)),),
                (),
            ),
        ),
        (
            (
                "measure: latency_p95_ms, change: {against: week}, condition: '> 2x', recover: 1.6x,"
                " and: ['latency_p95_ms > 2s']"
            ),
            Change(
                Series("latency_p95_ms"), Bound(">", 2.0, 1.6), "week", "factor", 1,
                (Also("latency_p95_ms", Bound(">", 2_000.0)),),
            ),
        ),
        (
            "measure: error_rate, change: {against: previous}, condition: '> 50%'",
            Change(Series("error_rate"), Bound(">", 0.5), "previous", "percent"),
        ),
        (
            "measure: cost_usd, window: 1d, change: {against: mean}, condition: '> $5'",
            Change(Series("cost_usd", window_s=DAY_S), Bound(">", 5.0), "mean", "absolute", 7),
        ),
        (
            "measure: output_tokens, window: 10m, anomaly: {deviations: 2, direction: above, seasons: 4}",
            Anomaly(Series("output_tokens", window_s=600.0), "above", 2.0, "day", 4 * DAY_S),
        ),
        (
            "burn_rate: {objective: 0.99}",
            BurnRate(
                Series("error_rate", window_s=6 * HOUR_S),
                (BurnWindow(HOUR_S, 300.0, 14.4), BurnWindow(6 * HOUR_S, 1_800.0, 6.0)),
                0.99,
            ),
        ),
        (
            "burn_rate: {objective: 0.9, windows: [{long: 1h, factor: 2}]}",
            BurnRate(Series("error_rate", window_s=HOUR_S), (BurnWindow(HOUR_S, 300.0, 2.0),), 0.9),
        ),
        (
            "burn_rate: {budget: '*', speed: slow}",
            BurnRate(Series("cost_usd", window_s=72 * HOUR_S), (), None, "*", speed="slow"),
        ),
        ("budget: {figure: forecast}, condition: '>= 100%'", Budget("*", "forecast", Bound(">=", 1.0))),
        ("drift: {features: [output_chars]}", Drift(("output_chars",))),
        (
            "window: 15m, absence: {season: week, expected: 30}",
            Absence(Series("calls", window_s=900.0), 1.0, "week", 30.0),
        ),
        ("sql: SELECT 1 AS value", Sql("SELECT 1 AS value", Bound(">", 0.0))),
    ],
)  # fmt: skip
def test_a_rule_is_of_the_kind_whose_block_it_has(fields: str, condition: Condition) -> None:
    assert condition_of(fields) == condition


@pytest.mark.parametrize("name", ["fields", "meaning"])
def test_every_fault_is_told_at_its_place(name: str) -> None:
    """Long lists of what there is are left out."""
    path = DATA / "bad" / f"{name}.yml"
    found = read_rule_texts({path.name: path.read_text("utf-8")})
    told = [fault.render().partition(" There is: ")[0] for fault in found.faults]
    assert told == path.with_suffix(".txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("groups: [", "2:1"),
        ("- a", "1:1"),
        ("groups: 5", "1:9"),
        ("groups:\n- name: a\n  rules: 5", "3:10"),
        ("groups:\n- &a [*a]", "2:3"),
        ("groups: []\ngroups: []", "2:1"),
        ("\x00", "1:1"),
        ("a: " + "[" * 200 + "]" * 200, "1:36"),
    ],
)
def test_what_is_no_rule_file_says_where(text: str, place: str) -> None:
    found = read_rule_texts({"rules.yml": text})
    assert found.rules == []
    assert any(fault.render().startswith(f"rules.yml:{place}: ") for fault in found.faults), found.faults


def test_aliases_of_aliases_are_not_expanded_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 9)]
    (fault,) = read_rule_texts({"bomb.yml": "\n".join(lines)}).faults
    assert "100,000 values" in fault.message


def test_anchors_and_merges_are_read_where_they_are_used() -> None:
    text = (
        "groups:\n- name: g\n  rules:\n"
        "  - &slow {alert: A, measure: latency_p95_ms, condition: '> 2s', labels: {severity: page}}\n"
        "  - {<<: *slow, alert: B, condition: '> 5s'}\n"
    )
    first, second = rules_of(text)
    assert (second.alert, second.labels) == ("B", first.labels)
    assert second.condition == Threshold(Series("latency_p95_ms"), Bound(">", 5_000.0))


def test_a_recovery_lies_on_the_clear_side() -> None:
    assert "can't end at 6" in faults_of("measure: calls, condition: '> 5', recover: 6")[0]
    assert "can't end at 4" in faults_of("measure: calls, condition: '< 5', recover: 4")[0]
    assert condition_of("measure: calls, condition: '< 5', recover: 6") == Threshold(
        Series("calls"), Bound("<", 5.0, 6.0)
    )


def test_dimensions_that_would_be_one_label_are_refused() -> None:
    assert "attr_a_b" in faults_of("measure: calls, condition: '> 1', by: [attr.a.b, attr.a-b]")[0]


def test_the_json_schema_is_what_the_documents_are() -> None:
    """Otherwise: write what ``render_schema`` gives to schemas/watchkeeper_schemas/alerts."""
    assert load_schema() == build_schema()


def test_a_book_keeps_the_rules_that_were_good(tmp_path: Path) -> None:
    good = "groups: [{name: g, rules: [{alert: A, measure: calls, condition: '> 1'}]}]"
    first, second = tmp_path / "a.yml", tmp_path / "b.yml"
    first.write_text(good)
    book = RuleBook([str(tmp_path)])
    assert [rule.alert for rule in book.rules()] == ["A"]
    first.write_text(good.replace("alert: A", "alert: Changed"))
    second.write_text("groups: [{name: h, rules: [{alert: B}]}]")
    assert [rule.alert for rule in book.rules()] == ["A"]  # all or nothing
    assert "b.yml:1:28: The field 'measure' is missing" in book.problem
    second.write_text(good.replace("name: g", "name: h"))
    assert [rule.alert for rule in book.rules()] == ["Changed", "A"]
    assert book.problem == ""


def test_a_pattern_that_names_nothing_is_a_fault(tmp_path: Path) -> None:
    (fault,) = load_rule_files([str(tmp_path / "*.yml")]).faults
    assert "There is no such rule file" in fault.message
    (tmp_path / "a.yml").write_bytes(b"\xff\xfe")
    (fault,) = load_rule_files([str(tmp_path / "*.yml")]).faults
    assert fault.message == "The file is not UTF-8."


def test_the_page_shows_rules_and_tests_that_are_sound() -> None:
    page = (Path(__file__).parents[4] / "docs" / "alerts.md").read_text("utf-8")
    rules, tests = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert [rule.alert for rule in rules_of(rules)] == ["ProviderOutage"]
    document, faults = read_document(tests, "tests.yml")
    assert document is not None
    noted = Faults(document)
    assert read_model(document, TestFileDocument, noted) is not None, noted.found
    assert faults == []
    blocks = re.findall(r"\| `([a-z_]+: [^|]*)` \|$", page, re.MULTILINE)
    assert len(blocks) == 9
    for block in blocks:
        fields = ", ".join(block.split("`, `"))
        assert faults_of(fields) == [], fields
