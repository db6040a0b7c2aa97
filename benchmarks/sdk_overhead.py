"""What the SDK adds to one call of the real OpenAI client, beside a span written by hand and the peers.

python -m benchmarks.sdk_overhead [--rounds 5] [--calls 300] [--only watchkeeper] [--no-peers] [--json FILE]

Every variant runs in a process of its own, in an environment of its own (made on the first run, in
``.venv/peers``), which measures itself before and after the variant is switched on; rounds of the variants
alternate, and medians are shown. CPU time is divided by that of a fixed piece of work done beside each call,
because a shared machine's cores change their speed.

``nothing`` switches nothing on: its row is the noise of the method. ``by hand`` is the floor of anything
that is built on OpenTelemetry: one span with both messages as JSON, a batch processor, the OTLP exporter.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import process_time_ns, sleep, thread_time_ns
from typing import Any
from urllib.request import urlopen

from benchmarks.sdk_calls import CHUNKS, HEAD, MODES, Calls, streams
from benchmarks.sdk_environments import ROOT, NotInstallableError, environ_of, python_of
from benchmarks.sdk_setup import SetupRound, added_setup, measure_setup
from benchmarks.sdk_variants import FLOOR, OURS, PEERS, VARIANTS, Variant

BARE_CHUNKS = 100_000
CHILD_LIMIT_S = 600


# One process: the client alone, then with the variant.


def run_child(name: str, endpoint: str, calls: int) -> dict[str, Any]:
    variant, client = VARIANTS[name], Calls()
    before = {mode: client.measure(mode, calls) for mode in MODES}
    flush = variant.switch_on(endpoint)
    client.ask(client.client)  # what is imported with the first call counts as set-up
    sleep(3)
    process_ns, thread_ns = process_time_ns(), thread_time_ns()
    after = {mode: client.measure(mode, calls) for mode in MODES}
    own_ns = thread_time_ns() - thread_ns
    flush()
    background_ns = process_time_ns() - process_ns - own_ns
    made = 2 * calls + streams(calls)
    return {
        "versions": {package: find_version(package) for package in ("openai", variant.distribution)},
        "added": {mode: after[mode][0] - before[mode][0] for mode in MODES},
        "client": {mode: before[mode][0] for mode in MODES},
        "unit_us": statistics.median(unit for _, unit in after.values()),
        "background_us": background_ns / made / 1e3,
        "made": made,
    }


def find_version(distribution: str) -> str:
    try:
        return version(distribution)
    except (PackageNotFoundError, ValueError):
        return ""


def measure_bare_chunk_us() -> float:
    """What a chunk costs in our wrapper alone, reader included, from 100,000 of them."""
    from openai.types.chat import ChatCompletionChunk
    from watchkeeper.guard import Guard
    from watchkeeper.providers.openai import chat
    from watchkeeper.streams import Record, observed

    class Silent:
        def complete(self) -> None: ...
        def break_off(self) -> None: ...
        def abandon(self) -> None: ...
        def fail(self, error: BaseException) -> None: ...

    body: dict[str, Any] = {
        **HEAD,
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": "word"}}],
    }
    chunk = ChatCompletionChunk.model_validate(
        {**body, "choices": [{**body["choices"][0], "finish_reason": None}]}
    )

    def drain(stream: Any) -> int:
        started = thread_time_ns()
        for _ in stream:
            pass
        return thread_time_ns() - started

    bare = [drain(chunk for _ in range(BARE_CHUNKS)) for _ in range(3)]
    record = Record(chat.read_chunk, limit_bytes=1 << 20)
    seen = [drain(observed((chunk for _ in range(BARE_CHUNKS)), record, Silent(), Guard())) for _ in range(3)]
    return (min(seen) - min(bare)) / BARE_CHUNKS / 1e3


# All of them.


class Sink(BaseHTTPRequestHandler):
    """Takes anything and throws it away, but counts its bytes."""

    protocol_version = "HTTP/1.1"
    received_bytes = 0

    def do_POST(self) -> None:
        Sink.received_bytes += len(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(b"")

    def do_GET(self) -> None:
        received, Sink.received_bytes = Sink.received_bytes, 0
        self._answer(str(received).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


def serve_sink() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def start_sink() -> tuple[subprocess.Popen[str], str]:
    """In a process of its own, so that its work is nobody's background."""
    command = [sys.executable, "-m", "benchmarks.sdk_overhead", "--sink"]
    sink = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert sink.stdout is not None
    return sink, f"http://127.0.0.1:{sink.stdout.readline().strip()}"


class Comparison:
    """Rounds of all variants, and what became of those that cannot be run."""

    def __init__(self, variants: Sequence[Variant], calls: int) -> None:
        self._calls = calls
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.setups: dict[str, list[SetupRound]] = {}
        self.failed: dict[str, str] = {}
        self._pythons: dict[str, Path] = {}
        for variant in variants:
            try:
                self._pythons[variant.name] = python_of(variant)
            except (NotInstallableError, subprocess.SubprocessError) as error:
                self.failed[variant.name] = str(error)

    def run_round(self, endpoint: str) -> None:
        for name, python in list(self._pythons.items()):
            try:
                self.rows.setdefault(name, []).append(self._run(python, VARIANTS[name], endpoint))
                self.setups.setdefault(name, []).append(measure_setup(python, VARIANTS[name]))
            except subprocess.SubprocessError as error:
                stderr = getattr(error, "stderr", None) or str(error)
                self.failed[name] = str(stderr).strip().splitlines()[-1]
                del self._pythons[name]

    def _run(self, python: Path, variant: Variant, endpoint: str) -> dict[str, Any]:
        command = [str(python), "-m", "benchmarks.sdk_overhead", "--child", variant.name,
                   "--endpoint", endpoint, "--calls", str(self._calls)]  # fmt: skip
        done = subprocess.run(
            command, cwd=ROOT, env=environ_of(variant), capture_output=True, text=True, check=True,
            timeout=CHILD_LIMIT_S,
        )  # fmt: skip
        print(f"{variant.name}: done", file=sys.stderr)
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        with urlopen(endpoint) as answer:
            received_bytes = int(answer.read())
        return {**json.loads(line.removeprefix("RESULT ")), "received_bytes": received_bytes}


def compare(variants: Sequence[Variant], rounds: int, calls: int) -> Comparison:
    comparison = Comparison(variants, calls)
    sink, endpoint = start_sink()
    try:
        for _ in range(rounds):
            comparison.run_round(endpoint)
    finally:
        sink.terminate()
        sink.wait()
    return comparison


def render(comparison: Comparison, bare_chunk_us: float) -> str:
    rows = {name: found for name, found in comparison.rows.items() if found}
    unit = min(row["unit_us"] for found in rows.values() for row in found)
    parts = [
        f"Microseconds of CPU; calibration {unit:.0f} us at best; medians (range of the rounds).\n",
        "| variant | sync call | async call | streamed call | per chunk | background, a call | kB a call |",
        "|---|---|---|---|---|---|---|",
        *(_calls_row(name, found, unit) for name, found in rows.items()),
        f"\n{_client_line(rows, unit)}",
        f"One chunk in the bare wrapper, from {BARE_CHUNKS:,}: {bare_chunk_us:.2f} us.\n",
        "| import and set-up, beyond `import openai` | CPU, ms | memory, MB | modules |\n|---|---|---|---|",
        *(_setup_row(name, found) for name, found in comparison.setups.items() if name in rows),
        *(f"\n{name} could not be measured: {why}" for name, why in comparison.failed.items()),
    ]
    return "\n".join(parts)


def _calls_row(name: str, rows: list[dict[str, Any]], unit: float) -> str:
    cells = [_cell([row["added"][mode] * unit for row in rows]) for mode in MODES]
    per_chunk = statistics.median(row["added"]["stream"] for row in rows) * unit / CHUNKS
    background = _cell([row["background_us"] * unit / row["unit_us"] for row in rows])
    sent_kb = statistics.median(row["received_bytes"] / row["made"] for row in rows) / 1e3
    return f"| {_title(name, rows)} | {' | '.join(cells)} | {per_chunk:.1f} | {background} | {sent_kb:.1f} |"


def _title(name: str, rows: list[dict[str, Any]]) -> str:
    found = rows[0]["versions"].get(VARIANTS[name].distribution)
    return f"{name} {found}" if found and VARIANTS[name] in PEERS else name


def _client_line(rows: dict[str, list[dict[str, Any]]], unit: float) -> str:
    everyone = [row for found in rows.values() for row in found]
    costs = [f"{statistics.median(row['client'][mode] for row in everyone) * unit:,.0f}" for mode in MODES]
    clients = ", ".join(sorted({row["versions"]["openai"] for row in everyone}))
    return f"The client itself (openai {clients}): {', '.join(costs)} us sync, async, streamed."


def _setup_row(name: str, rounds: list[SetupRound]) -> str:
    setup = added_setup(rounds)
    return f"| {name} | {setup.cpu_ms:.0f} | {setup.memory_mb:.1f} | {setup.modules:.0f} |"


def _cell(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ({min(values):.0f}..{max(values):.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--only", action="append", help="variants beside the floor; all without it")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", type=Path, help="also write the raw figures there")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--endpoint", help=argparse.SUPPRESS)
    parser.add_argument("--sink", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sink:
        serve_sink()
    elif given.child:
        print("RESULT " + json.dumps(run_child(given.child, given.endpoint, given.calls)), flush=True)
        os._exit(0)
    else:
        report(given)


def report(given: argparse.Namespace) -> None:
    others = [*OURS, *(() if given.no_peers else PEERS)]
    chosen = [variant for variant in others if not given.only or variant.name in given.only]
    comparison = compare([*FLOOR, *chosen], given.rounds, given.calls)
    bare_chunk_us = measure_bare_chunk_us()
    if given.json:
        given.json.write_text(json.dumps({"calls": comparison.rows, "setups": comparison.setups}))
    print(render(comparison, bare_chunk_us))


if __name__ == "__main__":
    main()
