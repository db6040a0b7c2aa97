"""``python -m benchmarks.filling DATA SPANS HOURS``: spans that the engine makes up itself, of so many hours.

It is a program of its own because a process can open one embedded engine only.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from watchkeeper_collector.pricing.price_table import PriceTable
from watchkeeper_collector.pricing.worker import PriceWorker
from watchkeeper_collector.settings import load_settings
from watchkeeper_collector.store.client import Store
from watchkeeper_collector.store.migration import migrate

from benchmarks.vocabulary import build_words

SPANS_PER_TRACE = 8
SPANS_PER_INSERT = 40_000
WRITERS = 2

MADE_UP = Path(__file__).with_name("made_up_spans.sql").read_text("utf-8")


def fill(store: Store, spans: int, window_s: float, report: Callable[[int], None]) -> None:
    """Make up whole traces, spread over the time until now. ``report`` is told how many spans were made."""
    window_ns = int(window_s * 1e9)
    fixed = {
        "spans_per_trace": SPANS_PER_TRACE,
        "since_ns": time.time_ns() - window_ns,
        "pause_ns": window_ns * SPANS_PER_TRACE // spans,
        "words": build_words(),
    }

    def insert(first: int) -> int:
        count = min(SPANS_PER_INSERT, spans - first)
        store.command(MADE_UP, fixed | {"first": first, "count": count})
        return count

    with ThreadPoolExecutor(WRITERS) as pool:
        for count in pool.map(insert, range(0, spans, SPANS_PER_INSERT)):
            report(count)


def learn_prices(store: Store) -> None:
    """Look up the prices of the models that a few spans name, as a collector that has run for a while."""
    fill(store, SPANS_PER_TRACE * 10, 1.0, lambda _: None)
    PriceWorker(PriceTable(store, "watchkeeper", "")).run_round()
    for table in ("spans", "span_content", "trace_index"):
        store.command(f"TRUNCATE TABLE watchkeeper.{table}")


def main(data: Path, spans: int, hours: float) -> None:
    with closing(Store(load_settings(data_dir=data).store_dsn)) as store:
        migrate(store)
        learn_prices(store)
        fill(store, spans, hours * 3600, lambda count: print(count, flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
