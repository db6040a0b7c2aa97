"""The commands under one name, and what becomes of their failures."""

import sys
import traceback
from typing import Annotated

import typer

from watchkeeper_collector.cli import (
    audit,
    backup,
    dashboard,
    dead_letters,
    doctor,
    drift,
    erase,
    export,
    gate,
    keys,
    migrate,
    prices,
    projects,
    query,
    receivers,
    redaction,
    restore,
    retention,
    rules,
    running,
    server,
    tail,
    version,
)
from watchkeeper_collector.cli.console import clean, say
from watchkeeper_collector.cli.failures import FAILED, CommandFailedError
from watchkeeper_collector.cli.manual import render_help
from watchkeeper_collector.errors import WatchkeeperError

HELP = """Watchkeeper: see what LLM applications do, what it costs and where it fails.

First steps, in two terminals:

$ watchkeeper up --demo
$ watchkeeper tail

Exit codes: 0 done, 1 failed, 2 used wrongly, 130 interrupted.
"""
TRACEBACK = "--traceback"


def build_program() -> typer.Typer:
    """The command line. Groups are noun first: ``keys create``."""
    program = typer.Typer(
        name="watchkeeper",
        help=render_help(HELP),
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(_accept_traceback)
    for part in (
        server,
        dashboard,
        running,
        query,
        tail,
        export,
        drift,
        gate,
        doctor,
        projects,
        keys,
        audit,
        rules,
        receivers,
        prices,
        dead_letters,
        redaction,
        migrate,
        retention,
        erase,
        backup,
        restore,
        version,
    ):
        part.add_to(program)
    return program


def run() -> int:
    """Run the command of ``sys.argv`` and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        build_program()(prog_name="watchkeeper")
    except CommandFailedError as error:
        return _fail(error.message, error.exit_code)
    except WatchkeeperError as error:
        return _fail(error.message, FAILED)
    except ModuleNotFoundError:
        raise  # an extra that is not installed: `main` says which
    except Exception as error:  # noqa: BLE001 - a fault of ours, which nobody shall read as a traceback
        if TRACEBACK in sys.argv:
            traceback.print_exc()
        return _fail(
            f"Unexpected {type(error).__name__}: {error}\nThis is a fault of Watchkeeper's:"
            f" please report what `watchkeeper {TRACEBACK} …` says.",
            FAILED,
        )
    return 0


def _accept_traceback(
    *,
    show_traceback: Annotated[
        bool, typer.Option(TRACEBACK, help="Show where an unexpected error comes from, for a report.")
    ] = False,
) -> None:
    """``run`` looks for the option itself: it also works where reading the options fails."""
    del show_traceback


def _fail(message: str, exit_code: int) -> int:
    for number, line in enumerate(message.splitlines()):
        indent = line[: len(line) - len(line.lstrip(" "))]
        say(f"{indent}{'' if number else 'Error: '}{clean(line)}")
    return exit_code
