"""The one path that every request takes, whichever door it came through."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from watchkeeper_collector.errors import OverloadedError, WatchkeeperError
from watchkeeper_collector.otlp.admission import Admission, Admitted
from watchkeeper_collector.otlp.caller import Caller
from watchkeeper_collector.otlp.fair_use import RateLimit, Rates, Turns
from watchkeeper_collector.otlp.forms import Forms
from watchkeeper_collector.otlp.inflating import inflate
from watchkeeper_collector.otlp.items import REFUSALS
from watchkeeper_collector.otlp.json_body import JsonBody
from watchkeeper_collector.otlp.limits import Limits
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.redaction.policy import public_name
from watchkeeper_collector.redaction.screen import Screen
from watchkeeper_collector.telemetry import Telemetry

Append = Callable[[str, str, str, bytes, int], Awaitable[bool]]
"""signal, project, key id, request, items → whether it is new; returns when it is durable."""

FindScreen = Callable[[str], Screen | None]
"""project → what its telemetry is redacted by; ``None``: nothing. Raises ``OverloadedError``."""

INLINE_BYTES = 2 << 20
INLINE_JSON_BYTES = 256 << 10
INLINE_COMPRESSED_BYTES = 16 << 10
INLINE_REDACTED_BYTES = 16 << 10
HEAVY_REQUESTS = 2  # bodies at work off the event loop: each may take a few times the largest request

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a request: partial success where ``rejected`` is not 0."""

    items: int = 0
    rejected: int = 0
    reason: str = ""


class Ingest:
    """Checks requests and appends them. Failures leave as ``WatchkeeperError``, each counted once."""

    def __init__(
        self,
        append: Append,
        limits: Limits,
        telemetry: Telemetry,
        rates: Rates | None = None,
        find_screen: FindScreen = lambda _: None,
    ) -> None:
        forms, rates = Forms(), rates or Rates()
        self._append = append
        self._find_screen = find_screen
        self._telemetry = telemetry
        self._heavy = Turns(HEAVY_REQUESTS)
        self._redacting = Turns(
            HEAVY_REQUESTS
        )  # of its own: it takes longest, and only who asks for it waits
        items = "spans, log records and data points"
        self._item_rate = RateLimit(items, rates.items_per_s, own=lambda caller: caller.items_per_s)
        self._byte_rate = RateLimit("bytes", rates.bytes_per_s, own=lambda caller: caller.bytes_per_s)
        self._admissions = {name: Admission(signal, limits, forms) for name, signal in SIGNALS.items()}
        self._json = {name: JsonBody(signal, limits.elements) for name, signal in SIGNALS.items()}
        self.limits = limits

    async def accept(
        self, signal: str, body: bytes, caller: Caller, *, encoding: str = "", is_json: bool = False
    ) -> Accepted:
        """Store what is valid of a request; when this returns, it is durable."""
        self._telemetry.received_bytes.labels(signal).inc(len(body))
        self._byte_rate.take(caller, len(body))
        admitted = await self._admit(signal, body, caller.project, encoding, is_json=is_json)
        if admitted.items:
            self._item_rate.take(caller, admitted.items)
            is_new = await self._append(signal, caller.project, caller.key_id, admitted.body, admitted.items)
            self._count(signal, admitted, is_new=is_new)
        for detector, count in admitted.redacted.items():
            self._telemetry.redacted.labels(signal, public_name(detector)).inc(count)
        for reason, count in admitted.refused.items():
            self._telemetry.refused_items.labels(signal, reason).inc(count)
        return _build_answer(admitted)

    @contextmanager
    def attend(self, signal: str, transport: str) -> Iterator[None]:
        """Count and time a request. What we did not foresee becomes an error that the sender retries."""
        started = time.perf_counter()
        try:
            yield
        except WatchkeeperError as error:
            self._telemetry.refused.labels(signal, transport, error.code).inc()
            raise
        except Exception as error:
            logger.exception("A %s request over %s failed unexpectedly.", signal, transport)
            self._telemetry.refused.labels(signal, transport, WatchkeeperError.code).inc()
            raise OverloadedError("The request failed unexpectedly; it may be sent again.") from error
        else:
            self._telemetry.requests.labels(signal, transport).inc()
        finally:
            self._telemetry.seconds.labels(signal, transport).observe(time.perf_counter() - started)

    async def redact(self, signal: str, project: str, body: bytes) -> bytes:
        """A request that was admitted before, redacted by what the project's policy is now."""
        screen = self._find_screen(project)
        if screen is None:
            return body
        async with self._redacting.turn(project):
            return (await asyncio.to_thread(self._admissions[signal].admit, body, screen)).body

    async def _admit(
        self, signal: str, body: bytes, project: str, encoding: str, *, is_json: bool
    ) -> Admitted:
        screen = self._find_screen(project)
        inline = INLINE_COMPRESSED_BYTES if encoding else INLINE_JSON_BYTES if is_json else INLINE_BYTES
        if len(body) <= (inline if screen is None else min(inline, INLINE_REDACTED_BYTES)):
            return self._admit_now(signal, body, encoding, screen, is_json=is_json)
        turns = self._heavy if screen is None else self._redacting
        async with turns.turn(project):
            return await asyncio.to_thread(self._admit_now, signal, body, encoding, screen, is_json=is_json)

    def _admit_now(
        self, signal: str, body: bytes, encoding: str, screen: Screen | None, *, is_json: bool
    ) -> Admitted:
        body = inflate(body, encoding, self.limits.request_bytes)
        if is_json and body:
            body = self._json[signal].convert(body)
        return self._admissions[signal].admit(body, screen)

    def _count(self, signal: str, admitted: Admitted, *, is_new: bool) -> None:
        if is_new:
            self._telemetry.accepted_items.labels(signal).inc(admitted.items)
            self._telemetry.rewritten.labels(signal).inc(admitted.rewritten)
        else:
            self._telemetry.duplicates.labels(signal).inc()


def _build_answer(admitted: Admitted) -> Accepted:
    reasons = (f"{count} refused: {REFUSALS[reason]}" for reason, count in admitted.refused.items())
    return Accepted(admitted.items, admitted.refused.total(), "; ".join(reasons))
