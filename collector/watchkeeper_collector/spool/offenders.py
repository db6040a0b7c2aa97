"""Finds the records for which ClickHouse refuses a segment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchkeeper_collector.errors import RefusedSegmentError
from watchkeeper_collector.spool.frame import Frame
from watchkeeper_collector.spool.segment import Contents


@dataclass(frozen=True, slots=True)
class Offender:
    """A record that is refused by itself, and why."""

    frame: Frame
    reason: str


def find_offenders(contents: Contents, dry_run: Callable[[bytes], None]) -> list[Offender]:
    """Try the records in halves until each refused one stands alone.

    For k offenders among n records that takes about k·log₂(n) dry runs. Records that are refused
    only together are not found.
    """
    return _search(contents, contents.frames, dry_run)


def _search(contents: Contents, frames: Sequence[Frame], dry_run: Callable[[bytes], None]) -> list[Offender]:
    try:
        dry_run(contents.payload(frames))
    except RefusedSegmentError as refusal:
        if len(frames) == 1:
            return [Offender(frames[0], refusal.message)]
        middle = len(frames) // 2
        return _search(contents, frames[:middle], dry_run) + _search(contents, frames[middle:], dry_run)
    return []
