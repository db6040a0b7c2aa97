"""The table of a load: a column for each server, of the medians of its rounds."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from benchmarks.figures import Figures
from benchmarks.report import Cell, Table

MB = 1e6
MOST_THREADS = 8
PARSING = "floor: parse"
Read = Callable[[Figures], float | None]

MEDIANS: Mapping[str, Read] = {
    "acknowledged, spans/s": lambda f: f.acknowledged_per_s,
    "acknowledged, MB/s": lambda f: f.acknowledged_mb_per_s,
    "queryable, spans/s": lambda f: f.queryable_per_s,
    "queryable, MB/s": lambda f: f.queryable_mb_per_s,
    "last ack to all queryable, s": lambda f: f.lag_s,
    "spans per insert": lambda f: f.spans_per_insert,
    "CPU, µs/span": lambda f: f.cpu_us_per_span,
    "request p50, ms": lambda f: quantile(f.sent.request_ms, 0.5),
    "request p99, ms": lambda f: quantile(f.sent.request_ms, 0.99),
    "RSS before, MB": lambda f: f.before.rss_bytes / MB,
    "RSS peak, MB": lambda f: f.peak_rss_bytes / MB,
    "RSS after, MB": lambda f: f.after.rss_bytes / MB,
    "RSS growth, MB": lambda f: None if f.growth_bytes is None else f.growth_bytes / MB,
    "client CPU, µs/span": lambda f: f.client_cpu_us_per_span,
    "calibration, µs": lambda f: f.calibration_us,
}
TOTALS: Mapping[str, Callable[[Figures], int | None]] = {
    "acknowledged, spans": lambda f: f.sent.spans,
    "lost": lambda f: None if f.storage is None else f.storage.lost,
    "doubled": lambda f: None if f.storage is None else f.storage.doubled,
    "retries": lambda f: f.sent.retries,
    "requests given up": lambda f: f.sent.given_up,
}


def build_load_table(title: str, found: Sequence[Figures]) -> Table:
    """Medians of rates, times and sizes; totals of what is counted."""
    servers = list(dict.fromkeys(figures.server for figures in found))
    rounds = [[figures for figures in found if figures.server == server] for server in servers]
    rows = [[name, *(_median(read, some) for some in rounds)] for name, read in MEDIANS.items()]
    rows.insert(list(MEDIANS).index("CPU, µs/span") + 1, _ratios(found, rounds))
    rows += [[name, *(_total(read, some) for some in rounds)] for name, read in TOTALS.items()]
    known = [row for row in rows if any(cell is not None for cell in row[1:])]
    return Table(title, ["", *servers], known)


def build_thread_table(found: Sequence[Figures]) -> list[Table]:
    """What the collector's threads used in the last round. The engine does not name all of its own."""
    stored = [figures for figures in found if figures.storage is not None]
    if not stored or (storage := stored[-1].storage) is None:
        return []
    used = sorted(storage.thread_cpu_s.items(), key=lambda thread: -thread[1])[:MOST_THREADS]
    rows: list[list[Cell]] = [[name, cpu_s, cpu_s / stored[-1].sent.spans * 1e6] for name, cpu_s in used]
    return [Table("CPU by threads of the collector", ("threads", "CPU, s", "CPU, µs/span"), rows)]


def _ratios(found: Sequence[Figures], rounds: Sequence[Sequence[Figures]]) -> list[Cell]:
    """CPU beside that of the floor that parses, where there is one."""
    parsing = _median(lambda f: f.cpu_us_per_span, [f for f in found if f.server == PARSING])
    costs = [_median(lambda f: f.cpu_us_per_span, some) for some in rounds]
    return ["CPU / floor that parses", *(cost / parsing if cost and parsing else None for cost in costs)]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _median(read: Read, rounds: Sequence[Figures]) -> float | None:
    values = [value for figures in rounds if (value := read(figures)) is not None]
    return median(values) if values else None


def _total(read: Callable[[Figures], int | None], rounds: Sequence[Figures]) -> int | None:
    values = [value for figures in rounds if (value := read(figures)) is not None]
    return sum(values) if values else None
