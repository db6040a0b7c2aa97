"""Recognises an identical request that a client sends again because its answer got lost.

A stored request's fingerprint stands in its frame, so both are durable at once. When the frame
goes (its segment reached the store, or the request became a dead letter), the fingerprint first
moves to a journal; a restart reads both. In between a fingerprint may be found twice: no harm.
"""

import os
import struct
import threading
import zlib
from collections.abc import Iterable, Sequence
from itertools import compress
from pathlib import Path

from watchkeeper_collector.spool import files
from watchkeeper_collector.spool.frame import Frame
from watchkeeper_collector.spool.segment import SegmentIds

MOST_REMEMBERED = 1_000_000  # some 150 MB at worst; the oldest are forgotten first
ENTRY = struct.Struct("<IQ16s")
CRC_BYTES = 4
SLICES_PER_WINDOW = 4
SUFFIX = ".journal"

Seen = tuple[int, bytes]
"""When a request was received (ns) and its fingerprint."""


class RetryWindow:
    """The fingerprints of the last ``window_ns``, in memory. For one thread."""

    def __init__(self, window_ns: int, most: int = MOST_REMEMBERED) -> None:
        self._window_ns = window_ns
        self._most = most
        self._seen: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def is_off(self) -> bool:
        return self._window_ns <= 0

    def knows(self, fingerprint: bytes, now_ns: int) -> bool:
        seen_ns = self._seen.get(fingerprint)
        return seen_ns is not None and abs(now_ns - seen_ns) < self._window_ns

    def add(self, received_ns: int, fingerprint: bytes) -> None:
        """Remember one. Calls come roughly in order of time."""
        self._seen.pop(fingerprint, None)
        self._seen[fingerprint] = received_ns
        while self._seen and self._is_too_much(received_ns):
            del self._seen[next(iter(self._seen))]

    def _is_too_much(self, now_ns: int) -> bool:
        oldest_ns = next(iter(self._seen.values()))
        return len(self._seen) > self._most or oldest_ns <= now_ns - self._window_ns


class RetryJournal:
    """The fingerprints whose segments are gone, on disk, in a file for each quarter of the window.

    Thread-safe, but for :meth:`load`.
    """

    def __init__(self, directory: Path, window_ns: int, ids: SegmentIds) -> None:
        self._directory = directory
        self._window_ns = window_ns
        self._ids = ids
        self._lock = threading.Lock()
        self._past: list[tuple[Path, int]] = []
        self._path: Path | None = None
        self._descriptor = -1
        self._first_ns = self._newest_ns = 0

    def load(self, now_ns: int) -> list[Seen]:
        """Read what earlier processes wrote, up to a torn tail, and remove the files that are past."""
        entries: list[Seen] = []
        for path in sorted(self._directory.glob(f"*{SUFFIX}")):
            found = read_entries(path.read_bytes())
            self._past.append((path, max((seen_ns for seen_ns, _ in found), default=0)))
            entries += found
        self._remove_past(now_ns)
        return entries

    def keep(self, frames: Iterable[Frame], now_ns: int) -> None:
        """Write and fsync the fingerprints of frames that are about to go. Raises ``OSError``."""
        entries = [(f.received_ns, f.fingerprint) for f in frames if now_ns - f.received_ns < self._window_ns]
        if entries:
            with self._lock:
                self._write(entries, now_ns)

    def close(self) -> None:
        """Close the current file. Entries that come later go to another."""
        with self._lock:
            self._close_page()

    def _write(self, entries: Sequence[Seen], now_ns: int) -> None:
        self._turn_page(now_ns)
        try:
            files.write_all(self._descriptor, [encode_entries(entries)])
            os.fsync(self._descriptor)
        except OSError:
            self._close_page()  # what follows a torn entry would never be read
            raise
        self._newest_ns = max(self._newest_ns, *(seen_ns for seen_ns, _ in entries))

    def _close_page(self) -> None:
        if self._path is not None:
            os.close(self._descriptor)
            self._past.append((self._path, self._newest_ns))
            self._path = None

    def _turn_page(self, now_ns: int) -> None:
        if self._path is not None and now_ns - self._first_ns < self._window_ns // SLICES_PER_WINDOW:
            return
        self._close_page()
        self._remove_past(now_ns)
        path = self._directory / f"{self._ids.next()}{SUFFIX}"
        self._descriptor = files.create_file(path)
        self._path, self._first_ns, self._newest_ns = path, now_ns, 0

    def _remove_past(self, now_ns: int) -> None:
        is_past = [abs(now_ns - newest_ns) >= self._window_ns for _, newest_ns in self._past]
        for path, _ in compress(self._past, is_past):
            path.unlink(missing_ok=True)
        self._past = [kept for kept, past in zip(self._past, is_past, strict=True) if not past]


def encode_entries(entries: Sequence[Seen]) -> bytes:
    """Encode journal entries, each behind a checksum of its own."""
    packed = (ENTRY.pack(0, *entry)[CRC_BYTES:] for entry in entries)
    return b"".join(zlib.crc32(entry).to_bytes(CRC_BYTES, "little") + entry for entry in packed)


def read_entries(data: bytes) -> list[Seen]:
    """Return the entries of a journal file up to the first that is cut or damaged."""
    entries = []
    for offset in range(0, len(data) - ENTRY.size + 1, ENTRY.size):
        crc, received_ns, fingerprint = ENTRY.unpack_from(data, offset)
        if zlib.crc32(data[offset + CRC_BYTES : offset + ENTRY.size]) != crc:
            break
        entries.append((received_ns, fingerprint))
    return entries
