"""``drift``: how often verdicts on drift are wrong, how often they are right, and what they cost."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks import options
from benchmarks.drift_cost import measure_cost
from benchmarks.drift_data import Cell, load_cells
from benchmarks.drift_null import SIZES, measure_rates, resampled, scenarios
from benchmarks.drift_peers import LIBRARIES, flag
from benchmarks.drift_power import measure_power, pairs
from benchmarks.machine import describe_machine
from benchmarks.progress import showing
from benchmarks.report import Cell as Shown
from benchmarks.report import Report, Table, publish

TEXT_SIZES = (100, 200)
Cells = Mapping[tuple[str, str], Cell]


def measure_drift(
    *,
    draws: Annotated[int, typer.Option(min=10, help="Of each kind of null data and size.")] = 1_000,
    text_draws: Annotated[int, typer.Option(min=1, help="Of these with the text classifier.")] = 300,
    peer_draws: Annotated[int, typer.Option(min=0, help="For other libraries; 0 leaves them out.")] = 100,
    spans: Annotated[int, typer.Option(min=0, help="To check the cost over; 0 leaves it out.")] = 1_000_000,
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """False alarms, power and cost of verdicts on drift, other libraries' defaults beside them.

    Other libraries are installed into environments of their own, once.

    $ python -m benchmarks drift

    $ python -m benchmarks drift --draws 100 --text-draws 20 --peer-draws 0 --spans 0
    """
    cells = load_cells()
    with options.working_folder(folder) as work:
        machine = describe_machine(work)
        tables = [
            build_null_table(cells, draws),
            build_text_table(cells, text_draws),
            build_power_table(cells, text_draws),
        ]
        tables += [build_peer_table(cells, peer_draws, work)] if peer_draws else []
        tables += [build_cost_table(spans, work)] if spans else []
    publish(Report(machine, tables), is_markdown=markdown, out=out)


def build_null_table(cells: Cells, draws: int) -> Table:
    """False alarms and *cannot tell* by kind of null data and size."""
    rows: list[Sequence[Shown]] = []
    with showing("Null data") as report:
        kinds = list(scenarios(cells))
        for place, (name, draw) in enumerate(kinds, 1):
            rates = [measure_rates(draw, size, draws) for size in SIZES]
            rows.append([name, *(_render(rate.false_alarms, rate.unknown) for rate in rates)])
            report(place / len(kinds))
    columns = ("false alarms (cannot tell) at n a side", *(f"{size:,}" for size in SIZES))
    return Table(f"Nothing changed: {draws:,} draws each", columns, rows)


def build_text_table(cells: Cells, draws: int) -> Table:
    """The same with the texts."""
    rates = [measure_rates(resampled(cells), size, draws, with_text=True) for size in TEXT_SIZES]
    row = ["one model and task, resampled", *(_render(rate.false_alarms, rate.unknown) for rate in rates)]
    columns = ("false alarms (cannot tell) at n a side", *(f"{size:,}" for size in TEXT_SIZES))
    return Table(f"Nothing changed, texts compared too: {draws:,} draws each", columns, [row])


def build_power_table(cells: Cells, draws: int) -> Table:
    """How often March against June is flagged."""
    rows: list[Sequence[Shown]] = []
    for name, units, before, after in pairs(cells):
        power = measure_power(before, after, units, draws)
        reasons = ", ".join(f"{reason} {share:.2f}" for reason, share in power.reasons.items())
        rows.append([name, units, f"{power.flagged:.3f}", reasons])
    return Table(f"March → June 2023: {draws:,} draws each", ("pair", "n a side", "flagged", "by"), rows)


def build_peer_table(cells: Cells, draws: int, work: Path) -> Table:
    """What others' defaults flag where nothing changed, of the same draws as ours."""
    names = list(next(iter(cells.values())).features)
    rows: list[Sequence[Shown]] = []
    for size in SIZES:
        chance = np.random.default_rng(size)
        drawn = [resampled(cells)(chance, size) for _ in range(draws)]
        ours = measure_rates(resampled(cells), size, draws, seed=0)
        flags = [flag(library, drawn, names, work) for library in LIBRARIES]
        shown = ["-" if share is None else f"{share:.1%}" for share in flags]
        rows.append([f"{size:,}", f"{ours.false_alarms:.1%}", *shown])
    title = f"Nothing changed, any of {len(names)} features flagged by default: {draws:,} draws each"
    return Table(title, ("n a side", "Watchkeeper", *LIBRARIES), rows)


def build_cost_table(spans: int, work: Path) -> Table:
    """What a full check takes."""
    cost = measure_cost(work, spans)
    row: list[Shown] = [
        f"{cost.spans:,}",
        cost.calls,
        cost.slices,
        f"{cost.cpu_s:.1f}",
        f"{cost.wall_s:.1f}",
        round(cost.memory_mb),
    ]
    columns = ("spans", "calls in the window", "slices", "CPU s", "wall s", "memory, MB more")
    return Table("A full check of one window", columns, [row])


def _render(false_alarms: float, unknown: float) -> str:
    return f"{false_alarms:.1%} ({unknown:.0%})"
