"""``ingest``: how fast spans come in and can be asked for, beside the floors, in one run."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import options
from benchmarks.figures import Figures, Way
from benchmarks.floors import FLOORS
from benchmarks.load import load_collector, load_floor
from benchmarks.load_table import build_load_table, build_thread_table
from benchmarks.machine import describe_machine
from benchmarks.payloads import Body, Payload, build_bodies
from benchmarks.progress import showing
from benchmarks.report import Report, publish
from benchmarks.storage import build_storage_table
from benchmarks.transports import Transport

GZIP_LEVEL = 6


def measure_ingest(
    *,
    transport: Annotated[
        Transport, typer.Option(help="The collector's door; floors speak HTTP.")
    ] = Transport.HTTP,
    is_gzip: Annotated[bool, typer.Option("--gzip", help="Send compressed.")] = False,
    payload: Annotated[
        Payload,
        typer.Option(
            help="`repeated`: a few texts; `fresh`: a text of its own for every span, for honest sizes;"
            " `conversation`: agents that resend whole histories."
        ),
    ] = Payload.REPEATED,
    spans: Annotated[
        int, typer.Option(min=1, max=2_000_000, help="Spans in a round, held in memory.")
    ] = 100_000,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="A round sends no longer than this.")] = 120,
    connections: Annotated[int, typer.Option(min=1, max=64)] = 4,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 3,
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """How many spans a second are acknowledged (fsynced) and can be asked for, and what that costs.

    Each round sends the same load to a FastAPI application that drops it, to one that parses and drops it,
    and to the collector; figures are medians of the rounds. Bodies are made, and for HTTP compressed, before
    the clock starts.

    $ python -m benchmarks ingest

    $ python -m benchmarks ingest --transport grpc --gzip --spans 200000 --rounds 5 --markdown

    $ python -m benchmarks ingest --payload conversation --spans 8000 --rounds 1
    """
    way = Way(transport, is_gzip, connections, seconds)
    with options.working_folder(folder) as work:
        machine = describe_machine(work)
        found = [figures for number in range(rounds) for figures in _round(number, payload, spans, way, work)]
        tables = [
            build_load_table(f"Ingest: {payload} text", found),
            *build_thread_table(found),
            *build_storage_table(found),
        ]
        details = {"rounds": [figures.details() for figures in found]}
        publish(Report(machine, tables, details=details), is_markdown=markdown, out=out)


def _round(number: int, payload: Payload, spans: int, way: Way, work: Path) -> Iterator[Figures]:
    with showing(f"Round {number + 1}: making requests") as report:
        made = list(build_bodies(payload, spans, seed=number + 1, report=report))
        total = sum(body.spans for body in made)
        compressed = list(compress(made)) if way.is_gzip else made
    for floor in FLOORS:
        yield load_floor(floor, compressed, total, way, work)
    bodies = made if way.transport is Transport.GRPC else compressed  # a gRPC client compresses by itself
    yield load_collector(bodies, total, way, work / f"collector-{number}")


def compress(bodies: Iterable[Body]) -> Iterator[Body]:
    return (body._replace(data=gzip.compress(body.data, GZIP_LEVEL)) for body in bodies)
