"""The ``gen_ai.client.*`` metrics of every call, whether its trace is sampled or not."""

from time import monotonic
from typing import TYPE_CHECKING

from opentelemetry import metrics
from opentelemetry.metrics import Histogram, Meter, MeterProvider
from opentelemetry.sdk.resources import Resource

from watchkeeper.conventions import ERROR_TYPE, OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL
from watchkeeper.packing import Packed
from watchkeeper.reading import Attributes
from watchkeeper.tracers import SCOPE

if TYPE_CHECKING:
    from watchkeeper.call import Call

DURATION_BOUNDS_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
CHUNK_BOUNDS_S = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
TOKEN_BOUNDS = tuple(4**power for power in range(14))
"""All three are the conventions' own."""
DIMENSIONS = (OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL, "server.address", "server.port", ERROR_TYPE)


class Instruments:
    """The histograms of one meter."""

    __slots__ = ("duration", "first_chunk", "per_chunk", "tokens")

    def __init__(self, meter: Meter) -> None:
        self.duration = _histogram(meter, "operation.duration", "s", DURATION_BOUNDS_S)
        self.tokens = _histogram(meter, "token.usage", "{token}", TOKEN_BOUNDS)
        self.first_chunk = _histogram(meter, "operation.time_to_first_chunk", "s", CHUNK_BOUNDS_S)
        self.per_chunk = _histogram(meter, "operation.time_per_output_chunk", "s", CHUNK_BOUNDS_S)

    def record(self, call: "Call", attributes: Attributes) -> None:
        dimensions: Attributes = {name: attributes[name] for name in DIMENSIONS if name in attributes}
        self.duration.record(call.duration_s, dimensions)
        usage = call.read()[1].usage
        for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            if tokens is not None:
                self.tokens.record(tokens, {**dimensions, "gen_ai.token.type": kind})
        stream = call.record
        if stream is not None and stream.chunks:
            self.first_chunk.record(max(0, stream.first_ns - call.start_ns) / 1e9, dimensions)
            if stream.chunks > 1:
                per_chunk_s = (stream.last_ns - stream.first_ns) / 1e9 / (stream.chunks - 1)
                self.per_chunk.record(per_chunk_s, dimensions)


class Measuring:
    """Metrics go to the application's meter provider once there is one, until then to the collector."""

    def __init__(self, resource: Resource, version: str, *, interval_s: float) -> None:
        self._resource = resource
        self._version = version
        self._interval_s = interval_s
        self.reset()

    def reset(self) -> None:
        """Begin at zero, as a forked child must: its parent reports what was counted before."""
        self._provider: object = None
        self._instruments: Instruments | None = None
        self._own: OwnMetrics | None = None
        self._last_s = monotonic()

    def record(self, call: "Call", attributes: Attributes) -> None:
        provider = metrics.get_meter_provider()
        if self._instruments is None or provider is not self._provider:
            self._instruments = self._adopt(provider)
        self._instruments.record(call, attributes)

    def due(self, *, now: bool = False) -> Packed | None:
        """Our own metrics as a request, when it is time or ``now``."""
        if self._own is None or not (now or monotonic() - self._last_s >= self._interval_s):
            return None
        self._last_s = monotonic()
        return self._own.packed()

    def _adopt(self, provider: MeterProvider) -> Instruments:
        self._provider = provider
        is_placeholder = type(provider).__module__.startswith("opentelemetry.metrics")
        self._own = OwnMetrics(self._resource) if is_placeholder else None
        chosen = self._own.provider if self._own else provider
        return Instruments(chosen.get_meter(SCOPE, self._version))


class OwnMetrics:
    """A meter provider that is read when we want, without a thread.

    What it needs is imported here, on the exporting thread: most of it nobody else in the process uses.
    """

    def __init__(self, resource: Resource) -> None:
        from opentelemetry.exporter.otlp.proto.common.metrics_encoder import (  # noqa: PLC0415
            encode_metrics,
        )
        from opentelemetry.sdk import metrics as sdk  # noqa: PLC0415
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415

        self._encode = encode_metrics
        self._reader = InMemoryMetricReader()
        self.provider = sdk.MeterProvider(
            [self._reader],
            resource=resource,
            shutdown_on_exit=False,
            exemplar_filter=sdk.AlwaysOffExemplarFilter(),
        )

    def packed(self) -> Packed | None:
        data = self._reader.get_metrics_data()
        return Packed("/v1/metrics", self._encode(data).SerializeToString(), 0) if data else None


def _histogram(meter: Meter, name: str, unit: str, bounds: tuple[float, ...]) -> Histogram:
    return meter.create_histogram(
        f"gen_ai.client.{name}", unit=unit, explicit_bucket_boundaries_advisory=list(bounds)
    )
