"""Small requests that would take gigabytes are refused in little time and memory.

They are sent to a collector in a process of its own, whose CPU time and memory are read from outside.
"""

import gzip
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import psutil
import pytest
from watchkeeper_collector.otlp.signals import SIGNALS

from tests.otlp.doors import KEY
from tests.otlp.requests import field_bytes, make_span, trace_request

MIB = 1 << 20
ROOT = Path(__file__).parents[2]
SERVER = """
import sys
from tests.otlp.doors import running_doors
with running_doors() as doors:
    print(doors.http, doors.grpc, flush=True)
    sys.stdin.read()
"""


@dataclass
class Collector:
    """A collector in another process."""

    http: str
    grpc: str
    process: psutil.Process

    def cpu_s(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def peak_bytes(self) -> int:
        """The most memory since ``forget_peak``."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def post(self, body: bytes, signal: str, content_type: str) -> int:
        headers = {"content-type": content_type, "content-encoding": "gzip", "x-api-key": KEY}
        return httpx.post(f"{self.http}/v1/{signal}", content=body, headers=headers, timeout=60).status_code

    def call(self, body: bytes, signal: str) -> grpc.StatusCode:
        with grpc.insecure_channel(self.grpc) as channel, pytest.raises(grpc.RpcError) as refusal:
            channel.unary_unary(SIGNALS[signal].method)(body, metadata=(("x-api-key", KEY),), timeout=60)
        code: grpc.StatusCode = refusal.value.code()
        return code


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        http, grpc_address = process.stdout.readline().split()
        collector = Collector(http, grpc_address, psutil.Process(process.pid))
        usual = gzip.compress(trace_request(make_span()).SerializeToString())
        assert collector.post(usual, "traces", "application/x-protobuf") == 200
        yield collector
        process.stdin.close()


def wrapped(payload: bytes, *numbers: int) -> bytes:
    for number in reversed(numbers):
        payload = field_bytes(number, payload)
    return payload


REFUSED = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED)
BOMBS = {
    "resource-groups": ("traces", lambda: b"\x0a\x00" * (32 * MIB)),
    "spans": ("traces", lambda: wrapped(b"\x12\x00" * (32 * MIB - 10), 1, 2)),
    "attributes": ("traces", lambda: wrapped(b"\x4a\x00" * (32 * MIB - 20), 1, 2, 2)),
    "array": ("logs", lambda: wrapped(b"\x0a\x00" * (32 * MIB - 30), 1, 2, 2, 5, 5)),
    "packed-numbers": ("metrics", lambda: wrapped(bytes(64 * MIB - 60), 1, 2, 2, 10, 1, 8, 2)),
    "unknown-fields": ("traces", lambda: b"\xf8\x7f\x7f" * (21 * MIB)),
    "zeros": ("traces", lambda: bytes(64 * MIB)),
    "beyond-the-limit": ("traces", lambda: bytes(512 * MIB)),
}


@pytest.mark.parametrize("transport", ["http", "grpc"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_half_a_second_and_a_hundred_mebibytes(
    collector: Collector, bomb: str, transport: str
) -> None:
    signal, build = BOMBS[bomb]
    body = gzip.compress(build(), 9)

    def send() -> None:
        if transport == "http":
            assert collector.post(body, signal, "application/x-protobuf") in (400, 413)
        else:
            assert collector.call(body, signal) in REFUSED

    check_cost(collector, send)


@pytest.mark.parametrize("piece", [b"{},", b"[],", b"0,", b'"",', b'{"a":', b"["])
def test_a_bomb_in_json_is_refused_likewise(collector: Collector, piece: bytes) -> None:
    body = gzip.compress(b'{"resourceSpans":[' + piece * (63 * MIB // len(piece)), 9)

    def send() -> None:
        assert collector.post(body, "traces", "application/json") in (400, 413)

    check_cost(collector, send)


def check_cost(collector: Collector, send: Callable[[], None]) -> None:
    """The best of three counts: other programs on the machine cost time too."""
    cpu_s, memory = [], []
    for _ in range(3):
        collector.forget_peak()
        before_s, before_bytes = collector.cpu_s(), collector.process.memory_info().rss
        send()
        cpu_s.append(collector.cpu_s() - before_s)
        memory.append(collector.peak_bytes() - before_bytes)
        if cpu_s[-1] < 0.5:
            break
    assert min(cpu_s) < 0.5
    assert max(memory) < 100 * MIB
