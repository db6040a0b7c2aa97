"""``python -m watchkeeper_dashboard``: the dashboard's server, as ``watchkeeper dashboard`` starts it.

It takes its settings as JSON on the first line of its input, and ends when its input does: whoever started it
is gone then.
"""

import json
import os
import signal
import sys
import threading
from typing import TextIO

from watchkeeper_dashboard.settings import build_settings

LONGEST_END_S = 5.0


def main(commands: TextIO) -> None:
    settings = build_settings(json.loads(commands.readline()))
    from watchkeeper_dashboard.serving import serve  # noqa: PLC0415 - slow, and the input is known by then

    threading.Thread(target=_end_with, args=(commands,), name="parent", daemon=True).start()
    serve(settings)


def _end_with(commands: TextIO) -> None:
    """Wait for the end of the input, and end the process: softly, then for sure."""
    commands.read()
    os.kill(os.getpid(), signal.SIGTERM)
    timer = threading.Timer(LONGEST_END_S, os._exit, (0,))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main(sys.stdin)
