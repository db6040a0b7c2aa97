"""The segment of one signal that is being written: opened, filled, abandoned after a fault, closed."""

import errno
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from watchkeeper_collector.errors import OverloadedError, SpoolFullError
from watchkeeper_collector.sealing import KeyChain
from watchkeeper_collector.spool.backlog import Backlog
from watchkeeper_collector.spool.request import Request
from watchkeeper_collector.spool.segment import OpenSegment, SegmentIds, frame_bytes
from watchkeeper_collector.spool.stats import Totals

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
RETRY_AFTER_S = 5.0
PATIENCE = 2
"""With so many closed segments waiting, age closes no more. An insert costs the engine a good part of a
second however small it is: a busy store gets fewer and larger ones."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SegmentLimits:
    """A segment is closed at this size or at this age, whichever comes first."""

    most_bytes: int
    age_s: float


class Lane:
    """Writes one signal's requests. For the committer's thread alone."""

    def __init__(
        self,
        signal: str,
        directory: Path,
        ids: SegmentIds,
        limits: SegmentLimits,
        *,
        backlog: Backlog,
        totals: Totals,
        chain: KeyChain | None = None,
    ) -> None:
        self._signal = signal
        self._directory = directory
        self._ids = ids
        self._limits = limits
        self._backlog = backlog
        self._totals = totals
        self._chain = chain
        self._segment: OpenSegment | None = None
        self._is_broken = False
        self._due_at_s = 0.0

    @property
    def size_bytes(self) -> int:
        return self._segment.size_bytes if self._segment else 0

    @property
    def open_id(self) -> str | None:
        return self._segment.id if self._segment else None

    @property
    def due_at_s(self) -> float | None:
        """When the open segment's age is to be looked at next (monotonic)."""
        return self._due_at_s if self._segment else None

    def store(self, requests: Sequence[Request]) -> None:
        """Make the requests durable, in as many segments as they need, and set their outcomes."""
        try:
            self._mend()
            while requests:
                segment = self._segment_for(requests[0])
                chunk = _leading(requests, self._limits.most_bytes - segment.size_bytes)
                self._append(segment, chunk)
                requests = requests[len(chunk) :]
        except OSError as error:
            self._fail(requests, error)

    def close_if_due(self) -> None:
        """Close the open segment when its age or size says so."""
        if self._segment is None:
            return
        now_s = time.monotonic()
        is_patient = self._backlog.waiting(self._signal) >= PATIENCE
        if now_s >= self._due_at_s and is_patient:
            self._due_at_s = now_s + self._limits.age_s
        elif now_s >= self._due_at_s or self._segment.size_bytes >= self._limits.most_bytes:
            self._due_at_s = now_s + self._limits.age_s
            self.close()

    def close(self) -> None:
        """Hand the open segment over to the backlog. One that cannot be cut stays for the next attempt."""
        try:
            self._mend()
        except OSError as error:
            log.error("The spool segment '%s' cannot be cut: %s", self.open_id, error)
        else:
            self._hand_over()

    def _append(self, segment: OpenSegment, chunk: Sequence[Request]) -> None:
        begun_s, old_bytes = time.perf_counter(), segment.size_bytes
        segment.append(chunk)
        for request in chunk:
            request.outcome = True
        self._totals.add(
            commits=1,
            commit_s=time.perf_counter() - begun_s,
            appended_records=len(chunk),
            appended_items=sum(request.items for request in chunk),
            appended_bytes=segment.size_bytes - old_bytes,
        )

    def _segment_for(self, request: Request) -> OpenSegment:
        if self._segment and self._segment.size_bytes + frame_bytes(request) > self._limits.most_bytes:
            self.close()
        if self._segment is None:
            self._segment = OpenSegment(self._directory, self._ids.next(), self._signal, self._chain)
            self._due_at_s = time.monotonic() + self._limits.age_s
        return self._segment

    def _fail(self, requests: Sequence[Request], error: OSError) -> None:
        """Answer with an error that a client retries, and never write to this segment again."""
        log.error("Spooling %d requests failed: %s", len(requests), error)
        self._totals.add(disk_errors=1)
        for request in requests:
            request.outcome = disk_error(error)
        self._is_broken = self._segment is not None
        self.close()

    def _mend(self) -> None:
        """Cut what a failed write left behind. Nothing is acknowledged before that is durable.

        Otherwise a crash could bring those bytes back beside the ones that the client sent again.
        """
        if self._is_broken and self._segment:
            self._segment.cut()
            self._is_broken = False
            self._hand_over()

    def _hand_over(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None and (closed := segment.close()):
            self._backlog.add(closed)


def disk_error(error: OSError) -> OverloadedError:
    """Return what a sender is told about a fault of the disk."""
    if error.errno in DISK_FULL:
        return SpoolFullError(
            "The spool's disk is full. Nothing was stored; send it again later.", retry_after_s=RETRY_AFTER_S
        )
    return OverloadedError(
        "The spool's disk reported an error. Nothing was stored; send it again later.",
        retry_after_s=RETRY_AFTER_S,
    )


def _leading(requests: Sequence[Request], room_bytes: int) -> Sequence[Request]:
    """Return the first requests that fit into the room, at least one."""
    for count, request in enumerate(requests):
        room_bytes -= frame_bytes(request)
        if room_bytes < 0:
            return requests[: max(count, 1)]
    return requests
