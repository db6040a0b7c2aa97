"""What the spool needs of the store."""

from typing import Protocol


class SegmentSink(Protocol):
    """Takes whole segments. Calls block; several threads call at once, for different signals.

    Every method raises ``StoreUnavailableError`` when a later attempt may succeed.
    """

    def insert(self, signal: str, segment_id: str, payload: bytes, token: str) -> None:
        """Store a payload. Repeating it under its token changes nothing. Raises ``RefusedSegmentError``."""

    def dry_run(self, signal: str, payload: bytes) -> None:
        """Decode and normalise without storing. Raises ``RefusedSegmentError`` when that fails."""

    def stored_items(self, signal: str, segment_id: str) -> int:
        """Return how many rows came from the segment, in the unit of the items given to ``Spool.append``.

        Negative when some of what belongs to them is missing.
        """

    def discard(self, signal: str, segment_id: str) -> None:
        """Delete the rows that came from the segment; they are gone for every reader on return."""
