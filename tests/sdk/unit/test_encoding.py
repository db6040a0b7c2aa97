"""Our encoder says what OpenTelemetry's own says."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans as encode_reference
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as EncodedResource
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState
from watchkeeper.encoding import ITEM, TraceRequest, encode_attributes, encode_span

VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=3),
)


class Kept(SpanProcessor):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


def recorded(attributes: dict[str, Any]) -> list[ReadableSpan]:
    kept = Kept()
    provider = TracerProvider(resource=Resource.create({"service.name": "x"}), shutdown_on_exit=False)
    provider.add_span_processor(kept)
    link = Link(SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(1), trace_state=TraceState()))
    with provider.get_tracer("one", "1").start_as_current_span("outer", kind=SpanKind.SERVER, links=[link]):
        inner = provider.get_tracer("two").start_span("inner", kind=SpanKind.CLIENT, attributes=attributes)
        inner.add_event("happened", attributes)
        inner.set_status(Status(StatusCode.ERROR, "why"))
        inner.end()
    return kept.spans


@given(st.dictionaries(st.text("abc.", min_size=1), VALUES, max_size=5))
def test_spans_are_encoded_as_opentelemetry_does(attributes: dict[str, Any]) -> None:
    spans = recorded(attributes)
    body, expected = encoded(spans), encode_reference(spans)
    assert ExportTraceServiceRequest.FromString(body) == expected


def encoded(spans: list[ReadableSpan]) -> bytes:
    request = TraceRequest(1 << 20)
    for span in spans:
        assert request.add((span.resource, span.instrumentation_scope), encode_span(span))
    return request.encode()


def test_half_a_surrogate_pair_and_huge_numbers_do_no_harm() -> None:
    body = encode_attributes({"text": "a\ud83d", "number": 2**70}, ITEM)
    text, number = EncodedResource.FromString(body).attributes
    assert (text.value.string_value, number.value.string_value) == ("a?", str(2**70))
