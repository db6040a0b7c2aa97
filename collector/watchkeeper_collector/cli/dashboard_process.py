"""The dashboard as a process of its own: started, watched, and ended with whoever started it.

Its settings go to it as JSON on its input, which stays open as long as this process lives: when it closes,
for whatever reason, the dashboard ends.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watchkeeper_collector.cli.console import say
from watchkeeper_collector.cli.failures import CommandFailedError
from watchkeeper_collector.errors import ConfigurationError

if TYPE_CHECKING:
    from watchkeeper_collector.settings import Settings

MODULE = "watchkeeper_dashboard"
LONGEST_STOP_S = 8.0
MOST_STARTS = 3
SHORT_LIFE_S = 60.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what it is called from here


@dataclass(frozen=True, slots=True)
class Place:
    """Where the dashboard listens. ``is_trusted``: its viewers may do what this machine may."""

    host: str
    port: int
    is_trusted: bool = True

    @property
    def url(self) -> str:
        host = EVERYWHERE.get(self.host, f"[{self.host}]" if ":" in self.host else self.host)
        return f"http://{host}:{self.port}"


def reach(url: str) -> str:
    """The address of a collector of this machine as a program of this machine reaches it."""
    for everywhere, here in EVERYWHERE.items():
        url = url.replace(f"//{everywhere}:", f"//{here}:").replace(f"//[{everywhere}]:", f"//{here}:")
    return url


def find_port(host: str, port: int) -> int:
    """The port, or a free one for 0. Raises ``ConfigurationError`` where nobody can listen there."""
    from watchkeeper_collector.serving.addresses import bind  # noqa: PLC0415 - slow, for --help

    with closing(bind(host, port, "dashboard_port")) as listener:
        return int(listener.getsockname()[1])


def read_sign_in(settings: "Settings", place: Place) -> Mapping[str, str] | None:
    """What the dashboard needs to sign people in; ``None``: it takes keys alone.

    Raises ``ConfigurationError`` where the secret can't be read.
    """
    if not (settings.oidc_issuer and settings.oidc_client_secret_file):
        return None
    path = settings.oidc_client_secret_file
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The file '{path}' with the client's secret can't be read.") from error
    return {
        "issuer": settings.oidc_issuer,
        "client_id": settings.oidc_client_id,
        "client_secret": secret,
        "address": settings.public_url or place.url,
    }


class DashboardProcess:
    """Starts again what ended by itself, as long as that does not happen time after time."""

    def __init__(
        self, place: Place, collector_url: str, program: str, sign_in: Mapping[str, str] | None = None
    ) -> None:
        self._settings = {
            "collector_url": collector_url,
            "host": place.host,
            "port": place.port,
            "is_trusted": place.is_trusted,
            "sign_in": sign_in,
        }
        self._program = program
        self._is_stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._keep_running, name="dashboard", daemon=True)
        self._failure = ""

    @property
    def is_wanted(self) -> bool:
        """Whether it runs, or is on the way to."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Without waiting for it: it listens a few seconds later."""
        self._process = self._launch()
        self._thread.start()

    def stop(self) -> None:
        self._is_stopping.set()
        if self._process is not None:
            _end(self._process)
        if self._thread.is_alive():
            self._thread.join(LONGEST_STOP_S)

    def check_ended_well(self) -> None:
        """Raise ``CommandFailedError`` if it ended and was not told to."""
        if self._failure:
            raise CommandFailedError(self._failure)

    def _launch(self) -> "subprocess.Popen[str]":
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C in the terminal is for this process, which ends that one
        )
        if process.stdin is not None:
            with suppress(BrokenPipeError):  # it ended at once, and is found so
                process.stdin.write(json.dumps(self._settings) + "\n")
                process.stdin.flush()
        return process

    def _keep_running(self) -> None:
        short_lives = 0
        while self._process is not None and not self._is_stopping.is_set():
            started_s = time.monotonic()
            code = self._process.wait()
            _close_input(self._process)
            if self._is_stopping.is_set():
                return
            short_lives = short_lives + 1 if time.monotonic() - started_s < SHORT_LIFE_S else 0
            if short_lives >= MOST_STARTS:
                self._failure = f"The dashboard ended {short_lives} times in a row, with status {code}."
                say(
                    f"{self._failure} What it said stands above; `{self._program} dashboard` starts it again."
                )
                return
            say(f"The dashboard ended by itself, with status {code}; it is started again.")
            self._process = self._launch()


def _end(process: "subprocess.Popen[str]") -> None:
    _close_input(process)
    process.terminate()
    try:
        process.wait(LONGEST_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _close_input(process: "subprocess.Popen[str]") -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
