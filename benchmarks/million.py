"""``million``: a long load, with the memory over time."""

from collections.abc import Sequence
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.figures import Figures, Way
from benchmarks.load import load_collector
from benchmarks.load_table import build_load_table, build_thread_table
from benchmarks.machine import describe_machine
from benchmarks.payloads import Payload, build_bodies
from benchmarks.progress import showing
from benchmarks.report import Cell, Report, Table, publish
from benchmarks.storage import build_storage_table
from benchmarks.transports import Transport
from benchmarks.usage import Sample

SHARES = 10
MB = 1e6


def measure_million(
    *,
    spans: Annotated[int, typer.Option(min=1, max=20_000_000)] = 1_000_000,
    payload: Annotated[Payload, typer.Option(help="See `ingest`.")] = Payload.FRESH,
    connections: Annotated[int, typer.Option(min=1, max=64)] = 4,
    seconds: Annotated[
        float, typer.Option(min=1, max=7200, help="Sending takes no longer than this.")
    ] = 1800,
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """Whether the memory stays flat over a million spans, and what a span takes on disk.

    Requests get their ids while they are sent, in this process (some 4 µs of CPU a span): there are too many
    to make them before.

    $ python -m benchmarks million

    $ python -m benchmarks million --spans 200000 --markdown
    """
    way = Way(Transport.HTTP, is_gzip=False, connections=connections, seconds=seconds)
    with options.working_folder(folder) as work:
        machine = describe_machine(work)
        with showing("Making requests") as report:
            bodies = build_bodies(payload, spans, report=report)
        figures = load_collector(bodies, spans, way, work / "collector")
    tables = [
        build_load_table(f"A long load: {figures.sent.spans:,} spans", [figures]),
        build_memory_table(figures),
        *build_thread_table([figures]),
        *build_storage_table([figures]),
    ]
    publish(Report(machine, tables, details=figures.details()), is_markdown=markdown, out=out)


def build_memory_table(figures: Figures) -> Table:
    """Memory in tenths of the time from the first request until all spans could be asked for."""
    rows: list[list[Cell]] = [
        [f"{samples[-1].at_s:,.0f} s", _mean_mb(samples), max(s.rss_bytes for s in samples) / MB]
        for samples in split(figures.samples)
    ]
    return Table("Memory over time", ("until", "RSS mean, MB", "RSS peak, MB"), rows)


def split(samples: Sequence[Sample]) -> list[Sequence[Sample]]:
    """Cut into equal shares; there are fewer where there are few samples."""
    size = max(1, -(-len(samples) // SHARES))
    return [samples[start : start + size] for start in range(0, len(samples), size)]


def _mean_mb(samples: Sequence[Sample]) -> float:
    return sum(sample.rss_bytes for sample in samples) / len(samples) / MB
