"""Processes that tests of notifications start and kill: the notifier, and Debian's Alertmanager."""

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.notify.services import until
from tests.programs import find_program

ROOT = Path(__file__).parents[2]


class NotifierProcess:
    """``start`` it as often as it is killed; it goes on with the same store."""

    def __init__(self, url: str, folder: Path, configuration: Mapping[str, Any]) -> None:
        self._url = url
        self._folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "configuration.json").write_text(json.dumps(dict(configuration)))
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.notify", self._url, str(self._folder)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


class AlertmanagerProcess:
    """Debian's, on a free port; its configuration is Alertmanager's own."""

    def __init__(self, folder: Path, configuration: Mapping[str, Any]) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(dict(configuration)))
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self._address = f"127.0.0.1:{listener.getsockname()[1]}"
        self.url = f"http://{self._address}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = find_program("prometheus-alertmanager", package="prometheus-alertmanager")
        command = [
            str(program),
            f"--config.file={self._folder / 'alertmanager.yml'}",
            f"--storage.path={self._folder / 'data'}",
            f"--web.listen-address={self._address}",
            "--cluster.listen-address=",
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._is_ready, "Alertmanager's start")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def alerts(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
