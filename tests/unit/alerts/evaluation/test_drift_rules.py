"""Rules on drift: what the job found becomes samples."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from watchkeeper_collector.alerts.evaluation.drift import Severity, Verdict
from watchkeeper_collector.alerts.evaluation.evaluating import Providers, evaluate
from watchkeeper_collector.alerts.rules.files import read_rule_texts
from watchkeeper_collector.query.source import Source

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def nowhere(project: str) -> Source:
    raise AssertionError(project)


def levels_of(severities: Sequence[Severity], *, fields: str = "", feature: str = "any") -> list[str]:
    """The levels that a rule gives for windows that ended one after another."""
    (rule,) = read_rule_texts(
        {"r": f"groups: [{{name: g, rules: [{{alert: A, drift: {{{fields}}}}}]}}]"}
    ).rules
    verdicts = [
        Verdict(feature, {"model": "m"}, AT - timedelta(hours=len(severities) - place), severity, 0.3)
        for place, severity in enumerate(severities)
    ]
    providers = Providers(find_verdicts=lambda project, at, windows: verdicts)
    (found,) = evaluate([rule], AT, nowhere, ["shop"], providers)
    assert found.problem == ""
    assert all(dict(s.labels) == {"project": "shop", "feature": feature, "model": "m"} for s in found.samples)
    return [sample.level for sample in found.samples]


def test_drift_is_met_in_two_windows_on_end() -> None:
    assert levels_of(["major", "major"]) == ["met"]
    assert levels_of(["none", "major"]) == ["clear"]
    assert levels_of(["major"]) == ["clear"]
    assert levels_of(["minor", "major"]) == ["clear"]
    assert levels_of(["minor", "major"], fields="severity: minor") == ["met"]
    assert levels_of(["major"], fields="windows: 1") == ["met"]


def test_what_cannot_be_told_yet_is_no_data() -> None:
    assert levels_of(["major", "unknown"]) == ["no_data"]
    assert levels_of(["unknown", "major"]) == ["clear"]


def test_a_rule_is_about_the_features_it_names() -> None:
    assert levels_of(["major", "major"], fields="features: [latency]") == []
    assert levels_of(["major", "major"], fields="features: [latency]", feature="latency") == ["met"]
    assert levels_of(["major", "major"], feature="latency") == []


def test_without_a_job_the_rule_has_a_problem_that_says_so() -> None:
    (rule,) = read_rule_texts({"r": "groups: [{name: g, rules: [{alert: A, drift: {}}]}]"}).rules
    (found,) = evaluate([rule], AT, nowhere, ["shop"])
    assert (found.samples, found.problem) == ((), "Rules of the kind 'drift' are not evaluated here.")
