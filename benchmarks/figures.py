"""What one round of load gives."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from benchmarks.collector import Sizes
from benchmarks.sending import Sent
from benchmarks.transports import Transport
from benchmarks.usage import Sample, Usage

DERIVED = (
    "acknowledged_per_s",
    "acknowledged_mb_per_s",
    "queryable_per_s",
    "queryable_mb_per_s",
    "lag_s",
    "spans_per_insert",
    "cpu_us_per_span",
    "client_cpu_us_per_span",
    "growth_bytes",
)

FEWEST_SAMPLES = 10


class Way(NamedTuple):
    """How requests are sent, for so many seconds at most."""

    transport: Transport
    is_gzip: bool
    connections: int
    seconds: float

    def render(self) -> str:
        return f"{self.transport.upper()}{', gzip' if self.is_gzip else ''}"


@dataclass(frozen=True, slots=True)
class Storage:
    """What became of acknowledged spans. ``queryable_s`` counts from the first request to the last span.

    ``thread_cpu_s`` is what the collector's threads used meanwhile, by name.
    """

    queryable_s: float
    lost: int
    doubled: int
    segments: int
    thread_cpu_s: dict[str, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """One round on one server. ``storage`` and ``sizes`` are a collector's."""

    server: str
    sent: Sent
    before: Usage
    after: Usage
    samples: tuple[Sample, ...]
    calibration_us: int
    storage: Storage | None = None
    sizes: Sizes | None = None

    @property
    def acknowledged_per_s(self) -> float:
        return self.sent.spans / self.sent.seconds

    @property
    def acknowledged_mb_per_s(self) -> float:
        return self.sent.raw_bytes / self.sent.seconds / 1e6

    @property
    def queryable_per_s(self) -> float | None:
        return None if self.storage is None else self.sent.spans / self.storage.queryable_s

    @property
    def queryable_mb_per_s(self) -> float | None:
        return None if self.storage is None else self.sent.raw_bytes / self.storage.queryable_s / 1e6

    @property
    def lag_s(self) -> float | None:
        """From the last acknowledgement until all spans could be asked for."""
        return None if self.storage is None else max(0.0, self.storage.queryable_s - self.sent.seconds)

    @property
    def spans_per_insert(self) -> float | None:
        return None if self.storage is None else self.sent.spans / self.storage.segments

    @property
    def cpu_us_per_span(self) -> float:
        return (self.after.cpu_s - self.before.cpu_s) / self.sent.spans * 1e6

    @property
    def client_cpu_us_per_span(self) -> float:
        return self.sent.cpu_s / self.sent.spans * 1e6

    @property
    def peak_rss_bytes(self) -> int:
        return max((sample.rss_bytes for sample in self.samples), default=self.after.rss_bytes)

    @property
    def growth_bytes(self) -> float | None:
        """By how much the last quarter's mean memory is above the second quarter's: flat is near 0."""
        quarter = len(self.samples) // 4
        if quarter < FEWEST_SAMPLES:
            return None
        return _mean_rss(self.samples[-quarter:]) - _mean_rss(self.samples[quarter : 2 * quarter])

    def details(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return asdict(self) | {name: getattr(self, name) for name in DERIVED}


def _mean_rss(samples: tuple[Sample, ...]) -> float:
    return sum(sample.rss_bytes for sample in samples) / len(samples)
