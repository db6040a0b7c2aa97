"""The spool: a request is answered once its bytes are safe on disk, whatever the store does.

::

    spool/lock                     held by the one process that owns the folder
    spool/segments/<id>.<signal>   records that the store has not confirmed
    spool/retries/<id>.journal     fingerprints of records that left their segments
    spool/dead-letters/<id>.letter requests that the store refused
"""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from watchkeeper_collector.sealing import KeyChain
from watchkeeper_collector.spool import files
from watchkeeper_collector.spool.backlog import Backlog
from watchkeeper_collector.spool.commit import Commit
from watchkeeper_collector.spool.committer import Committer, Work
from watchkeeper_collector.spool.dead_letters import DeadLetters
from watchkeeper_collector.spool.frame import Frame
from watchkeeper_collector.spool.lane import DISK_FULL, Lane, SegmentLimits
from watchkeeper_collector.spool.record import encode_sender
from watchkeeper_collector.spool.request import SIGNALS, Request, identity
from watchkeeper_collector.spool.retries import RetryJournal, RetryWindow
from watchkeeper_collector.spool.segment import (
    Contents,
    Segment,
    SegmentIds,
    find_segments,
    opened_ns,
    rewrite,
)
from watchkeeper_collector.spool.stats import SpoolStats, Totals

NS_PER_S = 1_000_000_000

log = logging.getLogger(__name__)


class Spool:
    """Appends requests durably and knows what the store has not got.

    Order of life: ``start``, then any number of :meth:`append` on any event loop, ``await close``,
    then the drain's ``close``, then ``release``.
    """

    def __init__(
        self,
        directory: Path,
        *,
        segment_bytes: int,
        segment_age_s: float,
        commit_window_ms: float,
        quota_bytes: int,
        retry_window_s: float,
        reserve_bytes: int = 0,
        chain: KeyChain | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._directory = directory
        self._segments = directory / "segments"
        self._retries = directory / "retries"
        self._clock = clock
        self._chain = chain
        self._quota_bytes = quota_bytes
        self._window_ns = int(retry_window_s * NS_PER_S)
        self._ids = SegmentIds(clock)
        self._lock: int | None = None
        self.backlog = Backlog()
        self.totals = Totals()
        self.dead_letters = DeadLetters(directory / "dead-letters", self._ids, chain)
        limits = SegmentLimits(segment_bytes, segment_age_s)
        self._lanes = {
            signal: Lane(
                signal,
                self._segments,
                self._ids,
                limits,
                backlog=self.backlog,
                totals=self.totals,
                chain=chain,
            )
            for signal in SIGNALS
        }
        self._seen = RetryWindow(self._window_ns)
        self._journal = RetryJournal(self._retries, self._window_ns, self._ids)
        self._commit = Commit(
            self._lanes,
            self._seen,
            self.totals,
            used_bytes=self._used_bytes,
            free_bytes=lambda: shutil.disk_usage(directory).free,
            quota_bytes=quota_bytes,
            reserve_bytes=reserve_bytes,
        )
        work = Work(self._commit, self._tend, self._close_lanes)
        self._committer = Committer(work, commit_window_ms / 1000)

    def start(self) -> None:
        """Own the folder, take stock of what is in it, and accept requests.

        Raises ``ConfigurationError`` when another process owns the folder.
        """
        self.open()
        self._committer.start()

    def open(self) -> None:
        """Own the folder and take stock of it, without accepting anything."""
        for directory in (self._segments, self._retries):
            files.make_directory(directory)
        self._lock = files.lock_directory(self._directory)
        files.remove_unfinished(self._segments)
        self.dead_letters.open()
        leftovers = find_segments(self._segments, self._chain)
        self._remember(leftovers)
        for segment in leftovers:
            self._ids.go_beyond(segment.id)
            self.backlog.add(segment)

    async def append(
        self, signal: str, project: str, key_id: str, body: bytes, items: int, *, replay_of: str = ""
    ) -> bool:
        """Store a request; it is durable on return, and ``items`` rows are expected of it.

        Returns False when an identical body of the project was stored within the retry window: it is
        safe already. ``replay_of`` names the dead letter that is sent again. Raises ``SpoolFullError``
        over the quota, ``OverloadedError`` when the disk fails or the collector stops; then nothing
        was acknowledged and the sender may try again.
        """
        received_ns = self._clock()
        request = Request(
            signal,
            encode_sender(project, received_ns, key_id),
            body,
            items,
            received_ns,
            identity(project, signal, replay_of),
            asyncio.get_running_loop().create_future(),
        )
        self._committer.submit(request)
        return await request.answer

    async def close(self) -> None:
        """Accept nothing more, commit what waits, and hand the open segments to the drain."""
        await asyncio.to_thread(self._committer.close)

    def release(self) -> None:
        """Give the folder up. Nothing uses the spool any more."""
        self._journal.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def is_drained_of(self, until_ns: int) -> bool:
        """Whether the store has everything that was acknowledged before this time."""
        return all(since_ns > until_ns for since_ns in self._waiting_since_ns())

    def lag_s(self, signal: str) -> float:
        """How long the oldest data of the signal have been waiting for the store."""
        open_id = self._lanes[signal].open_id  # first: a segment may be closed in between
        oldest = self.backlog.oldest(signal)
        waiting = [opened_ns(one) for one in (open_id, oldest.id if oldest else None) if one]
        return max(0, self._clock() - min(waiting)) / NS_PER_S if waiting else 0.0

    def stats(self) -> SpoolStats:
        now_ns = self._clock()
        oldest_ns = min(self._waiting_since_ns(), default=now_ns)
        return SpoolStats(
            segments=len(self.backlog) + sum(lane.size_bytes > 0 for lane in self._lanes.values()),
            size_bytes=self._used_bytes() - self.dead_letters.size_bytes,
            quota_bytes=self._quota_bytes,
            oldest_age_s=max(0, now_ns - oldest_ns) / NS_PER_S,
            dead_letters=len(self.dead_letters),
            dead_letter_bytes=self.dead_letters.size_bytes,
            last_failure=self.backlog.last_failure,
            **self.totals.amounts(),
        )

    def shrink(self, segment: Segment, contents: Contents, moved: Sequence[Frame]) -> Contents:
        """Durably take records out of a segment; their fingerprints stay known."""
        self._journal.keep(moved, self._clock())
        rest = contents.without(moved)
        rewrite(segment, rest)
        return rest

    def retire(self, segment: Segment, contents: Contents) -> None:
        """Remove a segment whose records are all in the store; their fingerprints stay known.

        On a full disk the order turns round: the segment's own space is what the journal needs.
        """
        try:
            self._journal.keep(contents.frames, self._clock())
            unsaved: Sequence[Frame] = ()
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            unsaved = contents.frames
        segment.path.unlink(missing_ok=True)
        with suppress(OSError):  # should the file come back, its rows are found in the store
            files.sync_directory(self._segments)
        if unsaved:
            self._save_late(unsaved)

    def _save_late(self, frames: Sequence[Frame]) -> None:
        try:
            self._journal.keep(frames, self._clock())
        except OSError as error:
            log.error("Retries of %d requests will not be recognised after a restart: %s", len(frames), error)
            self.totals.add(unsaved_fingerprints=len(frames))

    def _remember(self, leftovers: Sequence[Segment]) -> None:
        """Learn the fingerprints of the retry window: from the journal and from segments young enough."""
        now_ns = self._clock()
        seen = self._journal.load(now_ns)
        next_opened_ns = dict.fromkeys(SIGNALS, now_ns)
        for segment in reversed(leftovers):
            if next_opened_ns[segment.signal] > now_ns - self._window_ns:  # no record in it is younger
                seen += [(frame.received_ns, frame.fingerprint) for frame in segment.read().frames]
            next_opened_ns[segment.signal] = opened_ns(segment.id)
        for received_ns, fingerprint in sorted(seen):
            self._seen.add(received_ns, fingerprint)

    def _waiting_since_ns(self) -> list[int]:
        oldest = self.backlog.oldest()
        ids = [lane.open_id for lane in self._lanes.values()] + [oldest.id if oldest else None]
        return [opened_ns(segment_id) for segment_id in ids if segment_id]

    def _used_bytes(self) -> int:
        return (
            self.backlog.size_bytes
            + sum(lane.size_bytes for lane in self._lanes.values())
            + self.dead_letters.size_bytes
        )

    def _tend(self) -> float | None:
        """Close segments that are due; returns the seconds until the next one may be."""
        for lane in self._lanes.values():
            lane.close_if_due()
        due_at_s = [lane.due_at_s for lane in self._lanes.values() if lane.due_at_s is not None]
        return max(0.0, min(due_at_s) - time.monotonic()) if due_at_s else None

    def _close_lanes(self) -> None:
        for lane in self._lanes.values():
            lane.close()
