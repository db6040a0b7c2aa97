"""``stages``: where the time of a segment goes, from the request to the tables."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.migration import migrate

from benchmarks import options
from benchmarks.clock import middle
from benchmarks.door_stages import time_admission, time_inflating, time_spool
from benchmarks.engine_stages import Stage, Stages
from benchmarks.filling import learn_prices
from benchmarks.machine import calibrate, describe_machine
from benchmarks.payloads import SPANS_PER_REQUEST, Body, Template
from benchmarks.progress import showing
from benchmarks.report import Cell, Report, Table, publish

COLUMNS = ("stage", "wall, µs/span", "CPU, µs/span", "fixed, ms CPU", "CPU without fixed, µs/span")
INFLATING = "inflate (gzip only)"
LONG = 25_000
US, MS = 1e6, 1000


class Found(NamedTuple):
    """Stages of Python, of the engine one by one, and of the engine's insert as a whole."""

    python: list[Stage]
    engine: list[Stage]
    insert: Stage


def measure_stages(
    *,
    requests: Annotated[
        int, typer.Option(min=1, max=100, help="Requests of 512 spans in the segment; five make its 8 MiB.")
    ] = 5,
    repeats: Annotated[int, typer.Option(min=1, max=50)] = 5,
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """Time and CPU of each stage of a segment, on a store of its own: where the limit is.

    Each stage is run by itself, on one thread, over what the one before left in memory. Fixed is what an
    insert costs however few spans it has: to plan the views' queries, for the most part.

    $ python -m benchmarks stages

    $ python -m benchmarks stages --requests 20 --repeats 9 --markdown
    """
    with options.working_folder(folder) as work:
        machine = describe_machine(work)
        bodies = [Template(number).body() for number in range(requests)]
        with showing("Taking a segment apart"):
            found = _measure(bodies, repeats, work)
        calibration_us = calibrate()
    spans = requests * SPANS_PER_REQUEST
    details = {
        "spans": spans,
        "calibration_us": calibration_us,
        "stages": {s.name: asdict(s.whole) for s in (*found.python, *found.engine, found.insert)},
    }
    table = build_stage_table(found, spans)
    publish(Report(machine, [table], [describe_limit(found, spans)], details), is_markdown=markdown, out=out)


def _measure(bodies: Sequence[Body], repeats: int, work: Path) -> Found:
    spooled = [time_spool(bodies, work / f"spool-{number}") for number in range(repeats)]
    *_, tiny = time_spool([Template(0, spans=1).body()], work / "spool-tiny")
    python = [
        Stage(INFLATING, middle([time_inflating(bodies) for _ in range(repeats)])),
        Stage("admit", middle([time_admission(bodies) for _ in range(repeats)])),
        Stage("spool with fsync", middle([appending for appending, _, _ in spooled])),
        Stage("read the segment back", middle([reading for _, reading, _ in spooled])),
    ]
    with closing(Store(f"chdb://{work / 'clickhouse'}")) as store:
        migrate(store)
        learn_prices(store)
        stages = Stages(store, spooled[0][2], tiny, repeats)
        return Found(python, list(stages.run()), stages.insert())


def build_stage_table(found: Found, spans: int) -> Table:
    rows = [_row(stage, spans) for stage in (*found.python, *found.engine, found.insert)]
    return Table(f"Stages of a segment of {spans:,} spans", COLUMNS, rows)


def _row(stage: Stage, spans: int) -> list[Cell]:
    fixed_s = stage.fixed.cpu_s if stage.fixed else None
    return [
        stage.name,
        stage.whole.wall_s / spans * US,
        stage.whole.cpu_s / spans * US,
        None if fixed_s is None else fixed_s * MS,
        max(0.0, stage.whole.cpu_s - (fixed_s or 0.0)) / spans * US,
    ]


def describe_limit(found: Found, spans: int) -> str:
    """By CPU, which other work on the machine does not change as it does the time on the wall.

    Segments of one signal go into the store one after the other, while Python takes the next ones.
    """
    whole_s, fixed_s = found.insert.whole.cpu_s, found.insert.fixed.cpu_s if found.insert.fixed else 0.0
    long_s = fixed_s + (whole_s - fixed_s) * LONG / spans
    python_s = sum(stage.whole.cpu_s for stage in found.python if stage.name != INFLATING)
    return (
        f"By inserts of {spans:,} spans a core brings {spans / whole_s:,.0f} spans a second into the store."
        f" {fixed_s / whole_s:.0%} of that CPU an insert takes however few its spans are; by inserts of"
        f" {LONG:,} it would be {LONG / long_s:,.0f} a second. What Python does for spans allows"
        f" {spans / python_s:,.0f} a second, on another core."
    )
