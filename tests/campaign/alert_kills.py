"""One round of the campaign on alerts: an incident, a receiver, and a process that is killed on the way."""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from watchkeeper_collector.state.alert_documents import read_record, render_record
from watchkeeper_collector.state.alert_records import Notice

from tests.alert_machine.incident import Incident
from tests.collector import ROOT

LONGEST_LIFE_S = 0.6
END_TIMEOUT_S = 240.0


@dataclass
class Outcome:
    """``wrong`` is empty if all is well. ``repetitions``: deliveries of a line that was delivered before."""

    kills: int = 0
    pages: int = 0
    repetitions: int = 0
    wrong: list[str] = field(default_factory=list)


class Receiver:
    """Takes what it is sent, in the order in which it comes."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[int, Notice]] = []
        self.port = 0

    @contextmanager
    def listening(self) -> Iterator["Receiver"]:
        deliveries = self.deliveries

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                deliveries.append((body["id"], read_record(Notice, body["notice"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def run_round(folder: Path, *, kills: int, seed: int, ticks: int = 100) -> Outcome:
    """Kill so often at any point, starts included, then let it end, and compare with nobody being killed."""
    folder.mkdir(parents=True)
    chance, incident, outcome = random.Random(seed), Incident(seed, ticks), Outcome()
    with Receiver().listening() as receiver:
        url = f"sqlite:///{folder}/state.db"
        command = [
            sys.executable,
            "-m",
            "tests.alert_machine",
            url,
            str(seed),
            str(ticks),
            str(receiver.port),
        ]
        for _ in range(kills):
            outcome.kills += _live(command, chance)
        end = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=END_TIMEOUT_S)
        assert end.returncode == 0, end.stderr.decode()
    compare(receiver.deliveries, incident, outcome)
    return outcome


def _live(command: list[str], chance: random.Random) -> bool:
    """A life of random length, mostly counted from when it is at work; whether it was killed."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    if chance.random() < 0.9:
        process.stdout.readline()
    time.sleep(chance.uniform(0, LONGEST_LIFE_S) ** 2)
    process.kill()
    code = process.wait(60)
    process.stdout.close()
    return code != 0


def compare(deliveries: list[tuple[int, Notice]], incident: Incident, outcome: Outcome) -> None:
    told = incident.told()
    taken = dict(reversed(deliveries))
    first_lines = list(dict(deliveries))
    outcome.repetitions = len(deliveries) - len(taken)
    outcome.pages = len({notice.episode for notice in told if notice.status == "firing"})
    heard = Counter(map(render_record, taken.values()))
    expected = Counter(map(render_record, told))
    if first_lines != sorted(first_lines):
        outcome.wrong.append("lines came in another order than that of the outbox")
    outcome.wrong += [f"lost: {_named(text)}" for text in expected - heard]
    outcome.wrong += [f"never told: {_named(text)}" for text in heard - expected]


def _named(text: str) -> str:
    notice = read_record(Notice, text)
    return f"{notice.status} {notice.labels} at {notice.at}"
