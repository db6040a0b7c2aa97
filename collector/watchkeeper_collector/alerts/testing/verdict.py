"""Holds what a test expects against what came of it, in words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from watchkeeper_collector.alerts.rules.durations import read_duration_s
from watchkeeper_collector.alerts.testing.case import Course, Firing, start_of
from watchkeeper_collector.alerts.testing.document import (
    AlertCheckDocument,
    AlertDocument,
    CaseDocument,
    NotificationDocument,
)

OWN = ("alertname", "project")
"""Labels that need not be expected: the name is asked for, and the project is the test's."""


def judge_case(case: CaseDocument, course: Course, interval_s: float) -> list[str]:
    """What is not as expected; empty: the test passed."""
    found = [
        problem for check in case.alert_rule_test for problem in _judge_alerts(check, course, interval_s)
    ]
    found += [problem for one in case.exp_notifications for problem in _judge_sent(case, one, course)]
    problems = dict.fromkeys(course.problems)
    return [*found, *(f"A rule could not be evaluated: {problem}" for problem in problems)]


def _judge_alerts(check: AlertCheckDocument, course: Course, interval_s: float) -> Iterator[str]:
    """As promtool: at the evaluation at or before the time, exactly these fire."""
    place = int(read_duration_s(check.eval_time) // interval_s)
    firing = [one for one in course.firing[place] if one.alert == check.alertname]
    expected = list(check.exp_alerts)
    for one in list(firing):
        match = next((wanted for wanted in expected if _is_same(wanted, one)), None)
        if match is not None:
            expected.remove(match)
            firing.remove(one)
    head = f"alertname: {check.alertname}, time: {check.eval_time}"
    for wanted in expected:
        yield f"{head}: expected, but not firing: {_shown_alert(wanted)}"
    for one in firing:
        yield f"{head}: firing, but not expected: {_shown(one.labels)} {_shown(one.annotations)}"


def _judge_sent(case: CaseDocument, wanted: NotificationDocument, course: Course) -> Iterator[str]:
    until = start_of(case) + timedelta(seconds=read_duration_s(wanted.eval_time))
    found = [
        one
        for one in course.sent
        if one.at <= until
        and one.status == wanted.status
        and one.labels.get("alertname") == wanted.alertname
        and wanted.exp_labels.items() <= dict(one.labels).items()
    ]
    if len(found) != wanted.count:
        yield (
            f"alertname: {wanted.alertname}, until {wanted.eval_time}: expected {wanted.count} notifications"
            f" '{wanted.status}', and there were {len(found)}"
        )


def _is_same(wanted: AlertDocument, firing: Firing) -> bool:
    left_out = [name for name in OWN if name not in wanted.exp_labels]
    labels = {name: text for name, text in firing.labels.items() if name not in left_out}
    given = {name: text for name, text in wanted.exp_labels.items() if text}
    if labels != given:
        return False
    return wanted.exp_annotations is None or dict(firing.annotations) == wanted.exp_annotations


def _shown_alert(wanted: AlertDocument) -> str:
    annotations = "" if wanted.exp_annotations is None else f" {_shown(wanted.exp_annotations)}"
    return f"{_shown(wanted.exp_labels)}{annotations}"


def _shown(texts: Mapping[str, str]) -> str:
    pairs: Sequence[str] = [f'{name}="{text}"' for name, text in sorted(texts.items())]
    return "{" + ", ".join(pairs) + "}"
