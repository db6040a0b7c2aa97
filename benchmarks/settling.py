"""``settle``: what a round of the settling worker costs."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from watchkeeper_collector.settling.settlement import SettleCounts
from watchkeeper_collector.settling.worker import SettlingWorker
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.migration import migrate

from benchmarks import options
from benchmarks.clock import Timing, middle, timed
from benchmarks.filling import fill
from benchmarks.machine import calibrate, describe_machine
from benchmarks.progress import showing
from benchmarks.report import Cell, Report, Table, publish

WINDOW_S = 3600.0
CALLS_PER_TRACE = 7
SWEPT_SPANS = 250_000  # a round of a sweep takes more
REPEATS = 5
ROOTS_LATER = Path(__file__).with_name("late_roots.sql").read_text("utf-8")
COLUMNS = (
    "round",
    "wall, ms",
    "CPU, ms",
    "traces looked at",
    "completed",
    "spans corrected",
    "calibration, µs",
)
MS = 1000

Round = tuple[str, Timing, SettleCounts, int]


def measure_settling(
    *,
    spans: Annotated[int, typer.Option(min=1000, max=10_000_000)] = 1_000_000,
    traces: Annotated[
        list[int] | None,
        typer.Option(
            min=1, max=100_000, help="Traces that need it; may be repeated.", show_default="100, 1000, 10000"
        ),
    ] = None,
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """What a round over a million spans costs that need nothing, and one over traces whose roots came late.

    The store is this process's own: CPU is of the round and of the engine's work for it.

    $ python -m benchmarks settle

    $ python -m benchmarks settle --spans 50000 --traces 100 --traces 1000 --markdown
    """
    with options.working_folder(folder) as work:
        machine = describe_machine(work)
        with closing(Store(f"chdb://{work / 'clickhouse'}")) as store:
            _prepare(store, spans)
            with showing("Settling"):
                found = list(_run(SettlingWorker(store), store, spans, traces or [100, 1000, 10_000]))
    table = Table(f"Settling, {spans:,} spans of an hour in the store", COLUMNS, [_row(one) for one in found])
    details = {name: asdict(timing) | asdict(counts) for name, timing, counts, _ in found}
    publish(Report(machine, [table], details=details), is_markdown=markdown, out=out)


def _prepare(store: Store, spans: int) -> None:
    made = 0
    migrate(store)
    with showing(f"Making up {spans:,} spans") as report:

        def count(more: int) -> None:
            nonlocal made
            made += more
            report(made / spans)

        fill(store, spans, WINDOW_S, count)


def _run(worker: SettlingWorker, store: Store, spans: int, traces: Sequence[int]) -> Iterator[Round]:
    """The first rounds sweep over everything of the last day; then there is nothing left but what is new."""
    yield _settle("the first of a sweep", worker)
    for _ in range(spans // SWEPT_SPANS + 1):
        worker.run_round()
    yield _settle("nothing is new", worker, repeats=REPEATS)
    yield _settle(f"{spans:,} spans that need nothing", worker, repeats=REPEATS, looks_back=True)
    for number, count in enumerate(traces):
        _send_late_roots(store, number, count)
        yield _settle(f"{count:,} traces whose roots came late", worker)


def _settle(name: str, worker: SettlingWorker, *, repeats: int = 1, looks_back: bool = False) -> Round:
    """The medians of some rounds; ``looks_back`` has each look at all spans as if they were new."""
    calibration_us, timings, counts = calibrate(), [], SettleCounts()
    for _ in range(repeats):
        if looks_back:
            worker.look_back_to(time.time_ns() - int(2 * WINDOW_S * 1e9))
        with timed() as timing:
            counts = worker.run_round()
        timings.append(timing)
    return name, middle(timings), counts, calibration_us


def _send_late_roots(store: Store, number: int, traces: int) -> None:
    for are_roots, count in ((False, traces * CALLS_PER_TRACE), (True, traces)):
        store.command(
            ROOTS_LATER,
            {"round": number, "count": count, "are_roots": are_roots, "calls_per_trace": CALLS_PER_TRACE},
        )


def _row(found: Round) -> list[Cell]:
    name, timing, counts, calibration_us = found
    return [
        name,
        timing.wall_s * MS,
        timing.cpu_s * MS,
        counts.looked_at,
        counts.completed,
        counts.corrected,
        calibration_us,
    ]
