"""The ``gen_ai.client.*`` metrics of every call, whether its trace is sampled or not, and MCP's."""

from collections.abc import Iterable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from opentelemetry import metrics
from opentelemetry.metrics import Meter, MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from watchkeeper.conventions import (
    ERROR_TYPE,
    OPERATION,
    PROVIDER,
    REQUEST_MODEL,
    RESPONSE_MODEL,
    RPC_STATUS,
    TOOL_NAME,
)
from watchkeeper.histograms import Histograms
from watchkeeper.packing import Packed
from watchkeeper.reading import Attributes
from watchkeeper.tracers import SCOPE

if TYPE_CHECKING:
    from watchkeeper.call import Call

DURATION_BOUNDS_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
CHUNK_BOUNDS_S = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
TOKEN_BOUNDS = tuple(4**power for power in range(14))
REQUEST_BOUNDS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""All four are the conventions' own."""
DIMENSIONS = (OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL, "server.address", "server.port", ERROR_TYPE)
REQUEST_DIMENSIONS = (
    "mcp.method.name", "mcp.protocol.version", OPERATION, TOOL_NAME, "gen_ai.prompt.name",
    "network.transport", "network.protocol.name", "server.address", "server.port", ERROR_TYPE, RPC_STATUS,
)  # fmt: skip


class Histogram(Protocol):
    """OpenTelemetry's instrument, or ours."""

    def record(self, amount: int | float, attributes: Mapping[str, Any]) -> None: ...


class Instruments:
    """The histograms of one meter."""

    __slots__ = ("duration", "first_chunk", "per_chunk", "requests", "tokens")

    def __init__(self, meter: Meter | Histograms) -> None:
        client = "gen_ai.client"
        self.duration = _histogram(meter, f"{client}.operation.duration", "s", DURATION_BOUNDS_S)
        self.tokens = _histogram(meter, f"{client}.token.usage", "{token}", TOKEN_BOUNDS)
        self.first_chunk = _histogram(meter, f"{client}.operation.time_to_first_chunk", "s", CHUNK_BOUNDS_S)
        self.per_chunk = _histogram(meter, f"{client}.operation.time_per_output_chunk", "s", CHUNK_BOUNDS_S)
        self.requests = _histogram(meter, "mcp.client.operation.duration", "s", REQUEST_BOUNDS_S)

    def record(self, call: "Call", attributes: Attributes) -> None:
        if not call.is_of_a_model:
            self.requests.record(call.duration_s, _chosen(attributes, REQUEST_DIMENSIONS))
            return
        dimensions = _chosen(attributes, DIMENSIONS)
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
        self._scope = InstrumentationScope(SCOPE, version)
        self._interval_s = interval_s
        self.reset()

    def reset(self) -> None:
        """Begin at zero, as a forked child must: its parent reports what was counted before."""
        self._provider: object = None
        self._instruments: Instruments | None = None
        self._own: Histograms | None = None
        self._former: Histograms | None = None
        self._last_s = monotonic()

    def record(self, call: "Call", attributes: Attributes) -> None:
        provider = metrics.get_meter_provider()
        if self._instruments is None or provider is not self._provider:
            self._instruments = self._adopt(provider)
        self._instruments.record(call, attributes)

    def due(self, *, now: bool = False) -> Packed | None:
        """Our own metrics as a request, when it is time or ``now``."""
        if self._former is not None:
            former, self._former = self._former, None
            return self._packed(former)
        if self._own is None or not (now or monotonic() - self._last_s >= self._interval_s):
            return None
        self._last_s = monotonic()
        return self._packed(self._own)

    def _packed(self, histograms: Histograms) -> Packed:
        return Packed("/v1/metrics", histograms.encode(self._resource, self._scope), 0)

    def _adopt(self, provider: MeterProvider) -> Instruments:
        """What was counted until the application had a provider is still sent, once."""
        self._provider = provider
        is_placeholder = type(provider).__module__.startswith("opentelemetry.metrics")
        self._former, self._own = self._own, Histograms() if is_placeholder else None
        return Instruments(self._own or provider.get_meter(SCOPE, self._scope.version))


def _histogram(meter: Meter | Histograms, name: str, unit: str, bounds: tuple[float, ...]) -> Histogram:
    return meter.create_histogram(name, unit=unit, explicit_bucket_boundaries_advisory=list(bounds))


def _chosen(attributes: Attributes, names: Iterable[str]) -> Attributes:
    return {name: attributes[name] for name in names if name in attributes}
