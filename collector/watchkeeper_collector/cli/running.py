"""``watchkeeper run``."""

from typing import Annotated

import typer

from watchkeeper_collector.cli import run_program
from watchkeeper_collector.cli.manual import render_help


def add_to(program: typer.Typer) -> None:
    program.command(
        "run",
        help=render_help(run.__doc__ or ""),
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )(run)


def run(
    command: Annotated[list[str], typer.Argument(help="The program and its arguments, after `--`.")],
) -> None:
    """Run a program with its calls to language models recorded, without a change to it.

    So are those of the Python programs that it starts. Exit status, signals and arguments are the program's
    own. Settings come from the environment. It needs no server extra, only the SDK beside the program.

    $ watchkeeper run -- python app.py
    $ WATCHKEEPER_SERVICE_NAME=shop watchkeeper run -- gunicorn app:app
    $ python -m watchkeeper.auto app.py
    """
    run_program(command)
