"""What happens to the requests that share a commit: recognised, refused over quota, or stored."""

from collections.abc import Callable, Mapping, Sequence

from watchkeeper_collector.errors import SpoolFullError
from watchkeeper_collector.spool.lane import RETRY_AFTER_S, Lane
from watchkeeper_collector.spool.request import SIGNALS, Request
from watchkeeper_collector.spool.retries import RetryWindow
from watchkeeper_collector.spool.segment import frame_bytes
from watchkeeper_collector.spool.stats import Totals


class Commit:
    """Gives each request its outcome. For the committer's thread alone."""

    def __init__(
        self,
        lanes: Mapping[str, Lane],
        seen: RetryWindow,
        totals: Totals,
        *,
        used_bytes: Callable[[], int],
        free_bytes: Callable[[], int],
        quota_bytes: int,
        reserve_bytes: int,
    ) -> None:
        self._lanes = lanes
        self._seen = seen
        self._totals = totals
        self._used_bytes = used_bytes
        self._free_bytes = free_bytes
        self._quota_bytes = quota_bytes
        self._reserve_bytes = reserve_bytes

    def __call__(self, requests: Sequence[Request]) -> None:
        """Set every request's outcome; what is stored is durable on return."""
        fresh = self._within_quota(self._fresh(requests))
        for signal in SIGNALS:
            self._lanes[signal].store([request for request in fresh if request.signal == signal])
        for request in fresh:
            if request.outcome is True:
                self._seen.add(request.received_ns, request.fingerprint)
        for request in requests:
            self._answer_twins(request)

    def _fresh(self, requests: Sequence[Request]) -> list[Request]:
        """Leave out what is safe already, and all but the first of identical ones in this batch."""
        firsts: dict[bytes, Request] = {}
        fresh = []
        for request in requests:
            fingerprint = request.take_fingerprint()
            if self._seen.knows(fingerprint, request.received_ns):
                request.outcome = False
                self._totals.add(duplicates=1)
            elif self._seen.is_off or (first := firsts.setdefault(fingerprint, request)) is request:
                fresh.append(request)
            else:
                first.twins.append(request)
        return fresh

    def _within_quota(self, requests: Sequence[Request]) -> list[Request]:
        quota_room_bytes = self._quota_bytes - self._used_bytes()
        disk_room_bytes = self._free_bytes() - self._reserve_bytes
        room_bytes = min(quota_room_bytes, disk_room_bytes)
        admitted = []
        for request in requests:
            if frame_bytes(request) <= room_bytes:
                room_bytes -= frame_bytes(request)
                admitted.append(request)
            else:
                is_disk = disk_room_bytes < quota_room_bytes
                request.outcome = self._short_of_disk() if is_disk else self._over_quota()
        return admitted

    def _short_of_disk(self) -> SpoolFullError:
        """The last of a disk is not taken: the embedded engine calls an insert a success that met its end."""
        self._totals.add(short_of_disk=1)
        return SpoolFullError(
            f"Less than {self._reserve_bytes} bytes of the spool's disk are free (`disk_reserve_bytes`)."
            " Nothing was stored; send it again later.",
            retry_after_s=RETRY_AFTER_S,
        )

    def _over_quota(self) -> SpoolFullError:
        self._totals.add(over_quota=1)
        return SpoolFullError(
            f"The spool holds its quota of {self._quota_bytes} bytes, because the store does not keep up"
            " or is away. Nothing was stored; send it again later.",
            retry_after_s=RETRY_AFTER_S,
        )

    def _answer_twins(self, first: Request) -> None:
        for twin in first.twins:
            if first.outcome is True:
                twin.outcome = False
                self._totals.add(duplicates=1)
            else:
                twin.outcome = first.outcome
