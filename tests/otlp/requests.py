"""OTLP requests, built in one line each or drawn by hypothesis."""

import math
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from watchkeeper_collector.otlp.signals import SIGNALS
from watchkeeper_collector.otlp.wire import write_varint

seeded = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""Decorates property tests: the same examples every time, on a machine of any speed."""

TRACE_ID = bytes(range(1, 17))
SPAN_ID = bytes(range(1, 9))


def any_value(value: Any) -> AnyValue:
    """A Python value as OTLP's; ``None`` is the value that is not set."""
    match value:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
        case dict():
            return AnyValue(kvlist_value={"values": key_values(value)})
        case _:
            return AnyValue(array_value={"values": [any_value(item) for item in value]})


def key_values(attributes: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def make_span(attributes: dict[str, Any] | None = None, **fields: Any) -> Span:
    given = {"trace_id": TRACE_ID, "span_id": SPAN_ID, "name": "chat", "start_time_unix_nano": 1, **fields}
    return Span(attributes=key_values(attributes or {}), **given)


def trace_request(*spans: Span, resource: dict[str, Any] | None = None) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(key_values(resource or {"service.name": "shop"}))
    scope = group.scope_spans.add()
    scope.scope.name = "tests"
    scope.spans.extend(spans)
    return request


def log_request(
    body: Any, attributes: dict[str, Any] | None = None, **fields: Any
) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    record = LogRecord(body=any_value(body), attributes=key_values(attributes or {}), **fields)
    request.resource_logs.add().scope_logs.add().log_records.append(record)
    return request


def field_bytes(number: int, payload: bytes) -> bytes:
    """One length-delimited field on the wire."""
    return write_varint(number << 3 | 2) + write_varint(len(payload)) + payload


def span_on_the_wire(*fields: bytes) -> bytes:
    """A trace request with one span of these fields, beside the ids that it needs."""
    span = field_bytes(1, TRACE_ID) + field_bytes(2, SPAN_ID) + b"".join(fields)
    return field_bytes(1, field_bytes(2, field_bytes(2, span)))


SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_STRING: st.text(max_size=8),
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=17),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_DOUBLE: st.floats(allow_nan=False)
    | st.just(math.nan),  # one NaN is as good as another
    FieldDescriptor.TYPE_INT64: st.integers(-(1 << 63), (1 << 63) - 1),
    FieldDescriptor.TYPE_SFIXED64: st.integers(-(1 << 63), (1 << 63) - 1),
    FieldDescriptor.TYPE_INT32: st.integers(-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.TYPE_SINT32: st.integers(-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.TYPE_ENUM: st.integers(-2, 30),
    FieldDescriptor.TYPE_UINT32: st.integers(0, (1 << 32) - 1),
    FieldDescriptor.TYPE_FIXED32: st.integers(0, (1 << 32) - 1),
    FieldDescriptor.TYPE_UINT64: st.integers(0, (1 << 64) - 1),
    FieldDescriptor.TYPE_FIXED64: st.integers(0, (1 << 64) - 1),
}


@st.composite
def messages(draw: st.DrawFn, message: Descriptor, depth: int = 12) -> dict[str, Any]:
    """Any message of a type as a dictionary of its fields; what nests deeper than ``depth`` is left out."""
    fields = [field for field in message.fields if depth > 0 or not field.message_type]
    alone = [field for field in fields if not field.containing_oneof]
    groups = {field.containing_oneof.name for field in fields if field.containing_oneof}
    count = (
        st.lists(st.sampled_from(alone), min_size=min(3, len(alone)), max_size=6, unique=True)
        if alone
        else st.just([])
    )
    chosen = draw(count)
    for group in sorted(groups):
        chosen.append(
            draw(
                st.sampled_from(
                    [f for f in fields if f.containing_oneof and f.containing_oneof.name == group]
                )
            )
        )
    return {field.name: draw(values(field, depth - 1)) for field in chosen}


def values(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    one = messages(field.message_type, depth) if field.message_type else scalars(field)
    return st.lists(one, max_size=2) if field.is_repeated else one


def scalars(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.name in ("trace_id", "span_id", "parent_span_id"):
        size = 16 if field.name == "trace_id" else 8
        return st.one_of(st.binary(min_size=size, max_size=size), SCALARS[field.type])
    return SCALARS[field.type]


@st.composite
def requests(draw: st.DrawFn, signal: str) -> Message:
    """Any request of a signal, with at least one item."""
    kind = SIGNALS[signal].request
    request = kind(**draw(messages(kind.DESCRIPTOR)))
    group = getattr(request, kind.DESCRIPTOR.fields[0].name).add()
    scope_group = getattr(group, group.DESCRIPTOR.fields[1].name).add()
    items = getattr(scope_group, scope_group.DESCRIPTOR.fields[1].name)
    for item in draw(
        st.lists(messages(scope_group.DESCRIPTOR.fields[1].message_type, 8), min_size=1, max_size=3)
    ):
        items.add(**item)
    return request
