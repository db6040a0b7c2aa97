"""``start``: from the command until the collector takes telemetry and answers, and its memory at rest."""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, NamedTuple

import typer

from benchmarks import options
from benchmarks.collector import CollectorProcess
from benchmarks.figures import Way
from benchmarks.load import load_into
from benchmarks.machine import calibrate, describe_machine
from benchmarks.payloads import Payload, build_bodies
from benchmarks.progress import showing
from benchmarks.report import Cell, Report, Table, publish
from benchmarks.transports import Transport

MB = 1e6
FILL_SECONDS = 600
COLUMNS = (
    "data folder",
    "start to healthy, s",
    "start to ready, s",
    "CPU until ready, s",
    "RSS when ready, MB",
    "RSS at rest, MB",
    "calibration, µs",
)


class Start(NamedTuple):
    """One start. Times count from the command."""

    healthy_s: float
    ready_s: float
    cpu_s: float
    ready_rss_bytes: int
    idle_rss_bytes: int
    calibration_us: int


def measure_starts(
    *,
    rounds: Annotated[int, typer.Option(min=1, max=50)] = 5,
    spans: Annotated[int, typer.Option(min=512, max=5_000_000, help="Spans in the filled folder.")] = 100_000,
    idle: Annotated[float, typer.Option(min=1, max=120, help="Seconds at rest.")] = 10,
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """How long a start takes, on an empty folder and on a filled one, and what the collector takes at rest.

    Healthy means that telemetry is taken, ready that it can be asked for.

    $ python -m benchmarks start

    $ python -m benchmarks start --rounds 3 --spans 10000 --markdown
    """
    with options.working_folder(folder) as work:
        machine = describe_machine(work)
        empty = _measure("empty folders", [work / f"empty-{number}" for number in range(rounds)], idle)
        fill(work / "filled", spans)
        filled = _measure("a filled folder", [work / "filled"] * rounds, idle)
    rows = [_row("empty", empty), _row(f"{spans:,} spans", filled)]
    details = {"empty": [s._asdict() for s in empty], "filled": [s._asdict() for s in filled]}
    table = Table("Start and rest", COLUMNS, rows)
    publish(Report(machine, [table], details=details), is_markdown=markdown, out=out)


def measure_start(data: Path, idle_s: float) -> Start:
    calibration_us = calibrate()
    with CollectorProcess(data) as collector:
        healthy_s = collector.until_answering("/healthz")
        ready_s = collector.until_ready()
        ready = collector.usage()
        time.sleep(idle_s)
        idle = collector.usage()
    return Start(healthy_s, ready_s, ready.cpu_s, ready.rss_bytes, idle.rss_bytes, calibration_us)


def fill(data: Path, spans: int) -> None:
    """Send spans to a collector on the folder, until all can be asked for."""
    with showing("Making requests") as report:
        bodies = build_bodies(Payload.REPEATED, spans, report=report)
    with CollectorProcess(data) as collector:
        load_into(collector, bodies, spans, Way(Transport.HTTP, False, 4, FILL_SECONDS))


def _measure(what: str, folders: Sequence[Path], idle_s: float) -> list[Start]:
    starts = []
    with showing(f"Starting on {what}") as report:
        for number, data in enumerate(folders):
            starts.append(measure_start(data, idle_s))
            report((number + 1) / len(folders))
    return starts


def _row(name: str, starts: Sequence[Start]) -> list[Cell]:
    return [
        name,
        median(s.healthy_s for s in starts),
        median(s.ready_s for s in starts),
        median(s.cpu_s for s in starts),
        median(s.ready_rss_bytes for s in starts) / MB,
        median(s.idle_rss_bytes for s in starts) / MB,
        median(s.calibration_us for s in starts),
    ]
