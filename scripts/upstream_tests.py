"""Run a client's own test-suite twice, plain and with ``instrument()`` on, and list what differs.

python scripts/upstream_tests.py CHECKOUT [--python PYTHON] [--out DIR] [-- TESTS AND OPTIONS OF PYTEST]

CHECKOUT is a client's repository, or its source distribution unpacked. PYTHON has the client in the version
of the checkout, what its tests need, pytest-xdist and pytest-timeout; this SDK is put on its path. Faults of
the SDK are let through, so that they fail the test. Tests that fail both times (such as those that want a
server) are counted and not listed. Exits with 1 when a test's outcome differs, or when nothing was recorded
at all.

python -m pip download --no-deps --no-binary openai openai==3.57.0 && tar xzf openai-3.57.0.tar.gz
python scripts/upstream_tests.py openai-3.57.0 --python venv/bin/python -- tests/lib tests/test_client.py
"""

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ROOT = Path(__file__).parents[1]
OPTIONS = ("-q", "-p", "no:cacheprovider", "-n0", "--timeout=120")
"""One test after another, whatever the checkout's own options say."""
Outcomes = Mapping[str, str]


class Sink:
    """A collector that counts spans by their names."""

    def __init__(self) -> None:
        self.spans: Counter[str] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.spans))
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"


def _handler(spans: Counter[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                spans.update(names(ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    return Handler


def names(request: ExportTraceServiceRequest) -> list[str]:
    return [
        span.name
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def run_suite(command: Sequence[str], given: argparse.Namespace, report: Path, **more: str) -> Outcomes:
    path = os.pathsep.join((str(ROOT / "instrumentation"), os.environ.get("PYTHONPATH", "")))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **more}
    arguments = [given.python, *command, *OPTIONS, f"--junitxml={report}", *given.tests]
    print(" ".join(arguments), file=sys.stderr)
    log = report.with_suffix(".log")
    with log.open("w") as output:
        subprocess.run(
            arguments, cwd=given.checkout, env=environment, stdout=output, stderr=output, check=False
        )
    if not report.exists():
        sys.exit(f"pytest did not come to its end: see '{log}'.")
    return read_outcomes(report)


def read_outcomes(report: Path) -> Outcomes:
    """``passed``, ``failure``, ``error`` or ``skipped`` by a test's name."""
    tree = ET.parse(report)
    return {
        f"{case.get('classname')}::{case.get('name')}": next((child.tag for child in case if child.tag in
                                                            ("failure", "error", "skipped")), "passed")
        for case in tree.iter("testcase")
    }  # fmt: skip


def differences(plain: Outcomes, instrumented: Outcomes) -> list[str]:
    return [
        f"{name}: {plain.get(name, 'missing')} plain, {instrumented.get(name, 'missing')} instrumented"
        for name in sorted({*plain, *instrumented})
        if plain.get(name) != instrumented.get(name)
    ]


def compare(given: argparse.Namespace, folder: Path) -> int:
    sink = Sink()
    plain = run_suite(["-m", "pytest"], given, folder / "plain.xml")
    instrumented = run_suite(
        ["-m", "watchkeeper.auto", "-m", "pytest"],
        given,
        folder / "instrumented.xml",
        WATCHKEEPER_ENDPOINT=sink.endpoint,
        WATCHKEEPER_CAPTURE="all",
        WATCHKEEPER_STRICT="true",
        WATCHKEEPER_EXPORT_INTERVAL_S="3600",  # at the exit: some tests forbid all connections of the process
        WATCHKEEPER_EXIT_TIMEOUT_S="60",
    )
    found = differences(plain, instrumented)
    print(f"plain: {Counter(plain.values())}\ninstrumented: {Counter(instrumented.values())}")
    print(f"{sink.spans.total()} spans were recorded; {len(found)} tests differ.")
    print("\n".join(found))
    return 1 if found or not sink.spans else 0


def divided(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Ours, and what pytest is given."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:end], arguments[end + 1 :]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--out", type=Path, help="folder for the reports and pytest's output")
    own, tests = divided(sys.argv[1:])
    given = parser.parse_args(own)
    given.tests = tests or ["tests"]
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        return compare(given, given.out.absolute())
    with tempfile.TemporaryDirectory() as folder:
        return compare(given, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
