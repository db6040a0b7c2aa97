"""What the spool counts, for ``/metrics`` and ``/api/v1/status``."""

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SpoolStats:
    """A snapshot. What is waiting comes first, then totals since the start.

    ``oldest_age_s`` is the age of the oldest segment that the store has not got. ``torn_bytes`` were
    cut from segments on recovery, ``count_mismatches`` are segments whose rows in the store differ
    in number from the items announced although a fresh insert succeeded, ``unsaved_fingerprints`` are
    requests whose retries a restart would not recognise, ``last_failure`` is the
    store's last error, empty once it took a segment.
    """

    segments: int
    size_bytes: int
    quota_bytes: int
    oldest_age_s: float
    dead_letters: int
    dead_letter_bytes: int
    last_failure: str
    appended_records: int = 0
    appended_items: int = 0
    appended_bytes: int = 0
    duplicates: int = 0
    over_quota: int = 0
    short_of_disk: int = 0
    disk_errors: int = 0
    commits: int = 0
    commit_s: float = 0.0
    drained_segments: int = 0
    drained_items: int = 0
    drain_failures: int = 0
    refused_records: int = 0
    torn_bytes: int = 0
    count_mismatches: int = 0
    unsaved_fingerprints: int = 0


class Totals:
    """The counters behind :class:`SpoolStats`, by its field names. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._amounts: Counter[str] = Counter()

    def add(self, **amounts: float) -> None:
        with self._lock:
            self._amounts.update(amounts)

    def amounts(self) -> dict[str, Any]:
        with self._lock:
            return dict(self._amounts)
