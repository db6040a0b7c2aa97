"""``gate``: how often releases with known effects pass, fail, or can't be told."""

from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from watchkeeper_collector.drift.gate_policy import NEEDED_UNITS, GateMeasure
from watchkeeper_collector.drift.gating import compare_values, judge_release, worst

from benchmarks import options
from benchmarks.gate_releases import GATED, Effect, draw_measure, draw_release
from benchmarks.machine import describe_machine
from benchmarks.progress import Report as Progress
from benchmarks.progress import showing
from benchmarks.report import Cell, Report, Table, publish

SIZES = (100, 300, 1_000, 3_000)
EFFECTS = {
    "as the one before": 0.0,
    "one measure worse by half its tolerance": 0.5,
    "one measure worse by exactly its tolerance": 1.0,
    "one measure worse by twice its tolerance": 2.0,
}
Verdicts = Counter[str]


def measure_gate(
    *,
    releases: Annotated[int, typer.Option(min=10, help="Of each effect and number of units.")] = 1_000,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """Error rates of the gate on simulated releases of which it is known how much worse they are.

    The rule is the gate's own, over all its measures and a score together. The measure that got worse is
    another one in each release.

    $ python -m benchmarks gate

    $ python -m benchmarks gate --releases 100 --markdown
    """
    machine = describe_machine(Path.cwd())
    tables = [build_release_table(releases), build_measure_table(releases)]
    publish(Report(machine, tables), is_markdown=markdown, out=out)


def build_release_table(releases: int) -> Table:
    """Verdicts on whole releases."""
    rows: list[Sequence[Cell]] = []
    with showing("Releases") as report:
        for title, tolerances in EFFECTS.items():
            cells = [judge_releases(units, tolerances, releases) for units in SIZES]
            rows.append([title, *map(render_verdicts, cells)])
            report(len(rows) / len(EFFECTS))
    columns = ("pass / fail / cannot tell, by units a side", *(f"{units:,}" for units in SIZES))
    return Table(f"{releases:,} releases a cell, {len(GATED)} measures each", columns, rows)


def build_measure_table(releases: int) -> Table:
    """Each measure by itself, worse by exactly its tolerance: how often it passes all the same."""
    with showing("Measures") as report:
        rows = [
            [name, *_pass_rates(measure, releases, report, place / len(GATED))]
            for place, (name, measure) in enumerate(GATED.items(), 1)
        ]
    columns = ("passes though worse by its tolerance, by units a side", *(f"{units:,}" for units in SIZES))
    return Table(f"Each measure by itself, {releases:,} draws a cell", columns, rows)


def judge_releases(units: int, tolerances: float, releases: int) -> Verdicts:
    """The verdicts on so many releases, the measure that is worse taken in turn."""
    chance = np.random.default_rng([units, round(10 * tolerances)])
    return Counter(
        _judge(chance, units, Effect(name, tolerances))
        for name, _ in zip(cycle(GATED), range(releases), strict=False)
    )


def render_verdicts(found: Verdicts) -> str:
    return " / ".join(f"{found[verdict] / found.total():.1%}" for verdict in ("pass", "fail", "unknown"))


def _judge(chance: np.random.Generator, units: int, effect: Effect) -> str:
    drawn = draw_release(chance, units, effect)
    compared = [compare_values(GATED[name], *pair) for name, pair in drawn.items()]
    return worst([one.verdict for one in judge_release(compared, NEEDED_UNITS)])


def _pass_rates(measure: GateMeasure, draws: int, report: Progress, done: float) -> list[Cell]:
    rates = [_pass_rate(measure, units, draws) for units in SIZES]
    report(done)
    return [f"{rate:.1%}" for rate in rates]


def _pass_rate(measure: GateMeasure, units: int, draws: int) -> float:
    """The share that passes."""
    chance = np.random.default_rng([units, list(GATED.values()).index(measure)])
    compared = (
        compare_values(measure, *draw_measure(chance, measure, units, tolerances=1.0)) for _ in range(draws)
    )
    return sum(judge_release([one], NEEDED_UNITS)[0].verdict == "pass" for one in compared) / draws
