"""Histograms of our own: what OpenTelemetry's metrics SDK would send, in a quarter of its time.

They are cumulative, and for one thread: that which exports.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from time import time_ns
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from watchkeeper.encoding import ATTRIBUTE, in_resource, in_scope
from watchkeeper.encoding import encode_attributes as encode
from watchkeeper.protobuf import (
    FIXED64,
    SIZED,
    VARINT,
    encode_text,
    nested,
    pack_double,
    pack_fixed64,
    sized,
    tag,
    varint,
)

MAX_SERIES = 2000
OVERFLOW: Mapping[str, Any] = {"otel.metric.overflow": True}
"""Both are OpenTelemetry's: beyond so many combinations of dimensions, all others are counted as one."""
CUMULATIVE = 2

# Tags by the numbers of fields in opentelemetry/proto/metrics/v1/metrics.proto.
METRIC, NAME, UNIT, HISTOGRAM = tag(2, SIZED), tag(1, SIZED), tag(3, SIZED), tag(9, SIZED)
POINT, TEMPORALITY = tag(1, SIZED), tag(2, VARINT)
START, TIME, COUNT, SUM = tag(2, FIXED64), tag(3, FIXED64), tag(4, FIXED64), tag(5, FIXED64)
BUCKET_COUNTS, BOUNDS, MIN, MAX = tag(6, SIZED), tag(7, SIZED), tag(11, FIXED64), tag(12, FIXED64)


class Series:
    """What was recorded under one combination of dimensions."""

    __slots__ = ("_attributes", "_bounds", "_counts", "_max", "_min", "_start_ns", "_sum")

    def __init__(self, attributes: Mapping[str, Any], bounds: Sequence[float]) -> None:
        self._attributes = dict(attributes)
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._start_ns = time_ns()
        self._sum = 0.0
        self._min = float("inf")
        self._max = float("-inf")

    def record(self, amount: float) -> None:
        self._counts[bisect_left(self._bounds, amount)] += 1
        self._sum += amount
        self._min = min(self._min, amount)
        self._max = max(self._max, amount)

    def encode(self, now_ns: int) -> bytes:
        return b"".join(
            (
                START + pack_fixed64(self._start_ns),
                TIME + pack_fixed64(now_ns),
                COUNT + pack_fixed64(sum(self._counts)),
                SUM + pack_double(self._sum),
                BUCKET_COUNTS + sized(b"".join(map(pack_fixed64, self._counts))),
                BOUNDS + sized(b"".join(map(pack_double, self._bounds))),
                encode(self._attributes, ATTRIBUTE),
                MIN + pack_double(self._min),
                MAX + pack_double(self._max),
            )
        )


class Histogram:
    """One metric, in the form of OpenTelemetry's instrument."""

    __slots__ = ("_bounds", "_name", "_series", "_unit")

    def __init__(self, name: str, unit: str, bounds: Sequence[float]) -> None:
        self._name = name
        self._unit = unit
        self._bounds = bounds
        self._series: dict[Any, Series] = {}

    def record(self, amount: float, attributes: Mapping[str, Any]) -> None:
        """``attributes`` of one series always come in the same order."""
        key: Any = tuple(attributes.items())
        if key not in self._series:
            if len(self._series) >= MAX_SERIES:
                key, attributes = None, OVERFLOW
            self._series.setdefault(key, Series(attributes, self._bounds))
        self._series[key].record(amount)

    def encode(self, now_ns: int) -> list[bytes]:
        """A field of a scope; empty where nothing was recorded."""
        if not self._series:
            return []
        points = [
            piece for series in self._series.values() for piece in nested(POINT, [series.encode(now_ns)])
        ]
        histogram = nested(HISTOGRAM, [*points, TEMPORALITY + varint(CUMULATIVE)])
        names = [NAME + sized(encode_text(self._name)), UNIT + sized(encode_text(self._unit))]
        return nested(METRIC, [*names, *histogram])


class Histograms:
    """The metrics of one process, in the form of OpenTelemetry's meter as far as it is needed."""

    def __init__(self) -> None:
        self._histograms: list[Histogram] = []

    def create_histogram(
        self, name: str, *, unit: str, explicit_bucket_boundaries_advisory: Sequence[float]
    ) -> Histogram:
        self._histograms.append(Histogram(name, unit, explicit_bucket_boundaries_advisory))
        return self._histograms[-1]

    def encode(self, resource: Resource, scope: InstrumentationScope) -> bytes:
        """The body of an export request; empty where nothing was recorded."""
        now_ns = time_ns()
        metrics = [piece for histogram in self._histograms for piece in histogram.encode(now_ns)]
        return b"".join(in_resource(resource, in_scope(scope, metrics))) if metrics else b""
