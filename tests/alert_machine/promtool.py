"""Random rules over random series, put to the real `promtool test rules` with what our machine says."""

import json
import random
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from watchkeeper_collector.alerts.engine.machine import step
from watchkeeper_collector.alerts.evaluation.sample import Evaluation, Sample
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.state.alert_records import Instance

from tests.alert_machine import NOON, build_rule
from tests.programs import find_program

THRESHOLD = 5
LOOKBACK_S = 300
LONGEST_GAP_S = 240
"""Shorter than what Prometheus looks back, so that a gap's end is none of its business here."""
Value = int | str
"""A number, `_` for no sample, or `stale`."""


@dataclass(frozen=True, slots=True)
class Case:
    """One rule with its series; values come every ``step_s``, evaluations every ``interval_s``."""

    name: str
    for_s: int
    keep_firing_for_s: int
    interval_s: int
    step_s: int
    series: Mapping[str, Sequence[Value]]

    @property
    def metric(self) -> str:
        return f"m_{self.name}"

    @property
    def times_s(self) -> range:
        length = max(map(len, self.series.values()))
        return range(0, length * self.step_s, self.interval_s)


def draw_case(chance: random.Random, name: str, *, interval_s: int, step_s: int) -> Case:
    def draw_s() -> int:
        """Often a multiple of the interval, where the borders are."""
        return chance.choice((0, chance.randint(0, 8) * interval_s, chance.randint(0, 8 * interval_s)))

    count = 30 * interval_s // step_s
    series = {f"s{number}": _draw_values(chance, count, step_s) for number in range(chance.randint(1, 3))}
    return Case(name, draw_s(), draw_s(), interval_s, step_s, series)


def _draw_values(chance: random.Random, count: int, step_s: int) -> list[Value]:
    values: list[Value] = []
    persistence = chance.choice((0.5, 0.8, 0.95))
    value: Value = chance.randint(0, 9)
    gap = 0
    for _ in range(count):
        if chance.random() > persistence:
            value = chance.choice((*range(10), "stale", "_"))
        gap = gap + 1 if value == "_" else 0
        if gap * step_s >= LONGEST_GAP_S:
            value, gap = chance.randint(0, 9), 0
        values.append(value)
    return values


def firing(case: Case) -> Iterator[tuple[int, list[Instance]]]:
    """What fires by our machine, at each evaluation."""
    rule = build_rule(
        uid=case.name,
        alert=case.name,
        interval_s=float(case.interval_s),
        for_s=float(case.for_s),
        keep_firing_for_s=float(case.keep_firing_for_s),
        annotations={"value": "{{ value | round }}"},
    )
    instances: Mapping[str, Instance] = {}
    for at_s in case.times_s:
        evaluation = _evaluate(rule, case, at_s)
        instances = step(rule, instances, evaluation).instances
        yield at_s, [one for one in instances.values() if one.is_firing]


def _evaluate(rule: Rule, case: Case, at_s: int) -> Evaluation:
    samples = []
    for name, values in case.series.items():
        value = _value_at(values, at_s // case.step_s)
        if value is not None:
            level = "met" if value > THRESHOLD else "clear"
            samples.append(Sample({"s": name}, level, float(value)))
    return Evaluation(rule, NOON + timedelta(seconds=at_s), samples)


def _value_at(values: Sequence[Value], place: int) -> int | None:
    """The newest value there is; none after `stale`."""
    for value in reversed(values[: place + 1]):
        if value == "stale":
            return None
        if isinstance(value, int):
            return value
    return None


def differences(folder: Path, cases: Sequence[Case], told: Sequence[Case] = ()) -> str:
    """What promtool says where our machine differs from Prometheus; empty: nothing. Cases share their times.

    Our machine is ``told`` other cases, to see that promtool looks.
    """
    rules, tests = folder / "rules.json", folder / "tests.json"
    rules.write_text(json.dumps({"groups": [{"name": "all", "rules": list(map(_render_rule, cases))}]}))
    tests.write_text(json.dumps(_render_tests(rules, told or cases)))
    command = [str(find_program("promtool", package="prometheus")), "test", "rules", str(tests)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ("SUCCESS" in done.stdout) == (done.returncode == 0), done.stderr
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _render_rule(case: Case) -> dict[str, Any]:
    return {
        "alert": case.name,
        "expr": f"{case.metric} > {THRESHOLD}",
        "for": f"{case.for_s}s",
        "keep_firing_for": f"{case.keep_firing_for_s}s",
        "labels": {"severity": "page"},
        "annotations": {"value": "{{ $value }}"},
    }


def _render_tests(rules: Path, cases: Sequence[Case]) -> dict[str, Any]:
    series = [
        {"series": f'{case.metric}{{s="{name}"}}', "values": " ".join(map(str, values))}
        for case in cases
        for name, values in case.series.items()
    ]
    expected = [
        {
            "eval_time": f"{at_s}s",
            "alertname": case.name,
            "exp_alerts": [_render_alert(instance) for instance in alerts],
        }
        for case in cases
        for at_s, alerts in firing(case)
    ]
    test = {"interval": f"{cases[0].step_s}s", "input_series": series, "alert_rule_test": expected}
    interval = f"{cases[0].interval_s}s"
    return {"rule_files": [str(rules)], "evaluation_interval": interval, "tests": [test]}


def _render_alert(instance: Instance) -> dict[str, Any]:
    labels = {name: value for name, value in instance.labels.items() if name != "alertname"}
    return {"exp_labels": labels, "exp_annotations": dict(instance.annotations)}
