"""Brings one segment into the store: all of it once, whatever happened before."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from watchkeeper_collector.errors import RefusedSegmentError
from watchkeeper_collector.spool.dead_letters import DeadLetter, DeadLetters, id_of_letter, short
from watchkeeper_collector.spool.frame import Frame
from watchkeeper_collector.spool.offenders import Offender, find_offenders
from watchkeeper_collector.spool.record import read_records
from watchkeeper_collector.spool.segment import Contents, Segment
from watchkeeper_collector.spool.sink import SegmentSink
from watchkeeper_collector.spool.stats import Totals

MOST_REFUSALS = 5
"""So often a segment without a findable offender is tried before all of it becomes dead letters."""

log = logging.getLogger(__name__)


class SegmentKeeper(Protocol):
    """The spool's side: what happens to the files."""

    def shrink(self, segment: Segment, contents: Contents, moved: Sequence[Frame]) -> Contents:
        """Durably take records out of a segment; returns what is left."""

    def retire(self, segment: Segment, contents: Contents) -> None:
        """Remove a segment whose records are all in the store."""


@dataclass(slots=True)
class Shipment:
    """What is known about a segment between two attempts.

    ``is_doubtful``: an earlier attempt, perhaps of another process, may have stored some of it.
    """

    segment: Segment
    token: str
    is_doubtful: bool
    refusals: int = 0


@dataclass(slots=True)
class Delivery:
    """Delivers segments; different threads may deliver those of different signals.

    A first insert that succeeds is trusted. After any doubt the store's rows are counted: a token
    may have been logged although its rows were lost, and an insert of several blocks may have
    succeeded by half. Then the rows go, and the segment comes under a token never used before.
    """

    keeper: SegmentKeeper
    sink: SegmentSink
    dead_letters: DeadLetters
    totals: Totals
    _shipments: dict[str, Shipment] = field(default_factory=dict)

    def deliver(self, segment: Segment) -> None:
        """Return once every record is stored or a dead letter, and the file gone.

        Raises whatever the sink or the disk raises; then it is to be called again later.
        """
        shipment = self._shipments.get(segment.id) or Shipment(segment, segment.id, segment.is_leftover)
        contents = self._read(shipment)
        self._shipments[segment.id] = shipment
        while contents.frames:
            try:
                self._store(shipment, contents)
                break
            except RefusedSegmentError as refusal:
                contents = self._move_offenders(shipment, contents, refusal)
        self.keeper.retire(segment, contents)
        self.totals.add(drained_segments=1, drained_items=contents.items)
        del self._shipments[segment.id]

    def _read(self, shipment: Shipment) -> Contents:
        """Read the segment. Records that a killed process had copied to dead letters count as moved."""
        segment = shipment.segment
        contents = segment.read()
        if segment.id not in self._shipments and contents.torn_bytes:
            log.warning(
                "Cut %d bytes without a whole record off segment '%s'.", contents.torn_bytes, segment.id
            )
            self.totals.add(torn_bytes=contents.torn_bytes)
        moved = [f for f in contents.frames if self.dead_letters.holds(id_of_letter(segment.id, f.number))]
        return self.keeper.shrink(segment, contents, moved) if moved else contents

    def _store(self, shipment: Shipment, contents: Contents) -> None:
        was_doubtful, shipment.is_doubtful = shipment.is_doubtful, True
        if was_doubtful and self._is_complete(shipment, contents):
            return
        self._insert(shipment, contents)
        if was_doubtful and not self._is_complete(shipment, contents):
            self._start_afresh(shipment, contents)

    def _start_afresh(self, shipment: Shipment, contents: Contents) -> None:
        """Replace what the store has of the segment. An insert under a token without a past is trusted."""
        segment = shipment.segment
        log.warning("The store has only a part of segment '%s': it is stored anew.", segment.id)
        shipment.token = f"{segment.id}#{secrets.token_hex(4)}"
        self.sink.discard(segment.signal, segment.id)
        self._insert(shipment, contents)
        if not self._is_complete(shipment, contents):
            log.error(
                "Segment '%s' announced %d items, the store counts otherwise.", segment.id, contents.items
            )
            self.totals.add(count_mismatches=1)

    def _insert(self, shipment: Shipment, contents: Contents) -> None:
        segment = shipment.segment
        self.sink.insert(segment.signal, segment.id, contents.payload(), shipment.token)

    def _is_complete(self, shipment: Shipment, contents: Contents) -> bool:
        return self.sink.stored_items(shipment.segment.signal, shipment.segment.id) == contents.items

    def _move_offenders(
        self, shipment: Shipment, contents: Contents, refusal: RefusedSegmentError
    ) -> Contents:
        """Make the offenders dead letters; returns the rest. Raises the refusal when none is found yet."""
        segment = shipment.segment
        offenders = find_offenders(contents, lambda payload: self.sink.dry_run(segment.signal, payload))
        if not offenders:
            shipment.refusals += 1
            if shipment.refusals < MOST_REFUSALS:
                raise refusal
            offenders = [Offender(frame, refusal.message) for frame in contents.frames]
        if self.sink.stored_items(segment.signal, segment.id):
            self.sink.discard(segment.signal, segment.id)  # else a replayed letter would be there twice
        for offender in offenders:
            self._keep_letter(segment, contents, offender)
        self.totals.add(refused_records=len(offenders))
        return self.keeper.shrink(segment, contents, [offender.frame for offender in offenders])

    def _keep_letter(self, segment: Segment, contents: Contents, offender: Offender) -> None:
        frame = offender.frame
        (record,), _ = read_records(contents.payload([frame]))
        letter = DeadLetter(
            id=id_of_letter(segment.id, frame.number),
            signal=segment.signal,
            project=record.project,
            key_id=record.api_key_id,
            received_ns=record.received_ns,
            reason=short(offender.reason),
            items=frame.items,
            body_bytes=len(record.request),
        )
        self.dead_letters.keep(letter, record.request)
