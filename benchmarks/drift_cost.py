"""What a full check costs: all slices of the newest hour against the hours before, with texts and events."""

import resource
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from watchkeeper_collector.drift.duty import check_due
from watchkeeper_collector.drift.survey import find_due
from watchkeeper_collector.query.limits import Limits
from watchkeeper_collector.query.source import Source
from watchkeeper_collector.query.times import SECOND_NS, Window
from watchkeeper_collector.settings import load_settings
from watchkeeper_collector.store.client import Store

HOUR_S = 3_600
HOURS = 8
MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of the process, engine included, and how much its greatest memory grew."""

    spans: int
    calls: int
    slices: int
    cpu_s: float
    wall_s: float
    memory_mb: float


def measure_cost(data: Path, spans: int) -> Cost:
    """Fill a store with spans of eight hours, and check the last whole hour."""
    subprocess.run(
        [sys.executable, "-m", "benchmarks.filling", data, str(spans), str(HOURS)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with closing(Store(load_settings(data_dir=data).store_dsn)) as store:
        source = Source(store, limits=Limits(timeout_s=600.0))
        until_ns = time.time_ns()
        due = find_due(source, length_s=HOUR_S, windows=HOURS, until_ns=until_ns)[-1]
        before = Window(due.start_ns - HOURS * HOUR_S * SECOND_NS, due.start_ns)
        peak, cpu_s, began_s = _peak_mb(), time.process_time(), time.monotonic()
        check_due(source, store, due, before, (), checked_at=datetime.now(UTC))
        cpu_s, wall_s = time.process_time() - cpu_s, time.monotonic() - began_s
        slices = store.query("SELECT uniqExact(SliceBy, SliceValue) FROM watchkeeper.drift_results").rows[0][
            0
        ]
        return Cost(spans, due.calls, slices, cpu_s, wall_s, _peak_mb() - peak)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB
