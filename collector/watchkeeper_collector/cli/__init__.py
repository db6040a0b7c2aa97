"""The command ``watchkeeper``.

This module loads the standard library alone: a bare ``pip install watchkeeper`` brings the command without
the packages it needs, and it says so in words. ``watchkeeper run`` needs none of them.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

USED_WRONGLY = 2
OURS = ("watchkeeper", "watchkeeper_collector", "watchkeeper_schemas")


def main() -> int:
    """Run the command of ``sys.argv`` and return its exit status: 0 done, 1 failed, 2 used wrongly."""
    if sys.argv[1:2] == ["run"] and sys.argv[2:3] != ["--help"]:
        run_program(sys.argv[2:])
    try:
        from watchkeeper_collector.cli.program import run  # noqa: PLC0415 - needs the server extra

        return run()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in OURS:
            raise
        sys.stderr.write(
            f"The command `watchkeeper` needs the server extra (the package '{package}' is missing):\n"
            '  pip install "watchkeeper[server]"\n'
            "Without it, `watchkeeper run -- python app.py` runs a program with its calls recorded.\n"
        )
        return USED_WRONGLY


def run_program(words: Sequence[str]) -> NoReturn:
    """Become the SDK's own command, which becomes the program: the server's packages import nothing of the
    SDK's.
    """
    os.execv(sys.executable, [sys.executable, "-m", "watchkeeper.auto", *words])  # noqa: S606
