"""The stages in Python: admitting a request, and the spool's commit with its fsync."""

import asyncio
import gzip
from collections.abc import Sequence
from pathlib import Path

from watchkeeper_collector.otlp.admission import Admission
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.inflating import inflate
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.spool import Spool
from watchkeeper_collector.spool.segment import find_segments

from benchmarks.clock import Timing, timed
from benchmarks.payloads import Body

GZIP_LEVEL = 6
SEGMENT_BYTES = 1 << 30  # one segment takes it all


def time_inflating(bodies: Sequence[Body]) -> Timing:
    compressed = [gzip.compress(body.data, GZIP_LEVEL) for body in bodies]
    with timed() as timing:
        for data in compressed:
            inflate(data, "gzip", Limits().request_bytes)
    return timing


def time_admission(bodies: Sequence[Body]) -> Timing:
    admission = Admission(SIGNALS["traces"], Limits(), Forms())
    with timed() as timing:
        for body in bodies:
            admission.admit(body.data)
    return timing


def time_spool(bodies: Sequence[Body], folder: Path) -> tuple[Timing, Timing, bytes]:
    """Times of appending everything durably and of reading it back, and what the store is then given."""
    with timed() as appending:
        asyncio.run(_append(bodies, folder))
    with timed() as reading:
        (segment,) = find_segments(folder / "segments")
        payload = segment.read().payload()
    return appending, reading, payload


async def _append(bodies: Sequence[Body], folder: Path) -> None:
    spool = Spool(
        folder,
        segment_bytes=SEGMENT_BYTES,
        segment_age_s=600,
        commit_window_ms=10,
        quota_bytes=SEGMENT_BYTES,
        retry_window_s=600,
    )
    spool.start()
    await asyncio.gather(*(spool.append("traces", "default", "", body.data, body.spans) for body in bodies))
    await spool.close()
    spool.release()
