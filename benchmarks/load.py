"""Puts servers under load: floors until all is acknowledged, the collector until all can be asked for."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.collector import CollectorProcess, measure_sizes
from benchmarks.figures import Figures, Storage, Way
from benchmarks.machine import calibrate
from benchmarks.payloads import Body
from benchmarks.progress import Report, showing
from benchmarks.sending import Sent, send_all
from benchmarks.server_process import BenchmarkError, ServerProcess, free_port
from benchmarks.transports import Connection, GrpcConnection, HttpConnection, Transport
from benchmarks.usage import Sampler, read_thread_cpu

IDLE_S = 2.0
STUCK_S = 60.0
POLL_EVERY_S = 0.1
TAKEN_ITEMS = "watchkeeper_spool_drained_items_total"
TAKEN_SEGMENTS = "watchkeeper_spool_drained_segments_total"

Connect = Callable[[], Connection]
Await = Callable[[Sent, float], Storage | None]
"""What was sent, and when the first request was → what became of it."""


def load_floor(floor: str, bodies: Iterable[Body], spans: int, way: Way, folder: Path) -> Figures:
    """Send everything to an application that stores nothing. It speaks HTTP only."""
    port = free_port()
    arguments = ["-m", "benchmarks.floors", floor, str(port)]
    with ServerProcess(arguments, port, folder / f"{floor}.log") as server:
        server.until_answering("/healthz")
        load = _Load(server, lambda: HttpConnection(port, is_gzip=way.is_gzip), way, lambda *_: None)
        return load.run(f"floor: {floor}", bodies, spans)


def load_collector(bodies: Iterable[Body], spans: int, way: Way, folder: Path) -> Figures:
    """Send everything to a collector on an empty folder, wait for it in the store, and look at its size."""
    with CollectorProcess(folder) as collector:
        figures = load_into(collector, bodies, spans, way)
        with showing("Waiting for merges"):
            collector.until_merged()
    return replace(figures, sizes=measure_sizes(folder))


def load_into(collector: CollectorProcess, bodies: Iterable[Body], spans: int, way: Way) -> Figures:
    """Send everything to a collector without spans that was just started."""
    collector.until_ready()
    time.sleep(IDLE_S)
    used_s = read_thread_cpu(collector.pid)
    load = _Load(collector, _connect(collector, way), way, lambda *of: await_storage(collector, used_s, *of))
    return load.run(f"collector, {way.render()}", bodies, spans)


def await_storage(
    collector: CollectorProcess, used_s: Mapping[str, float], sent: Sent, began_s: float
) -> Storage:
    """Wait until the store has taken everything, or takes nothing for a while, and ask it.

    ``used_s`` is what the collector's threads used before.
    """
    taken, since_s = 0, time.monotonic()
    with showing("Waiting for the store") as report:
        while taken < sent.spans and time.monotonic() - since_s < STUCK_S:
            if (count := collector.metric(TAKEN_ITEMS)) != taken:
                taken, since_s = count, time.monotonic()
                report(taken / sent.spans)
            if taken < sent.spans:
                time.sleep(POLL_EVERY_S)
    stored, different = collector.count_copies()
    queryable_s = time.monotonic() - began_s
    used_now_s = read_thread_cpu(collector.pid)
    return Storage(
        queryable_s,
        lost=sent.spans - different,
        doubled=stored - different,
        segments=max(1, collector.metric(TAKEN_SEGMENTS)),
        thread_cpu_s={name: cpu_s - used_s.get(name, 0.0) for name, cpu_s in used_now_s.items()},
    )


class _Load:
    """One round on a server that is ready. The memory is watched until ``until_stored`` returns."""

    def __init__(self, server: ServerProcess, connect: Connect, way: Way, until_stored: Await) -> None:
        self._server = server
        self._connect = connect
        self._way = way
        self._until_stored = until_stored

    def run(self, name: str, bodies: Iterable[Body], spans: int) -> Figures:
        calibration_us = calibrate()
        before, began_s = self._server.usage(), time.monotonic()
        with Sampler(self._server.pid) as sampler:
            with showing(f"Sending to {name}") as report:
                sent = self._send(bodies, spans, report)
            storage = self._until_stored(sent, began_s)
        after = self._server.usage()
        return Figures(
            name,
            sent,
            before,
            after,
            tuple(sampler.samples),
            (calibration_us + calibrate()) // 2,
            storage,
        )

    def _send(self, bodies: Iterable[Body], spans: int, report: Report) -> Sent:
        acknowledged = 0

        def count(more: int) -> None:
            nonlocal acknowledged
            acknowledged += more
            report(acknowledged / spans)

        way = self._way
        sent = send_all(
            self._connect, iter(bodies), connections=way.connections, seconds=way.seconds, report=count
        )
        if not sent.spans:
            raise BenchmarkError(f"Nothing was acknowledged; the answers were {sent.outcomes}.")
        return sent


def _connect(collector: CollectorProcess, way: Way) -> Connect:
    if way.transport is Transport.GRPC:
        return lambda: GrpcConnection(collector.grpc_port, is_gzip=way.is_gzip)
    return lambda: HttpConnection(collector.port, is_gzip=way.is_gzip)
