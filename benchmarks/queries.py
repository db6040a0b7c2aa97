"""``queries``: how long the API takes to answer over many spans."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Annotated, NamedTuple

import typer

from benchmarks import options
from benchmarks.collector import CollectorProcess, fill_folder
from benchmarks.load_table import quantile
from benchmarks.machine import calibrate, describe_machine
from benchmarks.progress import Report as Progress
from benchmarks.progress import showing
from benchmarks.questions import Question, build_questions
from benchmarks.report import Cell, Report, Table, publish

DAYS = 29  # content is kept for 30
COLUMNS = ("question", "first, ms", "median, ms", "p95, ms", "CPU, ms", "repeats", "answer, kB")
A_TRACE = (
    "SELECT TraceId FROM spans WHERE Timestamp < now() - INTERVAL {days} DAY ORDER BY Timestamp DESC LIMIT 1"
)
MS = 1000
ROLLED_SHARE = 0.99
"""The hour that is not over is not rolled up."""


class Answered(NamedTuple):
    """Times in milliseconds, the first one apart: then nothing of it was in memory.

    ``cpu_ms`` is the collector's, of one of the others; its workers' is in it.
    """

    question: Question
    first_ms: float
    again_ms: list[float]
    cpu_ms: float
    answer_bytes: int


def measure_queries(
    *,
    spans: Annotated[int, typer.Option(min=1000, max=20_000_000)] = 1_000_000,
    repeats: Annotated[int, typer.Option(min=2, max=200)] = 20,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="A question is repeated no longer.")] = 30,
    data: Annotated[
        Path | None,
        typer.Option(
            help="A data folder that is filled already, with so many SPANS; it stays.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    folder: options.Folder = None,
    markdown: options.Markdown = False,
    out: options.Out = None,
) -> None:
    """Median and p95 of what people and dashboards ask, one question at a time over one connection.

    The spans, of the last 29 days, are made up by the engine: that takes about a minute a million.

    $ python -m benchmarks queries

    $ python -m benchmarks queries --spans 100000 --repeats 5 --markdown
    """
    with options.working_folder(folder) as work:
        machine = describe_machine(work)
        if data is None:
            fill_folder(work / "filled", spans, hours=24 * DAYS)
        with CollectorProcess(data or work / "filled") as collector, showing("Asking") as report:
            collector.until_ready()
            collector.until_merged()
            collector.until_rolled_up(ROLLED_SHARE * spans)
            found = list(ask_all(collector, repeats, seconds, report))
    rows = [_row(answered) for answered in found]
    details = {"answers": [answered._asdict() for answered in found], "calibration_us": calibrate()}
    table = Table(f"Queries over {spans:,} spans of {DAYS} days", COLUMNS, rows)
    publish(Report(machine, [table], details=details), is_markdown=markdown, out=out)


def ask_all(
    collector: CollectorProcess, repeats: int, seconds: float, report: Progress
) -> Iterator[Answered]:
    trace_id = collector.sql(A_TRACE.replace("{days}", str(DAYS // 2)))[0][0]
    questions = build_questions(DAYS)
    for number, question in enumerate(questions):
        path = question.path.replace("{trace}", trace_id)
        yield ask(collector, question._replace(path=path), repeats, seconds)
        report((number + 1) / len(questions))


def ask(collector: CollectorProcess, question: Question, repeats: int, seconds: float) -> Answered:
    """Once, and then until the repeats or the seconds are over, whichever comes first."""
    ends_at_s = time.monotonic() + seconds
    first_ms, size = _time(collector, question)
    began_s = collector.usage().cpu_s
    again_ms = [_time(collector, question)[0]]
    while len(again_ms) < repeats and time.monotonic() < ends_at_s:
        again_ms.append(_time(collector, question)[0])
    cpu_ms = (collector.usage().cpu_s - began_s) * MS / len(again_ms)
    return Answered(question, first_ms, again_ms, cpu_ms, size)


def _time(collector: CollectorProcess, question: Question) -> tuple[float, int]:
    began_s = time.perf_counter()
    answer = collector.fetch(question.path, question.parameters)
    return (time.perf_counter() - began_s) * MS, len(answer)


def _row(answered: Answered) -> list[Cell]:
    again_ms = answered.again_ms
    return [
        answered.question.name,
        answered.first_ms,
        median(again_ms),
        quantile(again_ms, 0.95),
        answered.cpu_ms,
        len(again_ms),
        answered.answer_bytes / 1000,
    ]
