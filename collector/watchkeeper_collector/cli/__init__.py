"""The command ``watchkeeper``.

This module loads the standard library alone: a bare ``pip install watchkeeper`` brings the command without
the packages it needs, and it says so in words.
"""

import sys

USED_WRONGLY = 2
OURS = ("watchkeeper", "watchkeeper_collector", "watchkeeper_schemas")


def main() -> int:
    """Run the command of ``sys.argv`` and return its exit status: 0 done, 1 failed, 2 used wrongly."""
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
        )
        return USED_WRONGLY
