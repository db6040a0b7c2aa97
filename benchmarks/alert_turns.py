"""``alerts``: what a turn of the alert engine costs, beside the queries of its rules."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from watchkeeper_collector.alerts.engine.engine import Engine
from watchkeeper_collector.alerts.engine.schedule import Group
from watchkeeper_collector.alerts.evaluation.sample import Evaluation, Level, Sample
from watchkeeper_collector.alerts.rules.files import read_rule_texts
from watchkeeper_collector.alerts.rules.rule import Rule
from watchkeeper_collector.state.state import State

from benchmarks import options
from benchmarks.clock import middle, timed
from benchmarks.machine import calibrate, describe_machine
from benchmarks.progress import showing
from benchmarks.report import Cell, Report, Table, publish

MS = 1000
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
INTERVAL_S = 60.0
COLUMNS = ("series", "rules", "series a rule", "wall, ms", "CPU, ms", "CPU a series, µs")
SIZES = ((1, 1_000), (100, 10), (1_000, 1))


def measure_alert_turns(
    *,
    repeats: Annotated[int, typer.Option(min=1, max=100)] = 5,
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """A thousand series from their samples to states, notices and history in SQLite, a minute apart.

    $ python -m benchmarks alerts
    """
    with options.working_folder(folder) as work, showing("Turning"):
        machine = describe_machine(work)
        rows = [
            _row(work, level, rules, series, repeats) for level in ("met", "clear") for rules, series in SIZES
        ]
    details = {"calibration_us": calibrate()}
    table = Table("One turn of the alert engine", COLUMNS, rows)
    publish(Report(machine, [table], details=details), is_markdown=markdown, out=out)


def _row(work: Path, level: Level, rules: int, series: int, repeats: int) -> list[Cell]:
    group = Group("file", "shop", "turns", INTERVAL_S, _build_rules(rules))
    samples = [Sample({"project": "shop", "model": f"m{number}"}, level, 7.0) for number in range(series)]

    def evaluate(asked: Sequence[Rule], at: datetime) -> list[Evaluation]:
        return [Evaluation(rule, at, samples) for rule in asked]

    timings = []
    state = State(f"sqlite:///{tempfile.mkdtemp(dir=work)}/state.db")
    state.migrate()
    engine = Engine(state.alerts, state.lease("alerts", ttl_s=3600), evaluate)
    for minute in range(repeats + 1):
        with timed() as timing:
            engine.evaluate(group, NOON + timedelta(minutes=minute))
        timings.append(timing)
    state.close()
    turn = middle(timings[1:])  # in the first one all of them begin
    per_series_us = turn.cpu_s * 1e6 / (rules * series)
    told = "firing" if level == "met" else "clear"
    return [told, rules, series, turn.wall_s * MS, turn.cpu_s * MS, per_series_us]


def _build_rules(count: int) -> Sequence[Rule]:
    members = ", ".join(
        f"{{alert: R{number}, measure: errors, condition: '> 5', labels: {{severity: page}},"
        " annotations: {summary: '{{ value | round }} errors of {{ labels.model }}'}}"
        for number in range(count)
    )
    return read_rule_texts({"rules.yml": f"groups: [{{name: turns, rules: [{members}]}}]"}).rules
