"""What encryption at rest costs: CPU for each span, in the spool and in the engine.

``python -m benchmarks.encryption [--rounds N]`` runs the engine with and without keys, each in a process of
its own and in turn, over the same segments of calls of about 3 kB.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from watchkeeper_collector.sealing import open_sealed, read_keys
from watchkeeper_collector.spool.record import encode_head, encode_sender
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.layout import Layout
from watchkeeper_collector.store.migration import migrate
from watchkeeper_collector.store.sink import StoreSink

from benchmarks.payloads import Body, Template

KEYS = "1:" + "5c" * 32
REQUESTS = 10
WARM_UP = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=["plain", "sealed"])
    options = parser.parse_args()
    if options.engine:
        print(time_engine("" if options.engine == "plain" else f"?encryption_keys={KEYS}"))
        return
    seal_us, open_us, size = time_spool()
    print(f"spool: seal {seal_us:.2f} us, open {open_us:.2f} us of CPU a span of {size:,} bytes")
    for number in range(options.rounds):
        plain, sealed = (run(engine) for engine in ("plain", "sealed"))
        share = 100 * (sealed / plain - 1)
        print(f"engine, round {number + 1}: {plain:.1f} us plain, {sealed:.1f} us sealed ({share:+.1f} %)")


def build() -> list[Body]:
    return [Template(seed).body() for seed in range(REQUESTS)]


def run(engine: str) -> float:
    command = [sys.executable, "-m", "benchmarks.encryption", "--engine", engine]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def time_spool() -> tuple[float, float, int]:
    """Microseconds of CPU to seal and to open, for each span, and a span's bytes."""
    chain = read_keys(KEYS, "The benchmark")
    bodies = build()
    spans, size = sum(body.spans for body in bodies), sum(len(body.data) for body in bodies)
    began_s = time.process_time()
    sealed = [chain.seal(body.data, b"") for body in bodies]
    sealed_s = time.process_time()
    for data in sealed:
        open_sealed(chain, data, b"")
    ended_s = time.process_time()
    return 1e6 * (sealed_s - began_s) / spans, 1e6 * (ended_s - sealed_s) / spans, size // spans


def time_engine(parameters: str) -> float:
    """Microseconds of CPU for each span that is stored, of all threads."""
    bodies = build()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"chdb://{Path(folder) / 'clickhouse'}{parameters}")
        migrate(store, Layout())
        sink = StoreSink(store, Layout())
        began_s, spans = 0.0, 0
        for number, body in enumerate(bodies):
            if number == WARM_UP:
                began_s = time.process_time()
            spans += body.spans if number >= WARM_UP else 0
            insert(sink, body, f"segment-{number}")
        used_s = time.process_time() - began_s
        store.close()
    return 1e6 * used_s / spans


def insert(sink: StoreSink, body: Body, segment: str) -> None:
    head = encode_head(encode_sender("default", time.time_ns(), ""), segment, len(body.data))
    sink.insert("traces", segment, head + body.data, segment)


if __name__ == "__main__":
    main()
