"""The demo's applications: processes of their own, as the ones that users instrument."""

import os
import subprocess
import sys
from importlib.util import find_spec

from watchkeeper_collector.cli.console import say

CLIENTS = ("openai", "anthropic")
SERVICES = ("shop-assistant", "order-support")
LONGEST_STOP_S = 5.0


class LiveServices:
    """The shop's services. Each ends with its standard input, so also when this process is killed."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, url: str) -> bool:
        """Start them for a collector. Returns False, and says why, where their clients are not installed."""
        if missing := [name for name in CLIENTS if find_spec(name) is None]:
            say(f"No live traffic: it needs {' and '.join(missing)}, which 'watchkeeper[demo]' installs.")
            return False
        self._processes = [_start(service, url) for service in SERVICES]
        return True

    def stop(self) -> None:
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.close()
        for process in self._processes:
            try:
                process.wait(LONGEST_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(service: str, url: str) -> "subprocess.Popen[bytes]":
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("WATCHKEEPER_", "OTEL_"))}
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "watchkeeper_collector.demo.live", service, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=clean,
        start_new_session=True,  # Ctrl-C is for the collector, which ends them
    )
