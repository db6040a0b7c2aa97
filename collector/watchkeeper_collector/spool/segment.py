"""Segments: the files of records, one signal each, that reach ClickHouse as one insert each."""

import os
import secrets
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from watchkeeper_collector.sealing import OVERHEAD_BYTES, KeyChain, open_sealed
from watchkeeper_collector.spool import files
from watchkeeper_collector.spool.frame import HEADER, MOST_BODY_BYTES, Frame, encode_header, scan_frames
from watchkeeper_collector.spool.record import encode_head
from watchkeeper_collector.spool.request import SIGNALS, Request

NS_DIGITS = 16
ID_CHARS = NS_DIGITS + 1 + 8
MOST_HEAD_BYTES = len(encode_head(b"", "0" * ID_CHARS, MOST_BODY_BYTES)) + 1
MOST_OVERHEAD_BYTES = HEADER.size + MOST_HEAD_BYTES + OVERHEAD_BYTES


class SegmentIds:
    """Ids that sort by time and repeat neither within a process nor across restarts. Thread-safe."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._last_ns = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        """Return ``<nanoseconds as 16 hex digits>-<8 random hex digits>``, above every earlier id."""
        with self._lock:
            self._last_ns = max(self._clock(), self._last_ns + 1)
            return f"{self._last_ns:0{NS_DIGITS}x}-{secrets.token_hex(4)}"

    def go_beyond(self, segment_id: str) -> None:
        """Keep the next ids above this one, even when the wall clock was set back."""
        self._last_ns = max(self._last_ns, opened_ns(segment_id))


def opened_ns(segment_id: str) -> int:
    """Return the wall-clock time at which the segment was opened: none of its records is older."""
    return int(segment_id[:NS_DIGITS], 16)


@dataclass(frozen=True, slots=True)
class Segment:
    """A closed segment file. ``is_leftover`` says that an earlier process wrote it, ``chain`` opens it."""

    id: str
    signal: str
    path: Path
    size_bytes: int
    is_leftover: bool = False
    chain: KeyChain | None = None

    def read(self) -> "Contents":
        """Read the file and check every record. What follows the last whole record is left out."""
        data = self.path.read_bytes()
        frames = tuple(scan_frames(data))
        torn_bytes = len(data) - (frames[-1].end if frames else 0)
        return Contents(data, frames, torn_bytes, self.chain)


@dataclass(frozen=True, slots=True)
class Contents:
    """The records of a segment that are whole and not moved elsewhere.

    ``torn_bytes`` is how much of the file belonged to no whole record when it was read.
    """

    data: bytes
    frames: tuple[Frame, ...]
    torn_bytes: int
    chain: KeyChain | None = None

    @property
    def items(self) -> int:
        """How many rows the records become."""
        return sum(frame.items for frame in self.frames)

    def payload(self, frames: Sequence[Frame] | None = None) -> bytes:
        """Join records (all by default) as ClickHouse reads them. Raises ``SealedError``."""
        view = memoryview(self.data)
        return b"".join(
            open_sealed(
                self.chain, view[frame.start : frame.end], seal_context(frame.number, frame.fingerprint)
            )
            for frame in (self.frames if frames is None else frames)
        )

    def without(self, moved: Collection[Frame]) -> "Contents":
        numbers = {frame.number for frame in moved}
        rest = tuple(frame for frame in self.frames if frame.number not in numbers)
        return Contents(self.data, rest, self.torn_bytes, self.chain)

    def raw(self) -> list[memoryview]:
        """Return the frames as they stand in the file, headers included."""
        view = memoryview(self.data)
        return [view[frame.header_start : frame.end] for frame in self.frames]


class OpenSegment:
    """The segment file that records are appended to. ``size_bytes`` counts what is durable."""

    def __init__(self, directory: Path, segment_id: str, signal: str, chain: KeyChain | None = None) -> None:
        self.id = segment_id
        self.signal = signal
        self._chain = chain
        self.size_bytes = 0
        self._records = 0
        self._path = directory / f"{segment_id}.{signal}"
        self._descriptor = files.create_file(self._path)

    def append(self, requests: Sequence[Request]) -> None:
        """Write the requests behind each other and fsync once. After ``OSError``: :meth:`cut`, then close."""
        buffers = [
            buffer for number, request in enumerate(requests) for buffer in self._frame(number, request)
        ]
        files.write_all(self._descriptor, buffers)
        os.fsync(self._descriptor)
        self.size_bytes += sum(map(len, buffers))
        self._records += len(requests)

    def cut(self) -> None:
        """Durably remove what a failed :meth:`append` may have written."""
        os.ftruncate(self._descriptor, self.size_bytes)
        os.fsync(self._descriptor)

    def close(self) -> Segment | None:
        """Close the file. Returns nothing, and leaves none, when it has no record.

        Faults are of no account here: what counts was fsynced, and an empty file does no harm.
        """
        with suppress(OSError):
            os.close(self._descriptor)
        if self._records:
            return Segment(self.id, self.signal, self._path, self.size_bytes, chain=self._chain)
        with suppress(OSError):
            self._path.unlink()
        return None

    def _frame(self, number: int, request: Request) -> tuple[bytes, ...]:
        number += self._records
        record: tuple[bytes, ...] = (encode_head(request.sender, self.id, len(request.body)), request.body)
        if self._chain is not None:
            context = seal_context(number, request.fingerprint)
            record = (self._chain.seal(b"".join(record), context),)
        header = encode_header(
            record,
            items=request.items,
            number=number,
            received_ns=request.received_ns,
            fingerprint=request.fingerprint,
        )
        return header, *record


def seal_context(number: int, fingerprint: bytes) -> bytes:
    """What a sealed record opens beside: its place in the segment as first written, its fingerprint."""
    return number.to_bytes(4, "little") + fingerprint


def frame_bytes(request: Request) -> int:
    """Return the most that the request takes up in a segment file."""
    return MOST_OVERHEAD_BYTES + len(request.sender) + len(request.body)


def find_segments(directory: Path, chain: KeyChain | None = None) -> list[Segment]:
    """List the segments that an earlier process left behind, oldest first."""
    found = [
        Segment(path.stem, signal, path, path.stat().st_size, is_leftover=True, chain=chain)
        for signal in SIGNALS
        for path in directory.glob(f"*.{signal}")
    ]
    return sorted(found, key=lambda segment: segment.id)


def rewrite(segment: Segment, contents: Contents) -> None:
    """Make these the contents of the segment's file, at once and durably."""
    files.replace_durably(segment.path, contents.raw())
