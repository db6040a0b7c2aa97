"""The benchmarks under one name."""

import signal
import sys

import typer
from watchkeeper_collector.cli.manual import add_command, render_help

from benchmarks import (
    alert_pack,
    alert_turns,
    drift,
    gate,
    ingest,
    million,
    pages,
    queries,
    rules,
    settling,
    stages,
    starting,
)
from benchmarks.server_process import BenchmarkError

HELP = """Measure Watchkeeper on this machine, on loopback and in a folder that is removed afterwards.

What the figures mean is in benchmarks/README.md. The machine and its speed at the time are printed beside
them: compare CPU times and ratios before rates, and two runs by their calibration.

$ python -m benchmarks ingest --spans 50000

$ make bench ARGS="start --rounds 3 --markdown"
"""


def build_program() -> typer.Typer:
    program = typer.Typer(
        name="benchmarks",
        help=render_help(HELP),
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    add_command(program, "ingest", ingest.measure_ingest)
    add_command(program, "million", million.measure_million)
    add_command(program, "start", starting.measure_starts)
    add_command(program, "queries", queries.measure_queries)
    add_command(program, "pages", pages.measure_pages)
    add_command(program, "drift", drift.measure_drift)
    add_command(program, "gate", gate.measure_gate)
    add_command(program, "rules", rules.measure_rules)
    add_command(program, "alerts", alert_turns.measure_alert_turns)
    add_command(program, "alert_pack", alert_pack.measure_alert_pack)
    add_command(program, "settle", settling.measure_settling)
    add_command(program, "stages", stages.measure_stages)
    return program


def main() -> None:
    """Run the program of ``sys.argv``. SIGTERM ends it as Ctrl-C does, with all that it started."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        build_program()(prog_name="python -m benchmarks")
    except BenchmarkError as error:
        sys.exit(str(error))
