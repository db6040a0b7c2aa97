"""Puts servers under load: floors until all is acknowledged, the collector until all can be asked for."""

import time
from collections.abc import Callable, Iterable
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
from benchmarks.usage import Sampler

IDLE_S = 2.0
STUCK_S = 60.0
POLL_EVERY_S = 0.25

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
    load = _Load(collector, _connect(collector, way), way, lambda *of: await_storage(collector, *of))
    return load.run(f"collector, {way.render()}", bodies, spans)


def await_storage(collector: CollectorProcess, sent: Sent, began_s: float) -> Storage:
    """Wait until all acknowledged spans can be asked for, or no more come for a while."""
    found, since_s = 0, time.monotonic()
    with showing("Waiting for the store") as report:
        while found < sent.spans and time.monotonic() - since_s < STUCK_S:
            if (count := collector.count_spans()) != found:
                found, since_s = count, time.monotonic()
                report(found / sent.spans)
            if found < sent.spans:
                time.sleep(POLL_EVERY_S)
    queryable_s = since_s - began_s
    stored, different = collector.count_copies()
    return Storage(queryable_s, lost=sent.spans - different, doubled=stored - different)


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
